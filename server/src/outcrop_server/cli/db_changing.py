"""`outcrop db backup`, `compact` and `migrate`: they make a file, or change the store's."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from outcrop_server.cli.db_options import AS_JSON, CONFIG, STORE, progress, said, settings_of, size, told
from outcrop_server.configuration.store_place import StoreUrl
from outcrop_server.storage.sqlite.upkeep.backup import back_up
from outcrop_server.storage.sqlite.upkeep.compacting import compact as compact_store
from outcrop_server.storage.sqlite.upkeep.compacting import compact_fully, sizes
from outcrop_server.storage.sqlite.upkeep.migrating import migrate_store, plan_of
from outcrop_server.store_opening import check_exists, open_store

if TYPE_CHECKING:
    from outcrop_server.settings import Settings

_BYTES_A_STEP = 1 << 30


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@AS_JSON
@STORE
@CONFIG
def backup(target: Path, *, as_json: bool, store: str | None, config: Path | None) -> None:
    """Copy the store as it is at this moment into the file TARGET, while a server goes on writing.

    The copy is checked before it gets its name. A file that is there is never overwritten.
    """
    with told():
        path = settings_of(store, config).store_file
        with progress("Copying") as bar:
            counts, taken = back_up(path, target, bar)
    if as_json:
        click.echo(json.dumps({"store": str(path), "backup": str(target), "bytes": taken, "rows": counts}))
        return
    click.echo(
        f"{target} holds {counts['trace']:,} traces with {counts['span']:,} spans in {size(taken)}. It was "
        "checked. The index of words is not in it: a server makes it anew."
    )


@click.command()
@click.option(
    "--full",
    is_flag=True,
    help="A file is written anew, without gaps, and no server may have it open. Of a database all goes that "
    "was deleted, however little it is.",
)
@AS_JSON
@STORE
@CONFIG
def compact(*, full: bool, as_json: bool, store: str | None, config: Path | None) -> None:
    """Give the room of what was deleted back to the system.

    In small steps, while a server goes on. With --full all at once, which for a file needs as much room again
    meanwhile.
    """
    with told():
        given = settings_of(store, config)
        if isinstance(given.store, StoreUrl):
            freed = _given_back(given, is_thorough=full)
            facts = {"store": str(given.store), "freed_bytes": freed}
            click.echo(json.dumps(facts) if as_json else f"{given.store}: about {size(freed)} freed.")
            return
        path = given.store_file
        before = sizes(path)
        if full:
            compact_fully(path, lambda stage: said(f"{stage} ..."))
        else:
            with progress("Giving back") as bar:
                compact_store(path, bar)
        after = sizes(path)
    if as_json:
        click.echo(json.dumps({"store": str(path), "before": asdict(before), "after": asdict(after)}))
        return
    freed = before.file_bytes + before.log_bytes - after.file_bytes - after.log_bytes
    click.echo(
        f"{path}: {size(before.file_bytes)} and {size(before.log_bytes)} of log before, "
        f"{size(after.file_bytes)} and {size(after.log_bytes)} after; {size(max(freed, 0))} freed."
    )


def _given_back(settings: Settings, *, is_thorough: bool) -> int:
    """Gives back what a database can; how many bytes that was, about."""
    check_exists(settings)
    freed = 0
    with closing(open_store(settings)) as opened:
        while step := opened.give_back(_BYTES_A_STEP, is_thorough=is_thorough):
            freed += step
    return freed


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option(
    "--in-place",
    is_flag=True,
    help="Without a copy: takes less room. It is one transaction, so a crash leaves the old version.",
)
@AS_JSON
@STORE
@CONFIG
def migrate(*, dry_run: bool, in_place: bool, as_json: bool, store: str | None, config: Path | None) -> None:
    """Bring the store of an older Outcrop to this one's version. A server does so at its start, too.

    What rewrites rows is done on a copy, which is checked and then put in the store's place.
    """
    with told():
        path = settings_of(store, config).store_file
        plan = plan_of(path)
        if not dry_run:
            migrate_store(path, in_place=in_place, on_stage=lambda stage: said(f"{stage} ..."))
    on_copy = plan.on_copy and not in_place
    free = shutil.disk_usage(path.parent).free
    if as_json:
        facts = {**asdict(plan), "on_copy": on_copy, "free_bytes": free, "is_done": not dry_run}
        click.echo(json.dumps({"store": str(path), **facts}))
        return
    if plan.version == plan.newest:
        click.echo(f"{path} has version {plan.version}, the newest. There is nothing to do.")
    elif dry_run:
        how = (
            f"on a copy, which takes up to {size(plan.room_bytes)} beside it ({size(free)} are free)"
            if on_copy
            else "in place"
        )
        click.echo(f"{path} has version {plan.version} and would become {plan.newest}, {how}.")
    else:
        click.echo(f"{path} had version {plan.version} and has {plan.newest} now.")
