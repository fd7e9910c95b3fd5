from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcrop_server.model.errors import BadRequestError
from outcrop_server.model.rows import TracePosition
from outcrop_server.query import cursor


@given(st.integers(0, 2**63 - 1), st.binary(min_size=16, max_size=16))
def test_a_cursor_reads_as_the_position_it_was_made_from(start_ns: int, trace_id: bytes) -> None:
    text = cursor.encode(TracePosition(start_ns, trace_id))
    assert cursor.decode(text) == (start_ns, trace_id)
    assert text.replace("-", "").replace("_", "").isalnum()


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(BadRequestError, match="cursor"):
        cursor.decode(text)


def test_a_cursor_of_another_version_is_refused() -> None:
    packed = bytearray(base64.urlsafe_b64decode(cursor.encode(TracePosition(1, bytes(16))) + "=="))
    packed[0] = 2
    with pytest.raises(BadRequestError):
        cursor.decode(base64.urlsafe_b64encode(packed).decode().rstrip("="))
