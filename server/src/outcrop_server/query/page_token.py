"""The opaque token of a page of search results: where the page ended, and of which search it is."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, cast

from outcrop_server.model.errors import BadRequestError
from outcrop_server.model.search import Position, TraceSearch

_VERSION = 1


def encode(search: TraceSearch, position: Position) -> str:
    """Text for `next_page_token`."""
    packed = json.dumps([_VERSION, _mark(search), *position], separators=(",", ":"))
    return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def decode(search: TraceSearch, text: str) -> Position:
    """The position that `encode` was given.

    Raises:
        BadRequestError: the text is no token of this server, or one of another search.
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        version, mark, *position = cast("list[Any]", json.loads(raw))
    except (ValueError, TypeError, RecursionError) as error:
        raise _refusal("was not made by this server") from error
    if version == _VERSION and mark != _mark(search):
        raise _refusal("belongs to another search")
    if version != _VERSION or not _is_position(position, search):
        raise _refusal("was not made by this server")
    return tuple(position)


def _is_position(position: list[Any], search: TraceSearch) -> bool:
    *values, trace_id = position or [None]
    expected = sum(key.name != "trace_id" for key in search.order)
    if len(values) != expected or not all(isinstance(value, (str, int, float)) for value in values):
        return False
    try:
        return len(bytes.fromhex(trace_id)) == 16  # noqa: PLR2004  # a trace id's size
    except (TypeError, ValueError):
        return False


def _mark(search: TraceSearch) -> str:
    """Tells searches apart. It guards against mixing them up, not against anyone."""
    asked = repr((search.where, search.order, search.experiments))
    return hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _refusal(why: str) -> BadRequestError:
    return BadRequestError(f"This page token {why}. Leave it out to start at the first page.")
