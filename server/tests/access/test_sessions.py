"""Who is signed in: kept in the store, so that every server over it knows, and for so long."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from outcrop_server.access.cookie import SessionCookie
from outcrop_server.access.sessions import LIFETIME_S, SessionBook
from outcrop_server.storage.api import TraceStore
from outcrop_server.storage.sqlite.store import SqliteStore

SECOND = 10**9


class Clock:
    """The time of day and another clock's, which go on together."""

    def __init__(self) -> None:
        self.now_ns = 1_000 * SECOND

    def ns(self) -> int:
        return self.now_ns

    def s(self) -> float:
        return self.now_ns / SECOND


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TraceStore]:
    opened = SqliteStore(tmp_path / "store.db")
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def book_of(store: TraceStore, clock: Clock) -> SessionBook:
    return SessionBook(store, clock.ns, clock.s)


def test_a_session_ends_after_its_time_and_when_it_is_closed(store: TraceStore, clock: Clock) -> None:
    book = book_of(store, clock)
    first, second = book.open("t1"), book.open("t1")
    assert first != second
    assert book.token_id(first) == book.token_id(second) == "t1"
    book.close(first)
    assert book.token_id(first) is None
    assert book.token_id("t1") is None
    clock.now_ns += LIFETIME_S * SECOND - 1
    assert book.token_id(second) == "t1"
    clock.now_ns += 1
    assert book.token_id(second) is None


def test_another_server_knows_who_is_signed_in_and_who_no_longer_is(store: TraceStore, clock: Clock) -> None:
    one, other = book_of(store, clock), book_of(store, clock)
    other.refresh()
    session_id = one.open("t1")
    clock.now_ns += SECOND
    assert other.has_unknown([session_id])
    other.refresh()
    assert (other.token_id(session_id), other.has_unknown([session_id])) == ("t1", False)
    one.close(session_id)
    other.refresh()
    assert other.token_id(session_id) is None


def test_made_up_ids_have_the_store_read_no_more_than_now_and_then(store: TraceStore, clock: Clock) -> None:
    book = book_of(store, clock)
    assert book.has_unknown(["made up"])
    book.refresh()
    assert not book.has_unknown(["made up"])
    clock.now_ns += SECOND // 10
    assert book.has_unknown(["made up"])
    assert not book.has_unknown([])


@pytest.mark.parametrize(("scheme", "prefix"), [("http", ""), ("https", "__Host-")])
def test_cookies_of_every_server_of_a_machine_are_read_the_own_one_first(scheme: str, prefix: str) -> None:
    cookie = SessionCookie(5116)
    given = cookie.given("mine", scheme).partition(";")[0]
    assert given == f"{prefix}outcrop_session_5116=mine"
    header = f"a=b; {prefix}outcrop_session_5115=theirs; odd; {given}; {prefix}outcrop_session_5117="
    assert cookie.read(header, scheme) == ("mine", "theirs")
    assert cookie.read(None, scheme) == cookie.read("outcrop=1; session", scheme) == ()
    # Who sends very many made them up.
    many = "; ".join(f"{prefix}outcrop_session_{port}=x" for port in range(100))
    assert len(cookie.read(many, scheme)) == 16
