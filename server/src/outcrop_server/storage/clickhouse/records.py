"""Small things as rows of one table: by kind and key a text, the newest of which counts."""

# ruff: noqa: S608 - put together from constants, numbers and hex only
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.effects import Effects

_OF_KIND = "SELECT key, value, gone FROM record WHERE kind = {kind:String}"
_NEWEST = " ORDER BY version DESC LIMIT 1 BY key"


def read_records(client: Client, kind: str) -> dict[str, str]:
    """The values of all records of a kind by their keys, in the order of these."""
    found = client.query(_OF_KIND + _NEWEST, {"kind": kind})
    return {key: value for key, value, gone in sorted(found) if not gone}


def read_some(client: Client, kind: str, keys: Iterable[str]) -> dict[str, str]:
    """The values of records of a kind by some keys; those that are not there are left out."""
    wanted = list(keys)
    if not wanted:
        return {}
    found = client.query(f"{_OF_KIND} AND key IN {text_list(wanted)}{_NEWEST}", {"kind": kind})
    return {key: value for key, value, gone in found if not gone}


def read_page(
    client: Client, kinds: Sequence[str], limit: int, *, after: str | None = None, prefix: str = ""
) -> list[tuple[str, str, str]]:
    """The first records of a kind in the order of their keys, and those of other kinds with the same keys.

    Args:
        client: asks the database.
        kinds: words of this program; the first one is that by which the page is chosen.
        limit: most keys.
        after: only what lies behind this key.
        prefix: only keys that begin so.

    Returns:
        Kind, key and value of each.
    """
    behind = "" if after is None else f" AND key > {text_literal(after)}"
    within = f" AND startsWith(key, {text_literal(prefix)})" if prefix else ""
    # The values of what lies behind the page are not read.
    return _read_kinds(
        client,
        kinds,
        f"(SELECT key FROM record FINAL WHERE kind = '{kinds[0]}' AND NOT gone{behind}{within} "
        f"ORDER BY kind, key LIMIT {limit})",
    )


def read_together(client: Client, kinds: Sequence[str], key: str) -> list[tuple[str, str, str]]:
    """The records of some kinds that have a key, as they are at one moment: kind, key and value of each."""
    return _read_kinds(client, kinds, text_list([key]))


def _read_kinds(client: Client, kinds: Sequence[str], keys: str) -> list[tuple[str, str, str]]:
    names = ", ".join(f"'{kind}'" for kind in kinds)
    found = client.query(
        f"SELECT kind, key, value, gone FROM record WHERE kind IN ({names}) AND key IN {keys} "
        "ORDER BY version DESC LIMIT 1 BY kind, key"
    )
    living = [(str(kind), str(key), str(value)) for kind, key, value, gone in found if not gone]
    # As the database orders them.
    return sorted(living, key=lambda each: (each[0], each[1]))


def text_literal(text: str) -> str:
    """A text as it stands in a statement, whatever it holds."""
    return f"unhex('{text.encode().hex()}')"


def text_list(texts: Iterable[str]) -> str:
    """A subquery with texts; a list of literals is dearer to read, and parameters are limited in size."""
    joined = ",".join(text.encode().hex() for text in texts)
    return f"(SELECT unhex(arrayJoin(splitByChar(',', '{joined}'))))"


class Records:
    """Records in a commit: as they were before it, with what it has changed so far.

    Nobody else changes any meanwhile, so that each is read once.

    Args:
        client: asks the database.
        effects: take what changes.
        number: of the commit.
    """

    def __init__(self, client: Client, effects: Effects, number: int) -> None:
        self._client = client
        self._effects = effects
        self._number = number
        self._before: dict[tuple[str, str], str | None] = {}
        self._whole: set[str] = set()
        self._changed: dict[tuple[str, str], str | None] = {}

    def get(self, kind: str, key: str) -> str | None:
        """One record's value; None if there is none."""
        return self.some(kind, [key]).get(key)

    def some(self, kind: str, keys: Iterable[str]) -> dict[str, str]:
        """The values of records by some keys."""
        wanted = list(dict.fromkeys(keys))
        places = [(kind, key) for key in wanted]
        if kind not in self._whole:
            unknown = [
                key
                for _, key in places
                if (kind, key) not in self._changed and (kind, key) not in self._before
            ]
            read = read_some(self._client, kind, unknown)
            self._before.update(((kind, key), read.get(key)) for key in unknown)
        now = {key: self._changed.get((kind, key), self._before.get((kind, key))) for key in wanted}
        return {key: value for key, value in now.items() if value is not None}

    def all(self, kind: str) -> dict[str, str]:
        """The values of all records of a kind, in the order of their keys."""
        if kind not in self._whole:
            read = read_records(self._client, kind)
            self._before.update(((kind, key), value) for key, value in read.items())
            self._whole.add(kind)
        now = {key: value for (each, key), value in (self._before | self._changed).items() if each == kind}
        return {key: value for key, value in sorted(now.items()) if value is not None}

    def put(self, kind: str, key: str, value: str) -> None:
        """Keeps a value in place of what was there."""
        self._changed[kind, key] = value

    def drop(self, kind: str, key: str) -> None:
        """Takes a record away."""
        self._changed[kind, key] = None

    def finish(self) -> None:
        """Turns what has changed into rows."""
        for (kind, key), value in self._changed.items():
            self._effects.add("record", (kind, key, self._number, value is None, value or ""))
