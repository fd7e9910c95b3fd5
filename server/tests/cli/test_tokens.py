"""`outcrop tokens` as it is typed, and a server that it opens to a network."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from server.tests.support.http import ask
from server.tests.support.process import address, outcrop, refusal
from server.tests.support.tokens import bearer


def tokens(home: Path, *arguments: str) -> tuple[int, str, str]:
    with outcrop(home, "tokens", *arguments) as process:
        output, errors = process.communicate(timeout=120)
    return process.returncode, output, errors


def test_a_token_is_printed_once_and_only_its_digest_is_kept(tmp_path: Path) -> None:
    code, output, errors = tokens(tmp_path, "create", "--name", "ci", "--role", "write", "--experiment", "A")
    assert code == 0
    token = output.removesuffix("\n")
    assert token.startswith("outcrop_")
    assert "\n" not in token
    assert "shown this once" in errors
    assert token not in errors
    store = tmp_path / "data" / "outcrop" / "outcrop.db"
    with closing(sqlite3.connect(store)) as connection:
        ((name, digest),) = connection.execute("SELECT name, digest FROM access_token").fetchall()
    assert (name, len(digest)) == ("ci", 32)
    assert token.encode() not in store.read_bytes()
    assert store.stat().st_mode & 0o077 == 0
    code, output, _ = tokens(tmp_path, "list")
    assert (code, "ci" in output, token in output) == (0, True, False)


def test_tokens_are_listed_for_people_and_programs_and_revoked(tmp_path: Path) -> None:
    tokens(tmp_path, "create", "--name", "ci", "--role", "write", "--experiment", "A", "--experiment", "B")
    tokens(tmp_path, "create", "--name", "ann", "--role", "read", "--expires", "90d")
    assert tokens(tmp_path, "create", "--name", "ann", "--role", "read")[0] == 1
    code, output, _ = tokens(tmp_path, "revoke", "ci")
    assert (code, "'ci'" in output) == (0, True)
    first, second = json.loads(tokens(tmp_path, "list", "--json")[1])
    assert (first["name"], first["state"], first["experiments"]) == ("ci", "revoked", ["A", "B"])
    assert first["revoked_by"].endswith("(command line)")
    assert (second["role"], second["state"], second["last_used_at"]) == ("read", "valid", None)
    assert second["expires_at"] > second["created_at"]
    assert "digest" not in first
    table = tokens(tmp_path, "list")[1]
    assert "revoked" in table
    assert "valid" in table
    code, _, errors = tokens(tmp_path, "revoke", "ci")
    assert (code, "outcrop tokens list" in errors) == (1, True)


def test_what_cannot_be_made_says_what_can(tmp_path: Path) -> None:
    for arguments, words in (
        (("create", "--name", "x", "--role", "owner"), "'write', 'read', 'admin'"),
        (("create", "--name", "x", "--role", "read", "--expires", "soon"), "such as 12h, 90d or 1y"),
        (("create", "--name", " ", "--role", "read"), "not empty"),
    ):
        with outcrop(tmp_path, "tokens", *arguments) as process:
            assert words in refusal(process)
    code, _, errors = tokens(tmp_path, "list")
    assert (code, "There is no store" in errors) == (1, True)
    assert not (tmp_path / "data").exists()


def test_a_token_made_by_command_opens_a_server_on_a_network(tmp_path: Path) -> None:
    everywhere = ("server", "--host", "0.0.0.0", "--port", "0")  # noqa: S104 - the point
    with outcrop(tmp_path, *everywhere) as process:
        assert "outcrop tokens create --name me --role admin" in refusal(process)
    _, output, _ = tokens(tmp_path, "create", "--name", "me", "--role", "read")
    with outcrop(tmp_path, *everywhere) as process:
        url = f"http://127.0.0.1:{address(process).rpartition(':')[2]}"
        assert ask(url, "/api/traces").status == 401
        assert ask(url, "/api/traces", headers=bearer(output.strip())).status == 200
        process.terminate()
        _, errors = process.communicate(timeout=120)
    # Audit lines are in the log, and the clean end kept the last use.
    assert output.strip() not in errors
    assert json.loads(tokens(tmp_path, "list", "--json")[1])[0]["last_used_at"] is not None
    assert tokens(tmp_path, "revoke", "me")[0] == 0
    with outcrop(tmp_path, *everywhere) as process:
        assert "no valid token" in refusal(process)
