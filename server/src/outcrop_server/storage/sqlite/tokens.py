"""Access tokens and sessions of browsers as rows.

The functions that write are called within a transaction, by the committing thread.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from outcrop_server.model.access import AccessToken, PageSession

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

_COLUMNS = (
    "token_id, name, role, experiments, digest, created_at_ns, created_by, expires_at_ns, "
    "requests_per_minute, last_used_at_ns, revoked_at_ns, revoked_by"
)
_SELECT = f"SELECT {_COLUMNS} FROM access_token ORDER BY place"  # noqa: S608 - our own words
_INSERT = f"INSERT INTO access_token ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - as above
_IS_TAKEN = "SELECT 1 FROM access_token WHERE name = ? AND revoked_at_ns IS NULL"
_REVOKE = (
    "UPDATE access_token SET revoked_at_ns = ?, revoked_by = ? WHERE token_id = ? AND revoked_at_ns IS NULL"
)
_USE = """UPDATE access_token SET last_used_at_ns = max(coalesce(last_used_at_ns, 0), ?) WHERE token_id = ?"""
_SELECT_SESSIONS = "SELECT digest, token_id, ends_at_ns FROM page_session"
_INSERT_SESSION = "INSERT OR REPLACE INTO page_session VALUES (?, ?, ?)"
_FORGET_ENDED = "DELETE FROM page_session WHERE ends_at_ns < ?"
_FORGET_FIRST = """
    DELETE FROM page_session WHERE digest IN (
        SELECT digest FROM page_session ORDER BY ends_at_ns DESC LIMIT -1 OFFSET ?)
"""
_END_SESSION = "DELETE FROM page_session WHERE digest = ?"


def read_tokens(connection: sqlite3.Connection) -> list[AccessToken]:
    """Every token in the order in which they were made."""
    return [_token(row) for row in connection.execute(_SELECT)]


def insert_token(connection: sqlite3.Connection, token: AccessToken) -> bool:
    """Keeps a token; False if its name is taken."""
    if connection.execute(_IS_TAKEN, (token.name,)).fetchone() is not None:
        return False
    connection.execute(
        _INSERT,
        (
            token.token_id,
            token.name,
            token.role,
            None if token.experiments is None else json.dumps(token.experiments, ensure_ascii=False),
            token.digest,
            token.created_at_ns,
            token.created_by,
            token.expires_at_ns,
            token.requests_per_minute,
            token.last_used_at_ns,
            token.revoked_at_ns,
            token.revoked_by,
        ),
    )
    return True


def revoke_token(connection: sqlite3.Connection, token_id: str, at_ns: int, by: str) -> bool:
    """Revokes a token; False if there is none to revoke."""
    return connection.execute(_REVOKE, (at_ns, by, token_id)).rowcount > 0


def note_use(connection: sqlite3.Connection, used_at_ns: Mapping[str, int]) -> None:
    """Keeps when tokens were last used."""
    connection.executemany(_USE, [(at_ns, token_id) for token_id, at_ns in used_at_ns.items()])


def _token(row: tuple[Any, ...]) -> AccessToken:
    token_id, name, role, experiments, digest, *rest = row
    names = None if experiments is None else tuple(json.loads(experiments))
    return AccessToken(token_id, name, role, names, bytes(digest), *rest)


def read_sessions(connection: sqlite3.Connection) -> list[PageSession]:
    """Every session of a browser."""
    return [PageSession(*row) for row in connection.execute(_SELECT_SESSIONS)]


def insert_session(connection: sqlite3.Connection, session: PageSession, now_ns: int, most: int) -> None:
    """Keeps a session, and forgets those that ended or are too many."""
    connection.execute(_FORGET_ENDED, (now_ns,))
    connection.execute(_INSERT_SESSION, (session.digest, session.token_id, session.ends_at_ns))
    connection.execute(_FORGET_FIRST, (most,))


def end_session(connection: sqlite3.Connection, digest: bytes) -> bool:
    """Forgets a session; False if there is none."""
    return connection.execute(_END_SESSION, (digest,)).rowcount > 0
