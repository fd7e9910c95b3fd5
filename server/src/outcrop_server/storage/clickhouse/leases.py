"""What one server at a time may do: a lease among the records, renewed while it is held.

A process that ends without a word holds it until its time is over, by the clock of the database.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
from typing import TYPE_CHECKING

import orjson

from outcrop_server.model.errors import RequestError
from outcrop_server.storage.clickhouse.records import read_some

if TYPE_CHECKING:
    from collections.abc import Generator

    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.committer import Committer
    from outcrop_server.storage.clickhouse.writer import Writer

_log = logging.getLogger(__name__)
LEASE = "lease"
KEEPING = "keeping"
_HOLDS_NS = 30_000_000_000
_RENEWED_S = 10.0
_NOW = "SELECT toUnixTimestamp64Nano(now64(9))"


class _Lease:
    """One process's hold, or attempt at it.

    Args:
        name: of what may be done.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._holder = secrets.token_hex(8)

    def take(self, writer: Writer) -> bool:
        """Takes it, or holds it for longer; False if another one has it."""
        now_ns = now_of(writer.client)
        if self._is_of_another(writer.records.get(LEASE, self._name), now_ns):
            return False
        held = {"holder": self._holder, "until_ns": now_ns + _HOLDS_NS}
        writer.records.put(LEASE, self._name, orjson.dumps(held).decode())
        return True

    def release(self, writer: Writer) -> None:
        """Lets go of it, if it is still its own."""
        text = writer.records.get(LEASE, self._name)
        if text is not None and orjson.loads(text)["holder"] == self._holder:
            writer.records.drop(LEASE, self._name)

    def is_taken(self, client: Client) -> bool:
        """Whether another one has it, as far as can be seen."""
        text = read_some(client, LEASE, [self._name]).get(self._name)
        return text is not None and self._is_of_another(text, now_of(client))

    def _is_of_another(self, text: str | None, now_ns: int) -> bool:
        if text is None:
            return False
        held = orjson.loads(text)
        return bool(held["holder"] != self._holder and held["until_ns"] > now_ns)


def now_of(client: Client) -> int:
    """The time by the database's clock, in nanoseconds since the epoch."""
    ((now_ns,),) = client.query(_NOW)
    return int(now_ns)


@contextlib.contextmanager
def held_at_once(client: Client, committer: Committer, name: str) -> Generator[bool, None, None]:
    """Holds a lease, or says that another one does.

    Args:
        client: asks the database.
        committer: of the process; exact over all servers, since it is one commit that takes it.
        name: of what may be done.
    """
    lease = _Lease(name)
    if lease.is_taken(client) or not committer.submit(lease.take).result():
        yield False
        return
    over = threading.Event()
    renewing = threading.Thread(
        target=_renew, args=(lease, committer, over), name="outcrop-lease", daemon=True
    )
    renewing.start()
    try:
        yield True
    finally:
        over.set()
        # A store that is closed, or away, cannot let go; its time runs out.
        with contextlib.suppress(RequestError):
            committer.submit(lease.release).result()
        renewing.join()


def _renew(lease: _Lease, committer: Committer, over: threading.Event) -> None:
    while not over.wait(_RENEWED_S):
        try:
            committer.submit(lease.take).result()
        except RequestError as error:
            _log.warning("A lease could not be renewed: %s", error)
