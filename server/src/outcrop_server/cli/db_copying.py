"""`outcrop db copy`: one store's whole content into another, of whichever engine."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

import click

from outcrop.views import glance_span
from outcrop_server.cli.db_options import AS_JSON, CONFIG, progress, settings_of, told
from outcrop_server.ingest.copying import Copier
from outcrop_server.model.errors import StoreError
from outcrop_server.otlp.fast_json import parse_fast
from outcrop_server.store_opening import check_exists, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from outcrop_server.ingest.copying import CopyReport


@click.command()
@click.option(
    "--from",
    "source",
    required=True,
    help="The store that is read: its file, postgresql://… or clickhouse://…",
)
@click.option("--to", "target", required=True, help="The store that gets what it lacks; made if missing.")
@AS_JSON
@CONFIG
def copy(*, source: str, target: str, as_json: bool, config: Path | None) -> None:
    """Copy everything from one store to another: traces, judgements, tokens, views, files.

    What is there already stays as it is: broken off, the command goes on where it was, and run once more it
    brings what came meanwhile. Ends with 1 if something could not be brought or is not the same there.
    """
    with told():
        here, there = settings_of(source, config), settings_of(target, config)
        if here.store == there.store:
            raise StoreError(f"--from and --to are the same store, {here.store}.")
        check_exists(here)
        with closing(open_store(here)) as old, closing(open_store(there)) as new, progress("Copying") as bar:
            report = Copier(old, new, partial(glance_span, parse=parse_fast), bar).run()
    if as_json:
        facts = {"from": str(here.store), "to": str(there.store), **asdict(report)}
        click.echo(json.dumps(facts, ensure_ascii=False))
    else:
        _show(str(there.store), report)
    if report.fault_count:
        raise click.exceptions.Exit(1)


def _show(target: str, report: CopyReport) -> None:
    click.echo(
        f"{target}: {report.traces:,} traces with {report.spans:,} new spans brought, "
        f"{report.known_traces:,} were there; {report.assessments:,} judgements, "
        f"{report.documents:,} files and runs, {report.tokens:,} tokens."
    )
    if report.unfinished:
        click.echo(
            f"{report.unfinished:,} traces got more spans while they were copied: run this once more.",
            err=True,
        )
    for fault in report.faults:
        click.echo(fault, err=True)
    if report.fault_count > len(report.faults):
        click.echo(f"And {report.fault_count - len(report.faults):,} more.", err=True)
