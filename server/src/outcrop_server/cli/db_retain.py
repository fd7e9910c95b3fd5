"""`outcrop db retain`: what the limits of the settings remove, shown or done at once."""

from __future__ import annotations

import json
import threading
from collections import Counter
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from outcrop_server.cli.db_options import AS_JSON, CONFIG, STORE, settings_of, size, told
from outcrop_server.logs.setting_up import set_up_logs
from outcrop_server.settings import SettingsError
from outcrop_server.storage.sqlite.upkeep.opening import must_exist, reading_newest
from outcrop_server.store_opening import audit_removed, open_store
from outcrop_server.upkeep.retention import Removed, Retention, policy_of

_Counts = Counter[tuple[str, str]]


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@click.option("--now", "is_now", is_flag=True, help="Remove it, and give its room back.")
@click.option("--retain-age", help="Traces that began longer ago go.")
@click.option("--retain-traces", help="The oldest go beyond this number.")
@click.option("--retain-bytes", help="The oldest go while the file is larger.")
@click.option(
    "--retain-experiment",
    "retain_experiments",
    multiple=True,
    help="For one experiment: 'NAME: age=30d traces=1000 bytes=1GB' or 'NAME: keep' (repeatable).",
)
@AS_JSON
@STORE
@CONFIG
def retain(
    *,
    dry_run: bool,
    is_now: bool,
    as_json: bool,
    store: str | None,
    config: Path | None,
    **limits: str | tuple[str, ...] | None,
) -> None:
    """Remove the traces that the limits say are too old or too many, as a server does by itself.

    The limits are the server's (variables and file); a flag goes before them.
    """
    if dry_run == is_now:
        raise click.UsageError("Give --dry-run to see what would be removed, or --now to remove it.")
    with told():
        settings = settings_of(store, config, **limits)
        policy = policy_of(settings)
        if policy.is_empty:
            raise SettingsError(
                "There is no limit. Give --retain-age, --retain-traces, --retain-bytes or "
                "--retain-experiment."
            )
        if isinstance(settings.store, Path):
            must_exist(settings.store)
            if dry_run:
                # Opened below, an older store would become a newer one.
                with reading_newest(settings.store):
                    pass
        set_up_logs(settings)
        opened = open_store(settings)
        removed = Removed()
        expired_bytes: int | None = None
        try:
            retention = Retention(opened, policy)
            if dry_run:
                expired = list(retention.expired())
                removed.traces.update((each.trace.experiment, each.limit) for each in expired)
                expired_bytes = sum(each.trace.kept_bytes for each in expired)
            else:
                retention.run(threading.Event(), removed)
        finally:
            opened.close()
            if not dry_run:
                audit_removed(removed)
    _show(str(settings.store), removed, expired_bytes, as_json=as_json)


def _show(store: str, removed: Removed, expired_bytes: int | None, *, as_json: bool) -> None:
    is_done = expired_bytes is None
    room = removed.given_back_bytes if expired_bytes is None else expired_bytes
    if as_json:
        rows = [
            {"experiment": name, "limit": limit, "traces": count}
            for (name, limit), count in sorted(removed.traces.items())
        ]
        facts = {"store": store, "is_done": is_done, "bytes": room, "removed": rows}
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    total = removed.traces.total()
    if total:
        Console(highlight=False).print(_table(removed.traces))
    if is_done:
        click.echo(f"Removed {total:,} traces; {size(room)} given back to the system.")
    else:
        click.echo(f"Would remove {total:,} traces of about {size(room)}.")


def _table(counts: _Counts) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("Experiment", overflow="fold")
    table.add_column("By the limit on")
    table.add_column("Traces", justify="right")
    for (name, limit), count in sorted(counts.items()):
        table.add_row(Text(name), limit, f"{count:,}")
    return table
