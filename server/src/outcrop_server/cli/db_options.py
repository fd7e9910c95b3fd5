"""What the commands of `outcrop db` share: their options, their errors, how they show bytes and progress."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, TextColumn

from outcrop_server.model.errors import RequestError, StoreError
from outcrop_server.settings import Settings, SettingsError, default_store, from_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

STORE = click.option(
    "--store",
    help="Where the store is: its file, postgresql://… or clickhouse://…  "
    f"[OUTCROP_STORE; default: {default_store()}]",
)
CONFIG = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The server's TOML file, which names the store.  [default: ~/.config/outcrop/server.toml, if there]",
)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object instead of words.")


@contextmanager
def told() -> Generator[None, None, None]:
    """Ends the command with a sentence where something cannot be done."""
    try:
        yield
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    except (StoreError, RequestError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'The store'}: {error.strerror}.") from error


def settings_of(store: str | None, config: Path | None, **flags: Any) -> Settings:
    """The server's settings, by which the commands find the store that it has."""
    return from_environment(store=store, config=config, **flags)


@contextmanager
def progress(words: str) -> Generator[Callable[[int, int], None], None, None]:
    """A bar on a terminal, told how much is done and how much there is; nothing elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(words, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def said(words: str) -> None:
    """A line for who looks on, not for who reads the output."""
    if sys.stderr.isatty():
        click.echo(words, err=True)


def size(count: int) -> str:
    """Bytes as people read them."""
    return decimal(count)


def moment(nanoseconds: int | None) -> str | None:
    """A time since the epoch in UTC, to the second."""
    if nanoseconds is None:
        return None
    # What a sender's clock says may be beyond what a date can be: then the number itself.
    try:
        at = datetime.fromtimestamp(nanoseconds // 10**9, timezone.utc)
    except (OverflowError, ValueError):
        return str(nanoseconds)
    return at.strftime("%Y-%m-%d %H:%M:%SZ")
