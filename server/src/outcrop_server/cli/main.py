"""The command `outcrop`: names the subcommands, one module each, which are imported when they run."""

from __future__ import annotations

import click

from outcrop._version import __version__
from outcrop_server.cli.lazy import Later, LazyGroup

_HERE = "outcrop_server.cli"
_COMMANDS = {
    "db": Later(f"{_HERE}.db", "db", "Check, back up, shrink and migrate a store, and remove old traces."),
    "demo": Later(f"{_HERE}.demo", "demo", "Run the example programs against a Bedrock emulator."),
    "emulator": Later(f"{_HERE}.emulator", "emulator", "Run a stand-in for Amazon Bedrock on this machine."),
    "import": Later(f"{_HERE}.importing", "import_traces", "Copy traces from an MLflow server or database."),
    "run": Later(f"{_HERE}.run", "run", "Run a program and trace it, without a change to it."),
    "server": Later(f"{_HERE}.server", "server", "Take traces in, keep them, and serve the page."),
    "tokens": Later(f"{_HERE}.tokens", "tokens", "Make, list and revoke tokens for programs and people."),
    "traces": Later(f"{_HERE}.traces", "traces", "List, search, show, follow, export and import traces."),
}


@click.group(cls=LazyGroup, later=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="outcrop")
def main() -> None:
    """See what your Python programs ask of Amazon Bedrock, and what comes back."""


if __name__ == "__main__":
    main()
