"""What a fork of the starter sees and leaves is what a fresh start would; neither outlives the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.mlflow import starting
from tests.mlflow.starting import Starter, run_freshly

PYTHON = Path(sys.executable)
ENV = {"PATH": os.environ["PATH"], "NAME": "værdi", "LC_ALL": "C.UTF-8"}
SEEN = """
import atexit, os, sys, threading
globals().pop("__annotations__", None)
print({key: str(value) for key, value in sorted(globals().items()) if key[0] == "_"})
print(sys.modules["__main__"].sys is sys, sys.argv, sys.path, sys.stdin.read(), sys.stdout.isatty())
print(os.getcwd(), sorted(os.environ.items()))
sys.stderr.write("said\\n")
atexit.register(print, "last")
threading.Timer(0.05, print, ["late"]).start()
"""
ENDINGS = ("", "raise SystemExit(3)", "raise SystemExit('no')", "1 / 0", "import os; os.kill(os.getpid(), 9)")

Making = Callable[..., Starter]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Making]:
    """Makes starters, which may import what lies in their folder."""
    (tmp_path / "starter").mkdir()
    with ExitStack() as stack:

        def made(module: str = "json") -> Starter:
            starter = Starter(PYTHON, [module], tmp_path / "starter", ENV)
            stack.callback(starter.close)
            return starter

        yield made


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_fork_is_what_a_fresh_start_is(ending: str, make: Making, tmp_path: Path) -> None:
    fresh = run_freshly(PYTHON, SEEN + ending, tmp_path, ENV)
    forked = make().run(SEEN + ending, tmp_path, ENV)
    assert (forked.returncode, forked.stdout) == (fresh.returncode, fresh.stdout)
    # But for what called the program, with which a traceback of it begins.
    lines = fresh.stderr.splitlines()
    assert [each for each in forked.stderr.splitlines() if each in lines] == lines


def test_forks_know_nothing_of_one_another(make: Making, tmp_path: Path) -> None:
    starter = make()
    program = (
        "import json, os, random; print(hasattr(json, 'x'), os.environ['PLACE'], random.random()); json.x = 1"
    )
    first, second = (starter.run(program, tmp_path, {**ENV, "PLACE": place}) for place in "ab")
    assert (first.stdout[:8], second.stdout[:8]) == ("False a ", "False b ")
    assert first.stdout[8:] != second.stdout[8:]


def test_one_that_takes_too_long_is_ended_and_the_next_one_runs(
    make: Making, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starter = make()
    with monkeypatch.context() as patch:
        patch.setattr(starting, "_CLIENT_S", 0.1)
        late = starter.run("import time; time.sleep(600)", tmp_path, ENV)
    assert (late.returncode, late.stderr) == (-9, "\nKilled: it took longer than 0.1 s.")
    assert starter.run("print(1)", tmp_path, ENV).stdout == "1\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()",
            "2 threads run",
        ),
        ("raise ValueError('no such thing')", "ValueError: no such thing"),
    ],
)
def test_what_cannot_be_forked_says_why(text: str, said: str, make: Making, tmp_path: Path) -> None:
    (tmp_path / "starter" / "imported.py").write_text(text)
    with pytest.raises(AssertionError, match=said):
        make("imported").run("print(1)", tmp_path, ENV)


def test_it_ends_with_the_tests_and_a_program_with_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "held")
    # Held by the starter, which imports this, and by its fork: it ends when both have.
    (tmp_path / "holding.py").write_text("import os; held = os.open('held', os.O_WRONLY)")
    program = "import holding, os, time; os.write(holding.held, b'runs'); time.sleep(600)"
    tests = f"""
import os
from pathlib import Path
from tests.mlflow.starting import Starter
here = Path({str(tmp_path)!r})
Starter(Path({sys.executable!r}), ["holding"], here, os.environ).run({program!r}, here, os.environ)
"""
    root = Path(__file__).parents[2]
    with (
        subprocess.Popen([sys.executable, "-c", tests], cwd=root) as process,  # noqa: S603 - our own program
        (tmp_path / "held").open("rb", buffering=0) as held,
    ):
        assert held.read(4) == b"runs"
        process.kill()
        assert held.read() == b""
