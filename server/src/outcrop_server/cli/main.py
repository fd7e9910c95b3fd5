"""The command `outcrop`: gathers the subcommands, one module each."""

from __future__ import annotations

import click

from outcrop._version import __version__
from outcrop_server.cli.db import db
from outcrop_server.cli.demo import demo
from outcrop_server.cli.emulator import emulator
from outcrop_server.cli.run import run
from outcrop_server.cli.server import server
from outcrop_server.cli.tokens import tokens
from outcrop_server.cli.traces import traces


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="outcrop")
def main() -> None:
    """See what your Python programs ask of Amazon Bedrock, and what comes back."""


main.add_command(db)
main.add_command(demo)
main.add_command(run)
main.add_command(server)
main.add_command(tokens)
main.add_command(emulator)
main.add_command(traces)

if __name__ == "__main__":
    main()
