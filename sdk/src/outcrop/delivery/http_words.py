"""What requests and answers of HTTP have alike wherever we send: limits, waits asked for, errors in words."""

from __future__ import annotations

import time

from outcrop.json_reading import as_object, as_text, parse_json

TIMEOUT_S = 10.0
_LONGEST_WAIT_S = 300.0
_MOST_OF_AN_ERROR = 10_000  # bytes


def wait_asked_for(header: str | None) -> float | None:
    """Seconds; the header is a number of them, or a date."""
    if not header:
        return None
    if header.strip().isdecimal():
        return min(float(header), _LONGEST_WAIT_S)
    from email.utils import parsedate_to_datetime  # noqa: PLC0415  # for the rare date

    try:
        seconds = parsedate_to_datetime(header).timestamp() - time.time()
    except (TypeError, ValueError):
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT_S)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    return host in {"localhost", "::1"} or host.startswith("127.")


def readable(answer: bytes) -> str:
    """The words of an error answer: a problem's own, JSON as it is, of protobuf the printable run."""
    words = as_text(as_object(parse_json(answer[:_MOST_OF_AN_ERROR])).get("detail"))
    text = answer.decode("utf-8", "ignore") if words is None else words
    text = text[:500]
    return "".join(character for character in text if character.isprintable())


def in_words(error: Exception) -> str:
    """What went wrong in the network."""
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT_S:g} s"
    return f"{type(error).__name__}: {error}"
