"""Starts programs in an environment: freshly, or as forks of one process that has imported what they need.

Importing MLflow takes seconds of a processor's time. `starter` is what runs in the environment.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_STARTER = Path(__file__).with_name("starter.py")
# Native libraries that would start threads as they are imported, which a process that forks must not have:
# numpy's OpenBLAS, and the jemalloc in pyarrow.
_NO_THREADS = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
_CLIENT_S = 120.0


def run_freshly(
    python: Path, program: str, folder: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Runs a program in a new Python."""
    return subprocess.run(  # noqa: S603 - our own program
        [str(python), "-c", program],
        cwd=folder,
        env=env,
        check=False,
        capture_output=True,
        text=True,
        timeout=_CLIENT_S,
    )


class Starter:
    """A process of an environment that has imported modules, and forks for each program."""

    def __init__(self, python: Path, modules: Sequence[str], folder: Path, env: Mapping[str, str]) -> None:
        """Begins to import; `env` is for that alone, and `folder` is the process's own."""
        self._python, self._modules, self._folder = python, modules, folder
        self._env = {**env, **_NO_THREADS, "HOME": str(folder)}
        self._log = folder / "starter.log"
        self._count = 0
        self._process: subprocess.Popen[str] | None = self._begun()

    def _begun(self) -> subprocess.Popen[str]:
        with self._log.open("ab") as log:
            # A session of its own: an interrupt from the keyboard is for the tests, and they end it.
            return subprocess.Popen(  # noqa: S603 - our own program
                [str(self._python), str(_STARTER), *self._modules],
                cwd=self._folder,
                env=self._env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )

    def run(self, program: str, folder: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Runs a program in a fork, as a new Python would with this environment and in this folder.

        One that takes too long is killed, and its stderr says so.

        Raises:
            AssertionError: the process that forks has ended, with what it said.
        """
        self._count += 1
        files = {name: self._folder / f"{self._count}.{name}" for name in ("stdout", "stderr")}
        for path in files.values():
            path.touch()  # there is something to read however early a program ends
        paths = {name: str(path) for name, path in files.items()}
        where = {"folder": str(folder), "env": dict(env), **paths}
        answer = self._asked(json.dumps({"program": program, "timeout_s": _CLIENT_S, **where}))
        output = {name: path.read_text() for name, path in files.items()}
        if answer["is_late"]:
            output["stderr"] += f"\nKilled: it took longer than {_CLIENT_S} s."
        return subprocess.CompletedProcess(["-c", program], answer["returncode"], **output)

    def _asked(self, request: str) -> dict[str, Any]:
        """The answer to a request."""
        process = self._process = self._process or self._begun()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(f"{request}\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""  # it has ended, before it was asked
        except BaseException:
            # By pytest's timeout or from the keyboard: what is answered after that is no answer to the next.
            self.close()
            raise
        if not line:
            self.close()
            raise AssertionError(f"What starts programs has ended:\n{self._log.read_text()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """Ends the process, which would end with this one anyhow."""
        if self._process is not None:
            self._process.communicate()
            self._process = None
