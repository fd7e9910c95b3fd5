"""`outcrop db check` and `outcrop db stats`: they read alone, beside a running server or without one."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from outcrop_server.cli.db_options import AS_JSON, CONFIG, STORE, moment, said, settings_of, size, told
from outcrop_server.storage.sqlite.upkeep.checks import run_checks
from outcrop_server.storage.sqlite.upkeep.opening import reading_newest
from outcrop_server.storage.sqlite.upkeep.stats import read_stats

if TYPE_CHECKING:
    from outcrop_server.storage.sqlite.upkeep.checks import CheckResult
    from outcrop_server.storage.sqlite.upkeep.stats import BlobStats, StoreStats
    from outcrop_server.storage.sqlite.upkeep.words import WordsStats


@click.command()
@click.option(
    "--max-faults",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Faults shown of each check.",
)
@AS_JSON
@STORE
@CONFIG
def check(*, max_faults: int, as_json: bool, store: str | None, config: Path | None) -> None:
    """Look whether everything in the store fits together. Ends with 1 if not.

    Pages and indices, frames and spans, summaries, counts, terms and rollups, and the index of words. It
    changes nothing, and a server may go on writing.
    """
    with told():
        path = settings_of(store, config).store_file
        with reading_newest(path) as connection:
            results = run_checks(
                connection, max_faults=max_faults, on_check=lambda each: said(f"Looking at {each.words} ...")
            )
    is_sound = not any(result.faults for result in results)
    if as_json:
        checks = [
            {"name": each.check.name, "faults": each.faults, "has_more": each.has_more} for each in results
        ]
        click.echo(
            json.dumps({"store": str(path), "is_sound": is_sound, "checks": checks}, ensure_ascii=False)
        )
    else:
        _show_check(path, results)
    if not is_sound:
        raise click.exceptions.Exit(1)


def _show_check(path: Path, results: list[CheckResult]) -> None:
    for result in results:
        state = "wrong" if result.faults else "right"
        click.echo(f"{state}  {result.check.name}: {result.check.words}")
        for fault in result.faults:
            click.echo(f"         {fault}")
        if result.has_more:
            click.echo("         and more (--max-faults)")
    wrong = [result.check.name for result in results if result.faults]
    if wrong:
        click.echo(f"{path} is not sound: {', '.join(wrong)}. docs/store.md says what to do.")
    else:
        click.echo(f"{path} is sound.")


@click.command()
@AS_JSON
@STORE
@CONFIG
def stats(*, as_json: bool, store: str | None, config: Path | None) -> None:
    """Show what the store holds, by experiment, and what it takes."""
    with told():
        path = settings_of(store, config).store_file
        found = read_stats(path)
    if as_json:
        click.echo(json.dumps(_stats_json(path, found), ensure_ascii=False))
        return
    console = Console(highlight=False)
    console.print(_experiments_table(found))
    ratio = found.compression_ratio
    free = found.free_pages * found.page_bytes
    console.print(
        f"\nFile      {size(found.file_bytes)} in {found.pages:,} pages of {size(found.page_bytes)}; "
        f"{found.free_pages:,} free ({size(free)})\n"
        f"Log       {size(found.log_bytes)}\n"
        f"Payloads  {'none' if ratio is None else f'{ratio:.1f} times smaller than they came'}\n"
        f"Binaries  {_binaries(found.blobs)}\n"
        f"Words     {_words(found.words)}\n"
        f"Version   {found.version} of {found.newest_version}"
    )


def _binaries(blobs: BlobStats) -> str:
    if not blobs.count:
        return "none that is large"
    return (
        f"{blobs.count:,} large in {size(blobs.bytes)}, {blobs.uses:,} times in payloads; "
        f"{size(blobs.saved_bytes)} saved"
    )


def _words(words: WordsStats) -> str:
    if not words.bytes:
        return "no index yet: a server makes it"
    return f"an index of {size(words.bytes)}; {words.waiting:,} traces wait for it"


def _experiments_table(found: StoreStats) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("Experiment", overflow="fold")
    for name in ("Traces", "Failed", "Spans", "Payloads", "Kept in"):
        table.add_column(name, justify="right")
    table.add_column("Oldest")
    table.add_column("Newest")
    for each in found.experiments:
        table.add_row(
            Text(each.name),
            f"{each.traces:,}",
            f"{each.errors:,}",
            f"{each.spans:,}",
            size(each.payload_bytes),
            size(each.frame_bytes),
            moment(each.oldest_ns) or "",
            moment(each.newest_ns) or "",
        )
    return table


def _stats_json(path: Path, found: StoreStats) -> dict[str, Any]:
    shown = asdict(found)
    shown["experiments"] = [
        {**asdict(each), "oldest": moment(each.oldest_ns), "newest": moment(each.newest_ns)}
        for each in found.experiments
    ]
    return {"store": str(path), **shown, "compression_ratio": found.compression_ratio}
