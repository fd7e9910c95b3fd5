"""`outcrop traces`, listed with the other subcommands; the command `outcrop` of the SDK does it itself."""

from __future__ import annotations

import sys

import click


@click.command(context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def traces(arguments: tuple[str, ...]) -> None:
    """List, search, show, follow, export and import traces (`outcrop traces --help` tells its options)."""
    from outcrop.terminal.command import main  # noqa: PLC0415 - servers need none of it

    sys.exit(main(arguments))
