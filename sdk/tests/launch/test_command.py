"""The command `outcrop`: alone, and with the full installation's subcommands."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

import outcrop
from outcrop.launch import command
from outcrop.testing import command as emulator_command


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(group: str) -> tuple[EntryPoint, ...]:  # noqa: ARG001  # the function's signature
        return ()

    monkeypatch.setattr(command, "entry_points", none)


@pytest.mark.usefixtures("light")
def test_the_light_installation_says_what_it_has(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([]) == 0
    assert command.main(["--help"]) == 0
    assert capsys.readouterr().out.count("pip install outcrop") == 2
    assert command.main(["--version"]) == 0
    assert capsys.readouterr().out == f"outcrop, version {outcrop.__version__}\n"
    assert command.main(["server"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "There is no command 'server' here." in captured.err
    assert "pip install outcrop" in captured.err


@pytest.mark.usefixtures("light")
def test_the_light_installation_has_the_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[list[str]] = []

    def emulator(rest: list[str]) -> int:
        given.append(rest)
        return 5

    monkeypatch.setattr(emulator_command, "main", emulator)
    assert command.main(["emulator", "--port", "0"]) == 5
    assert given == [["--port", "0"]]


def test_everything_but_run_is_the_full_installations(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Entry(EntryPoint):
        def load(self) -> object:
            return lambda: 7

    def entries(group: str) -> list[EntryPoint]:
        asked.append(group)
        return [Entry("main", "somewhere:main", group)]

    monkeypatch.setattr(command, "entry_points", entries)
    assert command.main(["server", "--port", "1"]) == 7
    assert command.main(["run"]) == 2
    assert asked == ["outcrop.command"]


def test_run_loads_no_server_library() -> None:
    program = """
import sys
from outcrop.launch.command import main
assert main(["run", "--help"]) == 0
heavy = ("click", "rich", "fastapi", "outcrop_server", "boto3", "asyncio")
found = [name for name in heavy if name in sys.modules]
assert found == [], found
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120, stdout=subprocess.DEVNULL)  # noqa: S603  # our own program
