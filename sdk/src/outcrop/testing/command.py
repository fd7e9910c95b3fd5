"""The command `python -m outcrop.testing`: an emulator in a terminal, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from outcrop.testing.emulator import BedrockEmulator
from outcrop.testing.script_file import FORMAT, ScriptError, read_script

_DEFAULT_PORT = 5116
_EXIT_USAGE = 2
# Event.wait without a limit cannot be interrupted on Windows.
_WAIT_S = 0.5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the emulator.

    Args:
        arguments: the command line without the program's name; None takes the process's own.

    Returns:
        The exit code: 0 after a stop, 2 if it could not start as asked.
    """
    options = _parser().parse_args(arguments)
    emulator = BedrockEmulator(options.port, options.host)
    try:
        if options.script is not None:
            _load(emulator, options.script)
        emulator.start()
    except (OSError, OverflowError, ScriptError) as error:
        sys.stderr.write(f"{_problem(error, options)}\n")
        return _EXIT_USAGE
    try:
        _serve(emulator)
    finally:
        emulator.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m outcrop.testing",
        description="A stand-in for the Amazon Bedrock runtime endpoint on this machine.",
        epilog=FORMAT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=_DEFAULT_PORT, help="port, 0 for a free one (default: %(default)s)"
    )
    parser.add_argument("--script", type=Path, metavar="FILE", help="replies in JSON, see below")
    return parser


def _load(emulator: BedrockEmulator, file: Path) -> None:
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ScriptError(f"not UTF-8: {error}") from error
    for model_id, script in read_script(text).items():
        emulator.script(model_id, *script.replies, repeat_last=script.repeat_last)


def _problem(error: Exception, options: argparse.Namespace) -> str:
    if isinstance(error, ScriptError):
        return f"The script {options.script} cannot be used: {error}"
    if isinstance(error, OSError) and error.filename is not None:
        return f"The script {options.script} cannot be read: {error.strerror}"
    reason = error.strerror if isinstance(error, OSError) else error
    return (
        f"The emulator cannot listen on {options.host}:{options.port}: {reason}. Choose another with --port."
    )


def _serve(emulator: BedrockEmulator) -> None:
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    sys.stdout.write(
        f"Bedrock emulator at {emulator.endpoint_url}\n"
        f"  export AWS_ENDPOINT_URL_BEDROCK_RUNTIME={emulator.endpoint_url}\n"
        "Any credentials and region will do. Ctrl-C stops it.\n"
    )
    sys.stdout.flush()
    while not stop.wait(_WAIT_S):
        pass
