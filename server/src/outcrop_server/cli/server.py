"""`outcrop server`: takes traces in, keeps them, and serves the page."""

from __future__ import annotations

import logging
import os
from functools import partial
from typing import Any

import click

from outcrop_server import serve
from outcrop_server.configuration.document import print_config
from outcrop_server.configuration.kinds import Switch
from outcrop_server.configuration.sources import misspelt_variables
from outcrop_server.logs.setting_up import set_up_logs
from outcrop_server.model.errors import StoreError
from outcrop_server.settings import OPTIONS, Settings, SettingsError, read_settings


def _parameters() -> list[click.Parameter]:
    """A flag for every option. What a value means is read where variables and files are read, too."""
    flags: list[click.Parameter] = []
    for option in OPTIONS:
        unit = f" ({option.unit})" if option.unit else ""
        words = f"{option.help}{unit}  [{option.variable}; default: {option.shown_default}]".replace("`", "")
        is_switch = isinstance(option.kind, Switch)
        flags.append(
            click.Option(
                [option.flag + f"/--no-{option.flag[2:]}" if is_switch else option.flag, option.name],
                type=bool if is_switch else str,
                default=None,
                multiple=list in option.kind.file_types,
                metavar=option.kind.metavar or None,
                help=words,
            )
        )
    return [*flags, _print_config()]


def _print_config() -> click.Option:
    words = "Show every option's value and where it comes from, and end."
    return click.Option(["--print-config", "should_print"], is_flag=True, help=words)


def _server(*, should_print: bool, **flags: Any) -> None:
    """Take traces in, keep them, and serve the page.

    Options may also stand in variables and in a TOML file: docs/configuration.md.
    """
    try:
        settings, found = read_settings(os.environ, flags)
        if should_print:
            click.echo(print_config(found), nl=False)
            return
        set_up_logs(settings)
        for words in misspelt_variables(OPTIONS, os.environ):
            logging.getLogger("outcrop_server").warning("%s", words)
        serve.run(settings, partial(_announce, settings))
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    except StoreError as error:
        raise click.ClickException(str(error)) from error


def _announce(settings: Settings, addresses: serve.Addresses) -> None:
    click.echo(f"Outcrop is listening on {addresses.url} (store: {settings.store})")
    if addresses.grpc_url is not None:
        click.echo(f"OTLP over gRPC is taken at {addresses.grpc_url}")


server = click.Command("server", params=_parameters(), callback=_server, help=_server.__doc__)
