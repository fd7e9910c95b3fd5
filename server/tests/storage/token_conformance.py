"""The part of the suite about access tokens. `conformance` has the first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from outcrop_server.access.secret import new_token
from outcrop_server.model.access import AccessToken, PageSession
from outcrop_server.storage.api import TraceStore


def token(name: str = "ci") -> AccessToken:
    return new_token(name, "read", ("A", "日本 ' \""), "me", expires_at_ns=2**62, requests_per_minute=7)[1]


class TokenConformance:
    """The suite."""

    def open(self, folder: Path) -> TraceStore:
        """Opens the store that `folder` holds, or makes one."""
        raise NotImplementedError

    def test_tokens_come_back_as_they_were_in_the_order_in_which_they_were_made(
        self, store: TraceStore
    ) -> None:
        made = [token("b"), replace(token("a"), experiments=None, expires_at_ns=None), token("c")]
        assert [store.add_access_token(each).result() for each in made] == [True, True, True]
        assert store.access_tokens() == made

    def test_a_name_is_free_again_only_after_its_token_was_revoked(self, store: TraceStore) -> None:
        first, second = token(), token()
        assert store.add_access_token(first).result()
        assert not store.add_access_token(second).result()
        assert store.access_tokens() == [first]
        assert store.revoke_access_token(first.token_id, 5, "ann").result()
        assert store.add_access_token(second).result()
        assert store.access_tokens() == [replace(first, revoked_at_ns=5, revoked_by="ann"), second]

    def test_a_token_is_revoked_once_and_for_good(self, store: TraceStore) -> None:
        made = token()
        store.add_access_token(made).result()
        assert store.revoke_access_token(made.token_id, 5, "ann").result()
        assert not store.revoke_access_token(made.token_id, 6, "bob").result()
        assert not store.revoke_access_token("none", 6, "bob").result()
        assert store.access_tokens() == [replace(made, revoked_at_ns=5, revoked_by="ann")]

    def test_the_last_use_never_goes_back(self, store: TraceStore) -> None:
        made = token()
        store.add_access_token(made).result()
        for used in ({made.token_id: 10, "none": 99}, {made.token_id: 8}, {}):
            store.note_token_use(used).result()
        assert store.access_tokens() == [replace(made, last_used_at_ns=10)]

    def test_another_opener_sees_tokens_and_their_end(self, store: TraceStore, tmp_path: Path) -> None:
        made = token()
        other = self.open(tmp_path)
        store.add_access_token(made).result()
        assert other.access_tokens() == [made]
        assert other.revoke_access_token(made.token_id, 5, "ann").result()
        assert store.access_tokens()[0].revoked_at_ns == 5
        other.close()

    def test_every_opener_knows_sessions_until_they_end(self, store: TraceStore, tmp_path: Path) -> None:
        first, second = PageSession(b"\1" * 32, "t1", 100), PageSession(b"\2" * 32, "t2", 200)
        other = self.open(tmp_path)
        store.add_page_session(first, 1, 10).result()
        other.add_page_session(second, 2, 10).result()
        assert by_end(store.page_sessions()) == by_end(other.page_sessions()) == [first, second]
        assert other.end_page_session(first.digest).result()
        assert not store.end_page_session(first.digest).result()
        assert store.page_sessions() == [second]
        other.close()

    def test_sessions_that_ended_or_are_too_many_go_in_time(self, store: TraceStore) -> None:
        sessions = [PageSession(bytes([number]) * 32, "t", 100 + number) for number in range(5)]
        for each in sessions:
            store.add_page_session(each, 101, 3).result()
        kept = by_end(store.page_sessions())
        # An engine may take its time, and must lose none that is among the last to end.
        assert kept[-3:] == sessions[-3:]


def by_end(sessions: list[PageSession]) -> list[PageSession]:
    return sorted(sessions, key=lambda each: each.ends_at_ns)
