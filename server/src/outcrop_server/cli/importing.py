"""`outcrop import`, listed with the other subcommands; the command `outcrop` of the SDK does it itself."""

from __future__ import annotations

import sys

import click


@click.command("import", context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def import_traces(arguments: tuple[str, ...]) -> None:
    """Copy traces from an MLflow server or database (`outcrop import mlflow --help` tells its options)."""
    from outcrop.mlflow_import.command import main  # noqa: PLC0415 - servers need none of it

    sys.exit(main(arguments))
