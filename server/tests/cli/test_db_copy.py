"""`outcrop db copy`, and what the other commands say of a store that is no file."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from outcrop_server.settings import from_environment
from outcrop_server.store_opening import open_store
from server.tests.cli.test_db import run
from server.tests.support.clickhouse import Clickhouse
from server.tests.support.postgres import Postgres
from server.tests.support.spans import trace_id
from server.tests.support.stores import fill


def test_a_copy_is_made_and_made_again_without_harm(tmp_path: Path) -> None:
    source, target = tmp_path / "old.db", tmp_path / "new.db"
    fill(source, 12)
    arguments = ("copy", "--from", f"sqlite:///{source}", "--to", str(target))
    told = run(tmp_path, *arguments)
    words = "12 traces with 60 new spans brought, 0 were there; 0 judgements, 0 files and runs, 0 tokens."
    assert told == f"{target}: {words}\n"
    found = json.loads(run(tmp_path, *arguments, "--json"))
    assert (found["known_traces"], found["traces"], found["faults"]) == (12, 0, [])
    assert run(tmp_path, "check", "--store", str(target)).endswith("is sound.\n")


def test_what_could_not_be_brought_ends_with_1(tmp_path: Path) -> None:
    source, target = tmp_path / "old.db", tmp_path / "new.db"
    fill(source, 1)
    fill(target, 1, first=9, experiment="another")
    told = run(tmp_path, "copy", "--from", str(source), "--to", str(target), code=1)
    assert "The experiment 'A' has the number 2 instead of 1" in told


def test_stores_that_cannot_be_copied_are_told_and_nothing_is_made(tmp_path: Path) -> None:
    source = tmp_path / "old.db"
    assert f"There is no store {source}." in run(
        tmp_path, "copy", "--from", str(source), "--to", str(tmp_path / "new.db"), code=1
    )
    assert list(tmp_path.iterdir()) == []
    fill(source, 1)
    assert "are the same store" in run(
        tmp_path, "copy", "--from", str(source), "--to", f"sqlite:///{source}", code=1
    )


@pytest.mark.parametrize("command", [("backup", "x.db"), ("check",), ("migrate",), ("stats",)])
def test_what_is_for_files_alone_says_so_without_the_password(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    told = run(tmp_path, *command, "--store", "postgresql://me:s3cr3t@127.0.0.1:1/traces", code=2)
    assert "This is for a store in a file, and postgresql://me:***@127.0.0.1:1/traces is a database" in told


@pytest.mark.parametrize("engine", ["postgresql", "clickhouse"])
def test_a_database_gives_back_what_was_deleted(
    request: pytest.FixtureRequest, tmp_path: Path, engine: str
) -> None:
    database: Postgres | Clickhouse = request.getfixturevalue(
        "postgres" if engine == "postgresql" else engine
    )
    source = tmp_path / "old.db"
    fill(source, 4)
    with database.database() as uri:
        settings = from_environment({}, store=uri)
        run(tmp_path, "copy", "--from", str(source), "--to", uri)
        with closing(open_store(settings)) as store:
            store.delete_traces([trace_id(1)]).result()
        found = json.loads(run(tmp_path, "compact", "--full", "--json", "--store", uri))
        assert found["store"] == uri
        with closing(open_store(settings)) as store:
            assert len(store.traces(None, None, 10)) == 3
            assert store.give_back(1 << 30, is_thorough=True) == 0
        assert "freed" in run(tmp_path, "compact", "--store", uri)
