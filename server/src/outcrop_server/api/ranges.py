"""Bytes over HTTP with validators and single ranges, as RFC 9110 (sections 13 and 14) has them. Pure."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple

from starlette.responses import Response

from outcrop_server.model.errors import RangeError

if TYPE_CHECKING:
    from starlette.datastructures import Headers

_RANGE = re.compile(r"(\d{1,18})?-(\d{1,18})?")
_NOT_MODIFIED, _PARTIAL = 304, 206


class ByteRange(NamedTuple):
    """From the first byte to the last one, both counted."""

    first: int
    last: int


def ranged(data: bytes, content_type: str, asked: Headers, headers: dict[str, str]) -> Response:
    """All of the bytes, the part that is asked for, or word that the asker has them already.

    Args:
        data: the whole.
        content_type: what it is.
        asked: the request's headers.
        headers: further headers of the answer.

    Raises:
        RangeError: there is no such part, or several are asked for.
    """
    etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    shared = {**headers, "ETag": etag, "Accept-Ranges": "bytes"}
    if _matches(asked.get("if-none-match"), etag):
        return Response(status_code=_NOT_MODIFIED, headers=shared)
    # With If-Range a part is wanted only of the very bytes of before; what dates it is no tag of ours.
    is_same = asked.get("if-range", etag) == etag
    part = _range(asked.get("range"), len(data)) if is_same else None
    if part is None:
        return Response(data, headers=shared, media_type=content_type)
    shared["Content-Range"] = f"bytes {part.first}-{part.last}/{len(data)}"
    return Response(data[part.first : part.last + 1], _PARTIAL, shared, media_type=content_type)


def _matches(given: str | None, etag: str) -> bool:
    if given is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in given.split(",")]
    return "*" in tags or etag in tags


def _range(given: str | None, size: int) -> ByteRange | None:
    """The range that a header asks for; None for all of it, also where the header is of no known form."""
    if given is None:
        return None
    unit, separator, text = given.partition("=")
    if unit.strip().lower() != "bytes" or not separator:
        return None
    if "," in text:
        raise RangeError("One range at a time is given here. Ask for each by itself.", size)
    found = _RANGE.fullmatch(text.strip())
    if found is None or found.group(0) == "-":
        return None
    first, last = found.groups()
    if first is None:
        # The last bytes, as many as are asked for.
        part = ByteRange(max(size - int(last), 0), size - 1)
    else:
        part = ByteRange(int(first), min(int(last), size - 1) if last else size - 1)
        if last and int(last) < int(first):
            return None
    if part.first >= size or part.last < part.first:
        raise RangeError(f"There are {size} bytes: {text.strip()} is not among them.", size)
    return part
