"""The server's copy of its tokens, over a real store and a clock that the test moves."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from outcrop_server.access.book import TokenBook
from outcrop_server.access.making import make_token, revoke_token
from outcrop_server.storage.sqlite.store import SqliteStore


class Clock:
    """Seconds since some start, and the time of day."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s

    def now_ns(self) -> int:
        return int((1_800_000_000 + self.s) * 1e9)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "outcrop.db")
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def book_of(store: SqliteStore, clock: Clock) -> TokenBook:
    book = TokenBook(store, clock.now_ns, clock)
    book.refresh()
    return book


def used_at(store: SqliteStore) -> list[int | None]:
    return [token.last_used_at_ns for token in store.access_tokens()]


def test_what_another_process_revokes_is_refused_a_second_later(store: SqliteStore, clock: Clock) -> None:
    text, _ = make_token(store, "ci", "write", by="me")
    book = book_of(store, clock)
    revoke_token(store, "ci", "me")
    clock.s = 0.9
    assert not book.is_stale
    clock.s = 1.0
    assert book.is_stale
    book.refresh()
    token = book.find(text)
    assert token is not None
    assert not book.is_valid(token)
    assert book.has_any
    assert not book.has_valid


def test_a_token_ends_at_its_moment_without_a_look_at_the_store(store: SqliteStore, clock: Clock) -> None:
    make_token(store, "forever", "read", by="me")
    text, kept = make_token(store, "short", "read", expires_in_s=10, by="me")
    book = book_of(store, clock)
    token = book.find(text)
    assert token is not None
    assert kept.expires_at_ns is not None
    clock.s = kept.expires_at_ns / 1e9 - 1_800_000_000 - 1
    assert book.is_valid(token)
    clock.s += 2
    assert not book.is_valid(token)


def test_what_is_not_quite_a_token_is_none(store: SqliteStore, clock: Clock) -> None:
    text, kept = make_token(store, "ci", "write", by="me")
    book = book_of(store, clock)
    for wrong in (text[:-1], text + "x", text.upper(), "", "\udc80", kept.digest.hex(), kept.token_id):
        assert book.find(wrong) is None


def test_the_last_use_is_kept_at_once_then_each_minute_and_at_the_end(
    store: SqliteStore, clock: Clock
) -> None:
    text, _ = make_token(store, "ci", "write", by="me")
    book = book_of(store, clock)
    token = book.find(text)
    assert token is not None
    first = clock.now_ns()
    book.used(token)
    book.refresh()
    # Commits come in order: once the revocation of nothing is done, the note before it is too.
    store.revoke_access_token("none", 0, "me").result()
    assert used_at(store) == [first]
    clock.s = 30
    book.used(token)
    book.refresh()
    store.revoke_access_token("none", 0, "me").result()
    assert used_at(store) == [first]
    book.close()
    assert used_at(store) == [clock.now_ns()]


def test_changes_leave_audit_lines_that_hold_no_token(
    store: SqliteStore, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    make_token(store, "old", "read", by="me")
    book = book_of(store, clock)
    with caplog.at_level(logging.INFO, "outcrop.audit"):
        text, _ = make_token(store, "ci\nfake", "write", experiments=["A"], by="ann")
        book.refresh()
        revoke_token(store, "old", "bob")
        book.refresh()
        book.refresh()
    lines = [json.loads(record.getMessage()) for record in caplog.records if record.name == "outcrop.audit"]
    assert [(line["event"], line["by"], line["token"]) for line in lines] == [
        ("token.created", "ann", "ci\nfake"),
        ("token.revoked", "bob", "old"),
    ]
    assert lines[0]["experiments"] == ["A"]
    assert text not in caplog.text
    assert all("\n" not in record.getMessage() for record in caplog.records)
