"""The command `outcrop`, as the light installation has it: `run`, `traces`, and the emulator.

The full installation registers its own command, with all subcommands, under an entry point; everything but
`run` and `traces` is handed to it. So neither loads the server's libraries.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points

from outcrop._version import __version__

# Registered by the distribution `outcrop`: a function that reads sys.argv.
_FULL_COMMAND = "outcrop.command"
_EXIT_USAGE = 2

_USAGE = """\
Usage: outcrop COMMAND [ARGS]...

  See what your Python programs ask of Amazon Bedrock, and what comes back.

Commands:
  run        Run a program and trace it, without a change to it.
  traces     List, search, show, follow, export and import the traces of a server.
  import     Copy traces from an MLflow server or database.
  emulator   Run a stand-in for Amazon Bedrock on this machine.

This is the light installation. Server, web page and demo come with: pip install outcrop
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
        arguments: the command line without the program's name; None takes the process's own.

    Returns:
        The exit code. `run` does not return where the system can replace a process by another.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given[:1] == ["run"]:
        from outcrop.launch.run import run  # noqa: PLC0415  # for this subcommand

        return run(given[1:])
    if given[:1] == ["traces"]:
        from outcrop.terminal.command import main as traces  # noqa: PLC0415  # as above

        return traces(given[1:])
    if given[:1] == ["import"]:
        from outcrop.mlflow_import.command import main as import_traces  # noqa: PLC0415  # as above

        return import_traces(given[1:])
    full = _full_command()
    return _light(given) if full is None else full()


def _full_command() -> Callable[[], int] | None:
    for entry in entry_points(group=_FULL_COMMAND):
        found: Callable[[], int] = entry.load()
        return found
    return None


def _light(given: list[str]) -> int:
    match given:
        case ["emulator", *rest]:
            from outcrop.testing.command import main as emulator  # noqa: PLC0415  # for this subcommand

            return emulator(rest)
        case ["--version"]:
            sys.stdout.write(f"outcrop, version {__version__}\n")
            return 0
        case [] | ["-h" | "--help"]:
            sys.stdout.write(_USAGE)
            return 0
        case _:
            sys.stderr.write(f"There is no command {given[0]!r} here.\n\n{_USAGE}")
            return _EXIT_USAGE
