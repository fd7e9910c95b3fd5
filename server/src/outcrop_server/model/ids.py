"""Trace and span ids: bytes inside, lowercase hex outside."""

from __future__ import annotations

import re

from outcrop_server.model.errors import BadRequestError

_TRACE_ID = re.compile(r"[0-9a-f]{32}")
_SPAN_ID = re.compile(r"[0-9a-f]{16}")


def parse_trace_id(text: str) -> bytes:
    """Reads a trace id of 32 hex digits in any case, with or without MLflow's prefix `tr-`.

    Raises:
        BadRequestError: it is something else.
    """
    digits = text.lower().removeprefix("tr-")
    if not _TRACE_ID.fullmatch(digits):
        raise BadRequestError(
            f"'{text[:80]}' is no trace id: give 32 hex digits, with or without 'tr-' in front."
        )
    return bytes.fromhex(digits)


def parse_span_id(text: str) -> bytes:
    """Reads a span id of 16 hex digits in any case.

    Raises:
        BadRequestError: it is something else.
    """
    digits = text.lower()
    if not _SPAN_ID.fullmatch(digits):
        raise BadRequestError(f"'{text[:80]}' is no span id: give 16 hex digits.")
    return bytes.fromhex(digits)
