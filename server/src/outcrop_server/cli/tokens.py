"""`outcrop tokens`: makes, lists and revokes the tokens of a store, whether a server runs on it or not."""

from __future__ import annotations

import getpass
import json
import re
import time
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from outcrop_server.access.making import make_token, revoke_token
from outcrop_server.model.access import ROLES
from outcrop_server.model.errors import RequestError, StoreError
from outcrop_server.settings import SettingsError, default_store, from_environment
from outcrop_server.store_opening import open_store

if TYPE_CHECKING:
    from collections.abc import Generator

    from outcrop_server.model.access import AccessToken, Role
    from outcrop_server.storage.api import TraceStore

_SECONDS = {"m": 60, "h": 3600, "d": 24 * 3600, "w": 7 * 24 * 3600, "y": 365 * 24 * 3600}
_DURATION = re.compile(r"([1-9][0-9]{0,5})([mhdwy])")
_MOST_S = 100 * _SECONDS["y"]
_STORE = click.option(
    "--store",
    help="The store that the tokens open: its file, postgresql://… or clickhouse://…  "
    f"[default: {default_store()}]",
)


@click.group()
def tokens() -> None:
    """Make, list and revoke the tokens by which a server knows who asks."""


@tokens.command()
@click.option("--name", required=True, help="Who or what it is for.")
@click.option(
    "--role",
    type=click.Choice(ROLES),
    required=True,
    help="write: programs that send traces; read: look, and judge; admin: all, deleting and tokens included.",
)
@click.option(
    "--experiment",
    "experiments",
    multiple=True,
    help="An experiment that it opens (repeatable).  [default: every one]",
)
@click.option("--expires", help="When it ends, such as 12h, 90d or 1y.  [default: never]")
@click.option(
    "--requests-per-minute", type=click.IntRange(min=1), help="Its own limit.  [default: the server's]"
)
@_STORE
def create(  # noqa: PLR0917 - one an option; click gives them by name
    name: str,
    role: Role,
    experiments: tuple[str, ...],
    expires: str | None,
    requests_per_minute: int | None,
    store: str | None,
) -> None:
    """Make a token and print it, this once.

    Standard output holds the token alone, for: OUTCROP_TOKEN=$(outcrop tokens create …).
    """
    given = name.strip()
    if not given or any(not each.strip() for each in experiments):
        raise click.UsageError("Give --name and --experiment a value that is not empty.")
    seconds = None if expires is None else _seconds(expires)
    with _opened(store, must_exist=False) as opened:
        text, token = make_token(
            opened,
            given,
            role,
            experiments=experiments,
            expires_in_s=seconds,
            requests_per_minute=requests_per_minute,
            by=_who(),
        )
    click.echo(
        f"The token '{token.name}' (id {token.token_id}, role {token.role}) follows. It is shown this once: "
        "programs take it from OUTCROP_TOKEN, people sign in with it.",
        err=True,
    )
    click.echo(text)


@tokens.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of a table.")
@_STORE
def list_tokens(*, as_json: bool, store: str | None) -> None:
    """List every token that was ever made; the tokens themselves are nowhere kept."""
    with _opened(store) as opened:
        known = opened.access_tokens()
    if as_json:
        click.echo(json.dumps([_json(token) for token in known], indent=2, ensure_ascii=False))
        return
    if not known:
        click.echo("There is no token yet. Make one: outcrop tokens create --name me --role admin")
        return
    Console(highlight=False).print(_table(known))


@tokens.command()
@click.argument("name_or_id")
@_STORE
def revoke(name_or_id: str, store: str | None) -> None:
    """Revoke a token for good, by its name or id; a running server refuses it within a second."""
    with _opened(store) as opened:
        token = revoke_token(opened, name_or_id, _who())
    click.echo(f"The token '{token.name}' (id {token.token_id}) is revoked.")


@contextmanager
def _opened(store: str | None, *, must_exist: bool = True) -> Generator[TraceStore, None, None]:
    try:
        settings = from_environment(store=store)
        if must_exist and isinstance(settings.store, Path) and not settings.store.exists():
            raise click.ClickException(f"There is no store {settings.store}. Give --store (OUTCROP_STORE).")
        opened = open_store(settings)
        try:
            yield opened
        finally:
            opened.close()
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    except (StoreError, RequestError) as error:
        raise click.ClickException(str(error)) from error


def _seconds(text: str) -> int:
    found = _DURATION.fullmatch(text.strip())
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if not 0 < seconds <= _MOST_S:
        raise click.UsageError(
            f"--expires is '{text}': give a number and m, h, d, w or y, such as 12h, 90d or 1y; at most 100y."
        )
    return seconds


def _who() -> str:
    """The account at this machine, for the list and the audit lines."""
    try:
        return f"{getpass.getuser()} (command line)"
    except (OSError, KeyError):  # no such account, as in some containers
        return "command line"


def _state(token: AccessToken) -> str:
    if token.revoked_at_ns is not None:
        return "revoked"
    return "valid" if token.opens_at(time.time_ns()) else "expired"


def _table(known: list[AccessToken]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("Id", "Name", "Role", "Experiments", "State", "Created", "Last used", "Expires"):
        table.add_column(column, overflow="fold")
    for token in known:
        state = _state(token)
        table.add_row(
            token.token_id,
            Text(token.name),
            token.role,
            Text("all" if token.experiments is None else ", ".join(token.experiments)),
            Text(state, style="" if state == "valid" else "dim"),
            _moment(token.created_at_ns),
            _moment(token.last_used_at_ns) or "never",
            _moment(token.expires_at_ns) or "never",
        )
    return table


def _json(token: AccessToken) -> dict[str, object]:
    shown = {name: value for name, value in asdict(token).items() if name != "digest"}
    times = {
        name.removesuffix("_ns"): _moment(shown.pop(name)) for name in list(shown) if name.endswith("_ns")
    }
    return {**shown, **times, "state": _state(token)}


def _moment(nanoseconds: int | None) -> str | None:
    if nanoseconds is None:
        return None
    return datetime.fromtimestamp(nanoseconds // 10**9, timezone.utc).strftime("%Y-%m-%d %H:%M:%SZ")
