"""`outcrop demo`: server, emulator and the three example programs, then the traces that they left."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from outcrop_server.cli import demo_report
from outcrop_server.serve import BackgroundServer
from outcrop_server.settings import DEFAULT_PORT, Settings, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType

EXAMPLES = ("basic.py", "streaming.py", "tool_agent.py")
_EXAMPLE_TIMEOUT_S = 180
# The emulator looks at no signature, but boto3 does not call without credentials.
_MADE_UP_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "demo", "AWS_SECRET_ACCESS_KEY": "demo"}


@dataclass(frozen=True)
class _Plan:
    port: int
    store: Path | None
    is_live: bool
    should_exit: bool


@click.command()
@click.option(
    "--port", type=int, help=f"Port of the page (default {DEFAULT_PORT}; with --exit any free one)."
)
@click.option(
    "--store", type=click.Path(path_type=Path), help="Keep the traces in this file (default: none kept)."
)
@click.option("--live", is_flag=True, help="Ask the real Amazon Bedrock, with your own AWS credentials.")
@click.option(
    "--exit", "should_exit", is_flag=True, help="Check the traces and end; not 0 if anything is missing."
)
def demo(port: int | None, store: Path | None, live: bool, should_exit: bool) -> None:
    """Run the example programs against a Bedrock emulator and show their traces."""
    if importlib.util.find_spec("boto3") is None:
        raise click.ClickException("The demo's programs need boto3: pip install boto3")
    plan = _Plan((0 if should_exit else DEFAULT_PORT) if port is None else port, store, live, should_exit)
    try:
        _run(plan)
    except SettingsError as error:
        click.echo(str(error), err=True)
        raise SystemExit(2) from error


def _run(plan: _Plan) -> None:
    console = Console(highlight=False)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="outcrop-demo-")))
        store = plan.store or folder / "demo.db"
        server = stack.enter_context(
            BackgroundServer(Settings(port=plan.port, store=store, spool=folder / "spool"))
        )
        environment = {"OUTCROP_TRACKING_URI": server.url, "OUTCROP_SPOOL_DIR": str(folder / "spool")}
        if not plan.is_live:
            environment |= {**_MADE_UP_CREDENTIALS, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": _emulator(stack)}
        failed = [name for name in EXAMPLES if not _run_example(console, name, environment)]
        missing = [f"{name} failed" for name in failed]
        missing += demo_report.print_traces(console, server.url)
        for line in missing:
            console.print(f"[red]missing:[/] {line}")
        if plan.should_exit:
            raise SystemExit(1 if missing else 0)
        console.print(f"\nThe page: [bold]{server.url}[/]   (Ctrl-C ends the demo)")
        _wait()


def _emulator(stack: ExitStack) -> str:
    # Not needed with --live.
    from outcrop.testing import BedrockEmulator  # noqa: PLC0415
    from outcrop_server.cli.demo_model import teach  # noqa: PLC0415

    emulator = stack.enter_context(BedrockEmulator())
    teach(emulator)
    return emulator.endpoint_url


def examples_folder() -> Path:
    """The example programs: in the installed package, or in a checkout beside the server."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "examples"
    return inside if inside.is_dir() else package.parents[2] / "examples"


def _run_example(console: Console, name: str, environment: Mapping[str, str]) -> bool:
    console.print(f"[bold]python {name}[/]")
    try:
        done = subprocess.run(  # noqa: S603  # our own example
            [sys.executable, str(examples_folder() / name)],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=_EXAMPLE_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        console.print(f"  [red]still running after {_EXAMPLE_TIMEOUT_S} s[/]")
        return False
    for line in (done.stdout + done.stderr).splitlines():
        console.print(f"  {line}", style=None if done.returncode else "dim", markup=False)
    return done.returncode == 0


def _wait() -> None:
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    try:
        ended.wait()
    except KeyboardInterrupt:
        click.echo()
