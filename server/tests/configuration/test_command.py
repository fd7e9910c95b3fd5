from __future__ import annotations

from pathlib import Path

from outcrop_server.settings import OPTIONS
from server.tests.support.process import address, outcrop, refusal


def test_help_has_every_flag_and_variable(tmp_path: Path) -> None:
    with outcrop(tmp_path, "server", "--help", COLUMNS="200") as process:
        shown = process.communicate(timeout=120)[0]
    assert [
        option.name for option in OPTIONS if option.flag not in shown or option.variable not in shown
    ] == []


def test_print_config_says_where_each_value_comes_from_and_starts_nothing(tmp_path: Path) -> None:
    file = tmp_path / "config" / "outcrop" / "server.toml"
    file.parent.mkdir(parents=True)
    file.write_text("stop_grace_s = 7")
    with outcrop(tmp_path, "server", "--port", "77", "--print-config", OUTCROP_LOG_LEVEL="error") as process:
        output, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")
    lines = {line.partition(" = ")[0]: line.split("  # ")[-1] for line in output.splitlines()}
    assert (lines["port"], lines["log_level"], lines["host"]) == ("--port", "OUTCROP_LOG_LEVEL", "default")
    assert lines["stop_grace_s"] == f"{file}, line 1"
    assert not (tmp_path / "data").exists()


def test_a_server_is_configured_by_a_file(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text(f'port = 0\nstore = "{tmp_path / "by-file.db"}"\n')
    with outcrop(tmp_path, "server", "--config", str(file)) as process:
        address(process)
    assert (tmp_path / "by-file.db").exists()


def test_a_wrong_file_is_told_in_a_line(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text("\nprot = 0\n")
    with outcrop(tmp_path, "server", "--config", str(file)) as process:
        told = refusal(process)
    assert f"Error: 'prot' in {file}, line 2, is no option. Did you mean 'port'?" in told
