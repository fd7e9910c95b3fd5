"""How Python's values become PostgreSQL's and back, where psycopg alone would refuse them.

PostgreSQL's text holds every character but NUL, which names and tags may have. It is kept as a code point
that Unicode reserves for a program's own use, one for one, so that lengths and patterns stay what they are.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from psycopg.adapt import Loader
from psycopg.types.string import StrDumper, StrDumperUnknown

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.abc import Buffer

_NUL = "\x00"
_INSTEAD = "\ufdd0"
_INSTEAD_BYTES = _INSTEAD.encode()
# No text that is meant to be read has this one; what stood for it would come back as NUL.
_KEPT = str.maketrans({_NUL: _INSTEAD, _INSTEAD: "\ufffd"})
# An even number of backslashes before it: one that is itself escaped begins nothing.
_NUL_IN_JSON = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def kept(text: str) -> str:
    """A text as the database keeps it."""
    return text.translate(_KEPT) if _NUL in text or _INSTEAD in text else text


def kept_json(text: str) -> str:
    """A JSON text whose NULs stand there as themselves, so that they are kept as those of every text are.

    As they were, `jsonb` would not take them.
    """
    return _NUL_IN_JSON.sub(lambda match: match[1] + _NUL, text) if "\\u0000" in text else text


def to_json(value: Any) -> str:
    """A value as JSON text for a column."""
    return kept_json(json.dumps(value, ensure_ascii=False))


def from_json(text: str) -> Any:
    """A value from a column's JSON text; NUL stands in it as itself."""
    return json.loads(text, strict=False)


class _Dumper(StrDumper):
    def dump(self, obj: str) -> Buffer | None:
        return super().dump(kept(obj))


class _UnknownDumper(StrDumperUnknown):
    def dump(self, obj: str) -> Buffer | None:
        return super().dump(kept(obj))


class _TextLoader(Loader):
    def load(self, data: Buffer) -> str:
        found = bytes(data)
        text = found.decode()
        return text.replace(_INSTEAD, _NUL) if _INSTEAD_BYTES in found else text


def adapt(connection: Connection[Any]) -> None:
    """Teaches a connection."""
    # The last one that is registered is the one that is used where nothing tells the type.
    connection.adapters.register_dumper(str, _Dumper)
    connection.adapters.register_dumper(str, _UnknownDumper)
    for name in ("text", "varchar", "name"):
        connection.adapters.register_loader(name, _TextLoader)
