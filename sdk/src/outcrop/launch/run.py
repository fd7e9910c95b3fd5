"""`outcrop run`: becomes the program that it is told to run, with tracing switched on as it starts.

The program runs as with plain Python because it does: this process is replaced by it. Its PYTHONPATH
begins with a folder of ours, whose `sitecustomize` switches tracing on and leaves no sign of itself.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from outcrop.delivery.credentials import read_credentials
from outcrop.delivery.destination import check_tracking_uri
from outcrop.exceptions import ConfigurationError
from outcrop.launch.environment import found_environment, traced_environment
from outcrop.settings import read_settings

_EXIT_USAGE, _EXIT_CANNOT_RUN, _EXIT_NOT_FOUND = 2, 126, 127

USAGE = """\
Usage: outcrop run [OPTIONS] SCRIPT [ARGS]...
       outcrop run [OPTIONS] -m MODULE [ARGS]...
       outcrop run [OPTIONS] -- COMMAND [ARGS]...

  Run a program and trace its calls to Amazon Bedrock, without a change to it.

  Everything else is as with plain Python: arguments, exit code, signals, tracebacks. Of a COMMAND
  the first Python process is traced, and those that it forks.

Options:
  --tracking-uri URI   Where traces go (OUTCROP_TRACKING_URI).
  --experiment NAME    The experiment that they belong to (OUTCROP_EXPERIMENT_NAME).
  --children           Trace the Python programs that the program starts, too.
  -h, --help           Show this message.
"""


@dataclass(frozen=True)
class _Plan:
    """What the command line asks for."""

    command: list[str]
    variables: Mapping[str, str]
    has_children: bool


class _UsageError(Exception):
    """The command line cannot be understood."""


def run(arguments: Sequence[str]) -> int:
    """Replaces this process by the program.

    Args:
        arguments: what follows `outcrop run`.

    Returns:
        The exit code, where the program could not be started; on Windows the program's own.
    """
    if arguments[:1] in (["-h"], ["--help"]):
        sys.stdout.write(USAGE)
        return 0
    try:
        plan = _understood(list(arguments))
        environment = traced_environment(
            {**found_environment(), **plan.variables}, has_children=plan.has_children
        )
        settings = read_settings(environment)
        # Said here, before the program begins, rather than in its middle.
        if check_tracking_uri(settings.tracking_uri) in {"http", "https"}:
            read_credentials(settings.tracking_uri, environment)
    except _UsageError as error:
        sys.stderr.write(f"outcrop run: {error}\n\n{USAGE}")
        return _EXIT_USAGE
    except ConfigurationError as error:
        sys.stderr.write(f"outcrop run: {error}\n")
        return _EXIT_USAGE
    return _become(plan.command, environment)


def _understood(words: list[str]) -> _Plan:
    variables: dict[str, str] = {}
    has_children = False
    names = {"--tracking-uri": "OUTCROP_TRACKING_URI", "--experiment": "OUTCROP_EXPERIMENT_NAME"}
    while words and words[0].startswith("-") and words[0] not in {"-", "-m", "--"}:
        option, equals, value = words.pop(0).partition("=")
        if option == "--children" and not equals:
            has_children = True
        elif option in names:
            if not equals and not words:
                raise _UsageError(f"{option} needs a value")
            variables[names[option]] = value if equals else words.pop(0)
        else:
            raise _UsageError(f"there is no option {option!r}; options of the program come after it")
    return _Plan(_command(words), variables, has_children)


def _command(words: list[str]) -> list[str]:
    if words[:1] == ["--"]:
        if len(words) == 1:
            raise _UsageError("-- needs a command after it")
        return words[1:]
    if not words:
        raise _UsageError("say which script, module or command to run")
    if words == ["-m"]:
        raise _UsageError("-m needs a module after it")
    return [sys.executable, *_interpreter_options(), *words]


def _interpreter_options() -> list[str]:
    """Those that this Python was started with, such as -X dev or -u, for the program's Python too."""
    flags = sys.flags
    if flags.isolated or flags.ignore_environment or flags.no_site:
        raise _UsageError("tracing begins by way of PYTHONPATH and site, which -I, -E and -S switch off")
    ours = len(sys.orig_argv) - len(sys.argv) + 1
    before = sys.orig_argv[1:ours]
    # What follows the options: `-m outcrop`, or the command's own file.
    return before[:-2] if before[-2:] == ["-m", "outcrop"] else before[:-1]


def _become(command: list[str], environment: Mapping[str, str]) -> int:
    try:
        if os.name == "posix":
            _exec(command, environment)
        # Windows has no exec that the parent process would wait for.
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603  # what the user asks for
    except FileNotFoundError:
        sys.stderr.write(f"outcrop run: there is no command {command[0]!r}\n")
        return _EXIT_NOT_FOUND
    except OSError as error:
        sys.stderr.write(f"outcrop run: {command[0]!r} cannot be run: {error.strerror}\n")
        return _EXIT_CANNOT_RUN


def _exec(command: list[str], environment: Mapping[str, str]) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    # Looked up in the program's own PATH, as a shell would.
    os.execvpe(command[0], command, environment)  # noqa: S606  # as above
