"""Which server fills the index of words, and how far it is: a record, of which each version is written once.

By the database's clock, so that servers' own need not agree. Who dies keeps the lease for half a minute; who
was only slow finds out, and has done no harm: the index keeps of a trace what was read last.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import orjson

from outcrop_server.storage.clickhouse.client import encoded
from outcrop_server.storage.clickhouse.leases import now_of
from outcrop_server.storage.clickhouse.words.waiting import FORMAT, LEASE, State, state_of

if TYPE_CHECKING:
    from outcrop_server.storage.clickhouse.client import Client

LEASE_NS = 30_000_000_000
_OF_VERSION = (
    "SELECT value FROM record WHERE kind = 'lease' AND key = 'words' AND version >= {version:UInt64}"
)


class Lease:
    """The lease, as one who fills has it or wants it.

    Args:
        client: asks the database.

    Attributes:
        state: how far the index is, as far as that is written; None if nobody ever filled it.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._holder = secrets.token_hex(8)
        self._version = 0
        self.state: State | None = None

    def take(self) -> bool:
        """Takes it, if nobody has it."""
        rows = self._client.query(LEASE)
        self._version = int(rows[0][0]) if rows else 0
        if rows:
            value = str(rows[0][1])
            told = orjson.loads(value)
            if told["holder"] != self._holder and told["until_ns"] > now_of(self._client):
                return False
            self.state = state_of(value)
        return self._write(self.state, now_of(self._client) + LEASE_NS)

    def renew(self, state: State) -> bool:
        """Keeps it, and says how far the index is; False if another one has it."""
        return self._write(state, now_of(self._client) + LEASE_NS)

    def forget(self) -> None:
        """Says that it is not known how far the index is."""
        self.state = None
        self._write(None, now_of(self._client) + LEASE_NS)

    def give_back(self, state: State | None) -> None:
        """Lets another one have it at once."""
        self._write(state, 0)

    def _write(self, state: State | None, until_ns: int) -> bool:
        version = self._version + 1
        value = orjson.dumps(
            {
                "holder": self._holder,
                "until_ns": until_ns,
                "change": state.change if state else 0,
                "below": state.below if state else 0,
                "format": FORMAT if state else 0,
            }
        ).decode()
        # Of several with one token one is kept; who wrote it is asked for.
        block = encoded("record", [("lease", "words", version, 0, value)])
        self._client.insert("record", block, f"words-lease{version}")
        rows = self._client.query(_OF_VERSION, {"version": version})
        if {kept for (kept,) in rows} != {value}:
            return False
        self._version = version
        self.state = state
        return True
