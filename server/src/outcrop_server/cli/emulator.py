"""`outcrop emulator`: the SDK's stand-in for the Bedrock runtime, as a command."""

from __future__ import annotations

import sys

import click


@click.command(context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def emulator(arguments: tuple[str, ...]) -> None:
    """Run a stand-in for Amazon Bedrock on this machine (`outcrop emulator --help` tells its options)."""
    from outcrop.testing.command import main  # noqa: PLC0415 - servers need none of it

    sys.exit(main(arguments))
