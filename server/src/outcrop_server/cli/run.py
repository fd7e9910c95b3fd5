"""`outcrop run`, listed with the other subcommands.

The command `outcrop` does it itself, before the server's libraries are loaded; this is for other ways here.
"""

from __future__ import annotations

import sys

import click

from outcrop.launch.run import run as run_program


class _AsGiven(click.Command):
    """Leaves every word to the program, `--` and `--help` too."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.args = list(args)
        return []


@click.command(cls=_AsGiven)
@click.pass_context
def run(context: click.Context) -> None:
    """Run a program and trace it, without a change to it (`outcrop run --help` tells its options)."""
    sys.exit(run_program(context.args))
