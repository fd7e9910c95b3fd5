from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from outcrop_server.cli.db import db
from outcrop_server.embedded import EmbeddedStore
from outcrop_server.storage.sqlite import schema
from outcrop_server.storage.sqlite.upkeep.migrating import plan_of
from server.tests.storage.test_sqlite import made_by_version
from server.tests.support.binaries import image
from server.tests.support.http import ask, send
from server.tests.support.process import OUTCROP, address, outcrop
from server.tests.support.spans import otlp_span, request, trace_id
from server.tests.support.stores import fill, trace_request


def run(home: Path, *arguments: str, code: int = 0, **variables: str) -> str:
    """What a command says; on standard error if it fails."""
    with outcrop(home, "db", *arguments, **variables) as process:
        output, errors = process.communicate(timeout=120)
    assert process.returncode == code, errors
    assert "Traceback" not in errors
    return output if code == 0 else " ".join((output + errors).split())


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "outcrop" / "outcrop.db"
    path.parent.mkdir(parents=True)
    fill(path, 10)
    fill(path, 5, first=50, experiment="日本 [x]")
    return path


def test_check_says_that_all_is_right_and_what_is_wrong(tmp_path: Path, store: Path) -> None:
    assert f"{store} is sound." in run(tmp_path, "check")
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("UPDATE trace SET span_count = 9 WHERE trace_key = 3")
        connection.commit()
    told = run(tmp_path, "check", code=1)
    assert f"trace {trace_id(3).hex()}: its span_count is 9; its spans say 5" in told
    assert "is not sound: traces" in told
    with outcrop(tmp_path, "db", "check", "--json") as process:
        found = json.loads(process.communicate(timeout=120)[0])
    assert process.returncode == 1
    assert found["is_sound"] is False
    assert [(each["name"], len(each["faults"])) for each in found["checks"]][:3] == [
        ("file", 0),
        ("traces", 1),
        ("orphans", 0),
    ]


def test_stats_show_what_there_is(tmp_path: Path, store: Path) -> None:
    found: dict[str, Any] = json.loads(run(tmp_path, "stats", "--json"))
    (a, b) = found["experiments"]
    assert (a["name"], a["traces"], a["errors"], a["spans"]) == ("A", 10, 2, 50)
    assert (b["name"], b["traces"], b["errors"], b["spans"]) == ("日本 [x]", 5, 1, 25)
    assert a["oldest"] == "2023-11-14 22:13:20Z"
    assert a["payload_bytes"] > a["frame_bytes"] > 0
    assert found["version"] == found["newest_version"] == len(schema.MIGRATIONS)
    assert found["pages"] * found["page_bytes"] == found["file_bytes"] == store.stat().st_size
    words = run(tmp_path, "stats", COLUMNS="200")
    assert "日本 [x]" in words
    assert "times smaller than they came" in words
    assert found["blobs"] == {"count": 0, "bytes": 0, "uses": 0, "saved_bytes": 0}
    assert "none that is large" in words
    with closing(EmbeddedStore(store)) as opened:
        for number in (1, 2, 3):
            opened.accept(request(otlp_span(number, trace=trace_id(900), attributes={"a": image(1)})))
    assert json.loads(run(tmp_path, "stats", "--json"))["blobs"] == {
        "count": 1,
        "bytes": 60_000,
        "uses": 3,
        "saved_bytes": 120_000,
    }
    words = run(tmp_path, "stats", COLUMNS="200")
    assert "1 large in 60.0 kB, 3 times in payloads; 120.0 kB saved" in words


@pytest.mark.usefixtures("store")
def test_all_of_it_beside_a_running_server(tmp_path: Path) -> None:
    with outcrop(tmp_path, "server", "--port", "0") as server:
        url = address(server)
        assert send(url, trace_request(90)).status == 200
        assert "is sound." in run(tmp_path, "check")
        assert json.loads(run(tmp_path, "stats", "--json"))["experiments"][0]["traces"] == 11
        assert "16 traces with 80 spans" in run(tmp_path, "backup", str(tmp_path / "copy.db"))
        assert "freed" in run(tmp_path, "compact")
        assert "is in use by another process" in run(tmp_path, "compact", "--full", code=1)
        assert "the newest. There is nothing to do." in run(tmp_path, "migrate")
        assert "Removed 12 traces" in run(tmp_path, "retain", "--now", "--retain-traces", "4")
        assert len(ask(url, "/api/traces").json["traces"]) == 4
        assert send(url, trace_request(91)).status == 200
    assert "is sound." in run(tmp_path, "check")
    assert "is sound." in run(tmp_path, "check", "--store", str(tmp_path / "copy.db"))


def test_a_backup_is_not_overwritten_and_can_be_served(tmp_path: Path, store: Path) -> None:
    copy = tmp_path / "copy.db"
    found = json.loads(run(tmp_path, "backup", str(copy), "--json"))
    assert (found["rows"]["trace"], found["bytes"]) == (15, copy.stat().st_size)
    assert "nothing is overwritten" in run(tmp_path, "backup", str(copy), code=1)
    assert "nothing is overwritten" in run(tmp_path, "backup", str(store), code=1)
    with outcrop(tmp_path, "server", "--port", "0", "--store", str(copy)) as server:
        assert len(ask(address(server), "/api/traces").json["traces"]) == 15


def test_compacting_tells_the_bytes_before_and_after(tmp_path: Path, store: Path) -> None:
    fill(store, 40, first=200, text_bytes=20_000)
    run(tmp_path, "retain", "--now", "--retain-traces", "1")
    fill(store, 40, first=300, text_bytes=20_000)
    with closing(sqlite3.connect(store)) as connection:
        # Free pages that nobody gave back: what an older Outcrop left.
        connection.execute("CREATE TABLE filler AS SELECT randomblob(2000000) AS data")
        connection.execute("DROP TABLE filler")
    found = json.loads(run(tmp_path, "compact", "--json"))
    assert found["before"]["file_bytes"] - found["after"]["file_bytes"] > 1_900_000
    assert found["after"]["file_bytes"] == store.stat().st_size
    full = json.loads(run(tmp_path, "compact", "--full", "--json"))
    assert full["after"]["file_bytes"] <= full["before"]["file_bytes"]
    assert "is sound." in run(tmp_path, "check")


def test_migrate_says_what_it_would_do_and_does_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "old.db"
    with made_by_version(2, monkeypatch):
        fill(file, 3)
    newest, at = len(schema.MIGRATIONS), ("--store", str(file))
    words = f"has version 2 and would become {newest}, on a copy, which takes up to"
    assert words in run(tmp_path, "migrate", "--dry-run", *at)
    assert "Bring it there first: outcrop db migrate" in run(tmp_path, "check", *at, code=1)
    assert "outcrop db migrate" in run(tmp_path, "retain", "--dry-run", "--retain-traces", "1", *at, code=1)
    assert plan_of(file).version == 2
    assert json.loads(run(tmp_path, "stats", "--json", *at))["version"] == 2
    assert f"had version 2 and has {newest} now" in run(tmp_path, "migrate", *at)
    assert "is sound." in run(tmp_path, "check", *at)


@pytest.mark.usefixtures("store")
def test_retain_says_what_would_go_and_removes_it(tmp_path: Path) -> None:
    limits = ("--retain-traces", "8", "--retain-experiment", "A: traces=6")
    dry = json.loads(run(tmp_path, "retain", "--dry-run", "--json", *limits))
    assert dry["is_done"] is False
    removed = [
        {"experiment": "A", "limit": "all traces", "traces": 3},
        {"experiment": "A", "limit": "traces", "traces": 4},
    ]
    assert dry["removed"] == removed
    with outcrop(tmp_path, "db", "retain", "--now", "--json", *limits) as process:
        output, errors = process.communicate(timeout=120)
    done = json.loads(output)
    assert (process.returncode, done["is_done"], done["removed"]) == (0, True, removed)
    audited = [json.loads(line)["audit"] for line in errors.splitlines()]
    assert [(line["event"], line["limit"], line["deleted"]) for line in audited] == [
        ("traces.expired", "all traces", 3),
        ("traces.expired", "traces", 4),
    ]
    assert "Would remove 0 traces" in run(tmp_path, "retain", "--dry-run", *limits)
    assert "is sound." in run(tmp_path, "check")


def test_retain_takes_the_servers_limits_and_needs_one(tmp_path: Path, store: Path) -> None:
    assert "Give --dry-run" in run(tmp_path, "retain", code=2)
    assert "There is no limit." in run(tmp_path, "retain", "--now", code=2)
    config = tmp_path / "server.toml"
    config.write_text(f'store = "{store}"\nretain_age = "1d"\n')
    assert "Would remove 15 traces" in run(
        tmp_path, "retain", "--dry-run", "--config", str(config), XDG_DATA_HOME=str(tmp_path / "no")
    )
    assert "Would remove 5 traces" in run(tmp_path, "retain", "--dry-run", OUTCROP_RETAIN_TRACES="10")


def refused(*arguments: str) -> str:
    """What a command says that ends with 1, without a process of its own: there are many."""
    result = CliRunner().invoke(db, arguments)
    assert (result.exit_code, type(result.exception)) == (1, SystemExit), result.exception
    return " ".join(result.output.split())


COMMANDS = (
    ("check",),
    ("stats",),
    ("backup", "new.db"),
    ("compact",),
    ("compact", "--full"),
    ("migrate",),
    ("migrate", "--dry-run"),
    ("retain", "--now", "--retain-traces", "1"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_store_that_cannot_be_used_is_told_plainly_and_left_alone(
    tmp_path: Path, store: Path, command: tuple[str, ...]
) -> None:
    command = tuple(str(tmp_path / word) if word == "new.db" else word for word in command)
    missing = tmp_path / "missing.db"
    assert f"There is no store {missing}" in refused(*command, "--store", str(missing))
    assert not missing.exists()

    theirs = tmp_path / "theirs.db"
    with closing(sqlite3.connect(theirs)) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    newer = tmp_path / "newer.db"
    shutil.copy(store, newer)
    with closing(sqlite3.connect(newer)) as connection:
        connection.execute("INSERT INTO schema_version VALUES (99, 0)")
        connection.commit()
    notes = tmp_path / "notes.txt"
    notes.write_text("these are notes. " * 1000)
    for file, words in (
        (theirs, "is a database of another program"),
        (newer, "has version 99"),
        (notes, "is no SQLite database, or its beginning is damaged"),
    ):
        before = file.read_bytes()
        told = refused(*command, "--store", str(file))
        assert words in told
        assert str(file) in told
        assert file.read_bytes()[100:] == before[100:]


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_folder_that_cannot_be_written_can_be_read(store: Path) -> None:
    # Even the superuser is to be refused: without the right to override.
    powerless = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    if powerless and shutil.which("setpriv") is None:
        pytest.skip("no setpriv, and the superuser may write everywhere")
    for path in store.parent.iterdir():
        path.chmod(0o400)
        if path.name != "outcrop.db":
            path.unlink()
    store.parent.chmod(0o500)
    try:
        told = {
            name: subprocess.run(  # noqa: S603 - our own command
                [*powerless, *OUTCROP, *arguments, "--store", str(store)],
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
            for name, arguments in {
                "check": ("db", "check"),
                "stats": ("db", "stats"),
                "compact": ("db", "compact"),
                "server": ("server", "--port", "0"),
            }.items()
        }
    finally:
        store.parent.chmod(0o700)
    assert (told["check"].returncode, told["stats"].returncode) == (0, 0), told["check"].stderr
    assert told["compact"].returncode == told["server"].returncode == 1
    assert "cannot be written: Permission denied" in told["compact"].stderr
    assert "cannot be written: Permission denied" in told["server"].stderr
