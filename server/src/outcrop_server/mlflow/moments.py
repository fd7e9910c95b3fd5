"""Moments and durations as protobuf's JSON writes them, to the millisecond as MLflow keeps them. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timezone

from outcrop_server.model.errors import BadRequestError

_NS_IN_MS, _MS_IN_S, _NS_IN_S = 1_000_000, 1000, 1_000_000_000
_MOMENT = re.compile(r"(.+?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")


def moment_ns(text: object) -> int | None:
    """Nanoseconds since the epoch of a moment in RFC 3339; None if there is none.

    Raises:
        BadRequestError: it is something else.
    """
    if text is None:
        return None
    found = _MOMENT.fullmatch(str(text))
    try:
        if found is None:
            raise ValueError  # noqa: TRY301 - told like the library's own refusal
        whole = datetime.fromisoformat(found[1] + found[3].replace("Z", "+00:00"))
    except ValueError as error:
        raise BadRequestError(f"'{str(text)[:80]}' is no moment in RFC 3339.") from error
    return int(whole.timestamp()) * _NS_IN_S + int((found[2] or "0").ljust(9, "0"))


def moment(at_ns: int) -> str:
    """A moment in RFC 3339."""
    seconds, rest = divmod(at_ns // _NS_IN_MS, _MS_IN_S)
    whole = datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{rest:03d}Z"


def duration(duration_ns: int) -> str:
    """A duration in seconds."""
    seconds, rest = divmod(duration_ns // _NS_IN_MS, _MS_IN_S)
    return f"{seconds}.{rest:03d}s"
