from __future__ import annotations

import pytest

from outcrop_server.model.errors import BadRequestError
from outcrop_server.model.ids import parse_span_id, parse_trace_id

DIGITS = "0123456789abcdef" * 2


@pytest.mark.parametrize("text", [DIGITS, DIGITS.upper(), f"tr-{DIGITS}", f"TR-{DIGITS.upper()}"])
def test_a_trace_id_is_read_in_any_case_with_or_without_prefix(text: str) -> None:
    assert parse_trace_id(text) == bytes.fromhex(DIGITS)


@pytest.mark.parametrize("text", ["", "tr-", DIGITS[:-1], DIGITS + "0", "g" * 32, "٣" * 32, DIGITS + "\n"])
def test_what_is_no_trace_id_is_refused(text: str) -> None:
    with pytest.raises(BadRequestError, match="32 hex digits"):
        parse_trace_id(text)


def test_a_span_id_is_read_in_any_case_and_anything_else_refused() -> None:
    assert parse_span_id("00000000000000AB") == b"\0" * 7 + b"\xab"
    with pytest.raises(BadRequestError, match="16 hex digits"):
        parse_span_id("ab")
