"""The numbers of traces' terms; `common.trace_terms` says what they are. A trace's row lists its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outcrop_server.storage.postgresql.digests import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outcrop_server.storage.common.trace_terms import Term
    from outcrop_server.storage.postgresql.connections import Connection

# Numbers that one process remembers; more are asked for again.
_REMEMBERED = 50_000
_FIND = "SELECT digest, term_id FROM term WHERE digest = ANY(%s::bytea[])"
# In their order, as everybody makes them: then two never wait for each other.
_MAKE = """
    INSERT INTO term (digest, kind, value)
    SELECT * FROM unnest(%s::bytea[], %s::text[], %s::text[]) AS made (digest, kind, value) ORDER BY digest
    ON CONFLICT (digest) DO NOTHING
"""


class TermNumbers:
    """Finds and makes terms; by one thread.

    A term is never taken away, so what is remembered stays right.
    """

    def __init__(self) -> None:
        self._numbers: dict[Term, int] = {}

    def forget(self) -> None:
        """Drops what it remembers: it may be another database that is spoken to from now on."""
        self._numbers.clear()

    def prepare(self, connection: Connection, terms: Iterable[Term]) -> None:
        """Makes those that are not there; best in a transaction of its own, so that nobody waits."""
        missing = [term for term in terms if term not in self._numbers]
        if missing:
            self._learn(connection, missing)

    def numbers(self, connection: Connection, terms: Iterable[Term]) -> list[int]:
        """The numbers of some terms, in order."""
        wanted = list(terms)
        self.prepare(connection, wanted)
        return sorted([self._numbers[term] for term in wanted])

    def _learn(self, connection: Connection, missing: list[Term]) -> None:
        if len(self._numbers) + len(missing) > _REMEMBERED:
            self._numbers.clear()
        by_digest = {digest_of(*term): term for term in missing}
        found = self._find(connection, by_digest)
        new = sorted(by_digest.keys() - found)
        if new:
            kinds, values = zip(*[by_digest[digest] for digest in new], strict=True)
            connection.execute(_MAKE, (new, list(kinds), list(values)))
            self._find(connection, {digest: by_digest[digest] for digest in new})

    def _find(self, connection: Connection, by_digest: dict[bytes, Term]) -> set[bytes]:
        rows: list[tuple[Any, ...]] = connection.execute(_FIND, (list(by_digest),)).fetchall()
        for digest, number in rows:
            self._numbers[by_digest[digest]] = number
        return {digest for digest, _ in rows}
