"""Subcommands are imported when they run: their list is written down, and this keeps it true."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from outcrop_server.cli.db import db
from outcrop_server.cli.lazy import LazyGroup
from outcrop_server.cli.main import main

GROUPS = {"outcrop": main, "db": db}


@pytest.mark.parametrize("name", GROUPS)
def test_each_subcommand_is_there_under_its_name(name: str) -> None:
    group = GROUPS[name]
    assert isinstance(group, LazyGroup)
    context = click.Context(group)
    for each in group.list_commands(context):
        found = group.get_command(context, each)
        assert found is not None
        assert found.name == each
        shown = CliRunner().invoke(group, ["--help"]).output
        assert group.later[each].help in shown, "cut or missing in a line of 80 characters"


def test_a_wrong_name_is_refused_and_the_right_one_meant() -> None:
    done = CliRunner().invoke(main, ["tokns"])
    assert done.exit_code == 2
    assert "No such command 'tokns'" in done.output


@pytest.mark.parametrize("arguments", [["--help"], ["tokens", "--help"], ["db", "retain", "--help"]])
def test_no_web_framework_is_loaded_for_what_serves_nothing(arguments: list[str]) -> None:
    program = (
        "import sys; from outcrop_server.cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print([name for name in ('fastapi', 'pydantic', 'uvicorn') if name in sys.modules])"
    )
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
