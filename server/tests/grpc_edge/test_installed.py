"""What is said where grpcio is missing; runs without it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from outcrop_server.serve import BackgroundServer
from outcrop_server.settings import Settings, SettingsError
from server.tests.support.process import outcrop, refusal

ROOT = Path(__file__).parents[3]


def test_without_its_library_the_start_ends_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "grpc.aio", None)
    wanted = Settings(port=0, grpc=True, grpc_port=0, store=tmp_path / "a.db", spool=None)
    with pytest.raises(SettingsError, match=r"pip install 'outcrop\[grpc\]'"), BackgroundServer(wanted):
        pass
    assert not (tmp_path / "a.db").exists()


def test_the_command_says_so_too(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['grpc'] = None\n"
        "from outcrop_server.cli.main import main; main(['server', '--port', '0', '--grpc-port', '0'])"
    )
    with outcrop(tmp_path, program=program) as process:
        assert "pip install 'outcrop[grpc]'" in refusal(process)


def test_everything_else_works_without_it(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['grpc'] = None\n"
        "from pathlib import Path\n"
        "from outcrop_server.serve import BackgroundServer\n"
        "from outcrop_server.settings import Settings\n"
        f"settings = Settings(port=0, store=Path({str(tmp_path / 'a.db')!r}), spool=None)\n"
        "with BackgroundServer(settings) as server:\n"
        "    assert server.grpc_url is None\n"
    )
    command = [sys.executable, "-W", "error", "-c", program]
    subprocess.run(command, check=True, timeout=120, cwd=ROOT)  # noqa: S603 - our own program
