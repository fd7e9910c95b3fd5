"""Access tokens and sessions of browsers, as records."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from outcrop_server.model.access import AccessToken, PageSession
from outcrop_server.storage.clickhouse.records import read_records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.writer import Writer

TOKEN = "token"  # noqa: S105 - a kind of records
SESSION = "page_session"


def read_tokens(client: Client) -> list[AccessToken]:
    """Every token in the order in which they were made."""
    return [token for _, token in sorted(map(_placed, read_records(client, TOKEN).values()), key=_place)]


def insert_token(writer: Writer, token: AccessToken) -> bool:
    """Keeps a token; False if its name is taken, or its id or digest is known."""
    for _, other in map(_placed, writer.records.all(TOKEN).values()):
        if other.token_id == token.token_id or other.digest == token.digest:
            return False
        if other.name == token.name and other.revoked_at_ns is None:
            return False
    _put(writer, writer.place(), token)
    return True


def revoke_token(writer: Writer, token_id: str, at_ns: int, by: str) -> bool:
    """Revokes a token; False if there is none to revoke."""
    found = writer.records.get(TOKEN, token_id)
    if found is None:
        return False
    place, token = _placed(found)
    if token.revoked_at_ns is not None:
        return False
    _put(writer, place, replace(token, revoked_at_ns=at_ns, revoked_by=by))
    return True


def note_use(writer: Writer, used_at_ns: Mapping[str, int]) -> None:
    """Keeps when tokens were last used."""
    for token_id, text in writer.records.some(TOKEN, used_at_ns).items():
        place, token = _placed(text)
        if token.last_used_at_ns is None or token.last_used_at_ns < used_at_ns[token_id]:
            _put(writer, place, replace(token, last_used_at_ns=used_at_ns[token_id]))


def widen_scopes(writer: Writer, before: str, after: str) -> None:
    """Lets tokens that open an experiment by its name until now open it by another name, too."""
    for place, token in map(_placed, writer.records.all(TOKEN).values()):
        names = token.experiments
        if names is not None and before in names and after not in names:
            _put(writer, place, replace(token, experiments=(*names, after)))


def read_sessions(client: Client) -> list[PageSession]:
    """Every session of a browser."""
    return [_session(key, text) for key, text in read_records(client, SESSION).items()]


def insert_session(writer: Writer, session: PageSession, now_ns: int, most: int) -> None:
    """Keeps a session, and forgets those that ended or are too many."""
    text = orjson.dumps([session.token_id, session.ends_at_ns]).decode()
    writer.records.put(SESSION, session.digest.hex(), text)
    known = [_session(*each) for each in writer.records.all(SESSION).items()]
    lasting = sorted(known, key=lambda each: each.ends_at_ns, reverse=True)
    for place, each in enumerate(lasting):
        if place >= most or each.ends_at_ns < now_ns:
            writer.records.drop(SESSION, each.digest.hex())


def end_session(writer: Writer, digest: bytes) -> bool:
    """Forgets a session; False if there is none."""
    if writer.records.get(SESSION, digest.hex()) is None:
        return False
    writer.records.drop(SESSION, digest.hex())
    return True


def _put(writer: Writer, place: int, token: AccessToken) -> None:
    told = orjson.dumps([place, token], default=bytes.hex)
    writer.records.put(TOKEN, token.token_id, told.decode())


def _placed(text: str) -> tuple[int, AccessToken]:
    """A token, and its place among all."""
    place, told = orjson.loads(text)
    given: dict[str, Any] = told
    names = given["experiments"]
    given["experiments"] = None if names is None else tuple(names)
    given["digest"] = bytes.fromhex(given["digest"])
    return place, AccessToken(**given)


def _place(placed: tuple[int, AccessToken]) -> int:
    return placed[0]


def _session(key: str, text: str) -> PageSession:
    token_id, ends_at_ns = orjson.loads(text)
    return PageSession(bytes.fromhex(key), token_id, ends_at_ns)
