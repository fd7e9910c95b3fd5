"""`outcrop run` through real processes: Bedrock is traced, and all else is as with plain Python."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from outcrop.testing import BedrockEmulator
from sdk.tests.delivery.collector import Collector
from sdk.tests.delivery.programs import environment

RUN = [sys.executable, "-m", "outcrop", "run"]
MODEL = "amazon.nova-lite-v1:0"
ASK = f"""
import boto3
boto3.client("bedrock-runtime").converse(
    modelId="{MODEL}", messages=[{{"role": "user", "content": [{{"text": "Hi"}}]}}]
)
"""
# All of a program's surroundings that a launcher could disturb.
LOOK_AROUND = """
import json, os, sys
main = sys.modules["__main__"]
print(json.dumps({
    "argv": sys.argv, "path": sys.path, "name": __name__, "main": main.__file__,
    "spec": getattr(main.__spec__, "name", None),
    "flags": str(sys.flags), "xoptions": sys._xoptions, "original": sys.orig_argv,
    "sitecustomize": str(sys.modules.get("sitecustomize")), "loaded": "botocore" in sys.modules,
    "environment": dict(os.environ), "signals": str(__import__("signal").getsignal(15)),
}, indent=1))
"""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as made:
        yield made


@pytest.fixture
def env(collector: Collector, bedrock_emulator: BedrockEmulator, tmp_path: Path) -> dict[str, str]:
    return environment(
        collector,
        tmp_path,
        AWS_ENDPOINT_URL_BEDROCK_RUNTIME=bedrock_emulator.endpoint_url,
        AWS_ACCESS_KEY_ID="made-up",
        AWS_SECRET_ACCESS_KEY="made-up",
        AWS_DEFAULT_REGION="us-east-1",
    )


def _do(command: list[str], folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # our own program
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False
    )


def _names(collector: Collector) -> list[str]:
    return [span.name for span in collector.spans]


@pytest.mark.parametrize("how", [["program.py"], ["-m", "package.module"]], ids=["script", "module"])
def test_a_program_is_traced_as_it_is(
    how: list[str], collector: Collector, tmp_path: Path, env: dict[str, str]
) -> None:
    (tmp_path / "package").mkdir()
    for file in ("program.py", "package/module.py"):
        (tmp_path / file).write_text(f"{ASK}print('done')")
    done = _do([*RUN, *how], tmp_path, env)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
    assert _names(collector) == [f"chat {MODEL}"]


def test_options_say_where_traces_go(collector: Collector, tmp_path: Path, env: dict[str, str]) -> None:
    (tmp_path / "program.py").write_text(ASK)
    del env["OUTCROP_TRACKING_URI"]
    options = ["--tracking-uri", collector.url, "--experiment=/Shared/x"]
    done = _do([*RUN, *options, "program.py"], tmp_path, env)
    assert (done.returncode, done.stderr) == (0, "")
    assert [span.experiment for span in collector.spans] == ["/Shared/x"]


@pytest.mark.parametrize(
    "how",
    [
        ["program.py"],
        ["./program.py", "--tracking-uri", "-x", "--", "a b", ""],
        ["-m", "module", "-h", "--children"],
        ["-m", "package"],
        ["folder", "1"],
    ],
    ids=str,
)
@pytest.mark.parametrize("options", [[], ["-X", "dev", "-W", "error", "-u", "-O"]], ids=["", "options"])
@pytest.mark.parametrize("path", [None, "one:two"])
def test_a_program_finds_everything_as_with_plain_python(
    how: list[str], options: list[str], path: str | None, tmp_path: Path, env: dict[str, str]
) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "folder").mkdir()
    for file in ("program.py", "module.py", "package/__main__.py", "folder/__main__.py"):
        (tmp_path / file).write_text(LOOK_AROUND)
    plain_env = dict(env)
    if path is not None:
        plain_env["PYTHONPATH"] = os.pathsep.join(filter(None, [env.get("PYTHONPATH"), path]))
    plain = _do([sys.executable, *options, *how], tmp_path, plain_env)
    traced = _do([sys.executable, *options, "-m", "outcrop", "run", *how], tmp_path, plain_env)
    assert plain.returncode == 0
    assert (traced.stdout, traced.stderr, traced.returncode) == (plain.stdout, plain.stderr, 0)


@pytest.mark.parametrize(
    "program",
    [
        "import sys; sys.exit(7)",
        "import sys; sys.exit('no')",
        "def f():\n    1 / 0\nf()",
        "1 +",
        "raise SystemExit",
        "import os; os._exit(3)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
        "import os, signal; signal.signal(2, signal.default_int_handler)\nos.kill(os.getpid(), 2)",
    ],
)
def test_a_program_ends_as_with_plain_python(program: str, tmp_path: Path, env: dict[str, str]) -> None:
    (tmp_path / "program.py").write_text(program)
    plain = _do([sys.executable, "program.py"], tmp_path, env)
    traced = _do([*RUN, "program.py"], tmp_path, env)
    assert (traced.returncode, traced.stdout, traced.stderr) == (
        plain.returncode,
        plain.stdout,
        plain.stderr,
    )


@pytest.mark.skipif(os.name != "posix", reason="no exec on this system")
def test_the_program_has_the_process_and_the_signals_to_itself(tmp_path: Path, env: dict[str, str]) -> None:
    (tmp_path / "program.py").write_text(
        "import os, signal\nprint(os.getpid(), flush=True)\nsignal.sigwait([signal.SIGUSR1])\nprint('got it')"
    )
    program = "import signal, os, sys\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])\n"
    launch = f"{program}os.execv(sys.executable, {[*RUN, 'program.py']!r})"
    process = subprocess.Popen(  # noqa: S603  # our own program
        [sys.executable, "-c", launch], cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert int(process.stdout.readline()) == process.pid
    process.send_signal(signal.SIGUSR1)
    assert process.communicate(timeout=120)[0] == "got it\n"


@pytest.mark.parametrize(("options", "traced"), [([], ["first"]), (["--children"], ["child", "first"])])
def test_of_a_command_the_first_python_is_traced_and_its_children_where_asked(
    options: list[str], traced: list[str], collector: Collector, tmp_path: Path, env: dict[str, str]
) -> None:
    (tmp_path / "first.py").write_text(
        f"import subprocess, sys\nsubprocess.run([sys.executable, 'child.py', 'child'], check=True)\n{ASK}"
    )
    (tmp_path / "child.py").write_text(ASK)
    command = ["sh", "-c", f"{sys.executable} first.py; exit 5"]
    done = _do([*RUN, *options, "--", *command], tmp_path, env)
    assert (done.returncode, done.stdout, done.stderr) == (5, "", "")
    assert _names(collector) == [f"chat {MODEL}"] * len(traced)


def test_a_sitecustomize_of_the_users_own_is_imported(tmp_path: Path, env: dict[str, str]) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "sitecustomize.py").write_text("print('mine', __name__, __file__)")
    (tmp_path / "program.py").write_text("import sitecustomize\nprint(sitecustomize.__file__)")
    mine = str(tmp_path / "mine")
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [mine, env.get("PYTHONPATH")]))
    done = _do([*RUN, "program.py"], tmp_path, env)
    file = f"{mine}/sitecustomize.py"
    # Once in the launcher, once in the program.
    assert done.stdout == f"mine sitecustomize {file}\n" * 2 + f"{file}\n"
    assert done.stderr == ""


def test_a_program_that_switches_tracing_off_is_heard(
    collector: Collector, tmp_path: Path, env: dict[str, str]
) -> None:
    (tmp_path / "program.py").write_text(f"import outcrop\noutcrop.autolog(disable=True)\n{ASK}")
    assert _do([*RUN, "program.py"], tmp_path, env).returncode == 0
    (tmp_path / "program.py").write_text(f"import outcrop\noutcrop.autolog()\n{ASK}")
    assert _do([*RUN, "program.py"], tmp_path, env).returncode == 0
    assert _names(collector) == [f"chat {MODEL}"]


def test_a_python_without_outcrop_says_so_and_runs_the_program(tmp_path: Path, env: dict[str, str]) -> None:
    bare = str(Path(sys.executable).resolve())
    look = "import importlib.util as u, sys; sys.exit(u.find_spec('outcrop') is not None)"
    without = {name: value for name, value in env.items() if name != "PYTHONPATH"}
    if _do([bare, "-c", look], tmp_path, without).returncode:
        pytest.skip("Outcrop is installed for every Python here")
    (tmp_path / "program.py").write_text("import sys\nprint([p for p in sys.path if 'startup' in p])")
    # Of PYTHONPATH our folder alone is left: the checkout may be in it.
    command = f'PYTHONPATH="${{PYTHONPATH%%:*}}" {bare} program.py'
    done = _do([*RUN, "--", "sh", "-c", command], tmp_path, env)
    assert (done.returncode, done.stdout) == (0, "[]\n")
    assert done.stderr == f"outcrop: not installed for {bare}, so this program is not traced.\n"


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        ([], 2, "say which script, module or command to run"),
        (["-m"], 2, "-m needs a module after it"),
        (["--"], 2, "-- needs a command after it"),
        (["--experiment"], 2, "--experiment needs a value"),
        (["--verbose", "program.py"], 2, "there is no option '--verbose'"),
        (["--tracking-uri", "ftp://x", "program.py"], 2, "Valid forms: http://HOST:PORT"),
        (["--", "no-such-command"], 127, "there is no command 'no-such-command'"),
        (["--", "./program.py"], 126, "'./program.py' cannot be run: Permission denied"),
    ],
)
def test_what_cannot_be_run_is_said_with_the_exit_code_of_a_shell(
    arguments: list[str], code: int, complaint: str, tmp_path: Path, env: dict[str, str]
) -> None:
    (tmp_path / "program.py").write_text("print('ran')")
    done = _do([*RUN, *arguments], tmp_path, env)
    assert (done.returncode, done.stdout) == (code, "")
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_a_token_that_cannot_be_used_is_said_before_the_program_begins(
    tmp_path: Path, env: dict[str, str]
) -> None:
    (tmp_path / "program.py").write_text("print('ran')")
    env["OUTCROP_TOKEN"] = "vault:s3cr3t"
    done = _do([*RUN, "program.py"], tmp_path, env)
    assert (done.returncode, done.stdout) == (2, "")
    assert "OUTCROP_TOKEN has none of the valid forms" in done.stderr
    assert "s3cr3t" not in done.stderr


def test_help_tells_the_options(tmp_path: Path, env: dict[str, str]) -> None:
    done = _do([*RUN, "--help"], tmp_path, env)
    assert done.returncode == 0
    assert "--children" in done.stdout
