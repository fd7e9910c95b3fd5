"""OTLP files: what is written is OTLP's JSON, and is read back as it was."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

import outcrop
from outcrop.delivery.file import FileDestination, FileSender
from outcrop.delivery.otlp_json import from_line, to_line
from outcrop.exceptions import OutcropError
from outcrop.otlp.encode import encode_request, encode_span
from outcrop.otlp.records import SpanRecord
from sdk.tests.delivery.test_otlp import SPANS


@given(SPANS)
def test_spans_come_back_from_json_as_they_went_in(span: SpanRecord) -> None:
    line = to_line(encode_request([encode_span(span)], {"service.name": "test"}))
    assert line.count(b"\n") == 1
    assert from_line(line) == [span]


def test_the_json_is_otlps() -> None:
    span = SpanRecord(
        b"\x01" * 16,
        b"\x02" * 8,
        b"",
        "n",
        3,
        5,
        7,
        1,
        "",
        {"b": b"\xff", "i": 9, "l": [True]},
        [],
        "/Shared/x",
        "test",
    )
    (resource_spans,) = json.loads(to_line(encode_request([encode_span(span)], {})))["resourceSpans"]
    assert resource_spans["resource"]["attributes"] == [
        {"key": "outcrop.experiment.name", "value": {"stringValue": "/Shared/x"}}
    ]
    (scope_spans,) = resource_spans["scopeSpans"]
    (found,) = scope_spans["spans"]
    assert found["traceId"] == "01" * 16
    assert found["startTimeUnixNano"] == "5"
    assert found["attributes"] == [
        {"key": "b", "value": {"bytesValue": "/w=="}},
        {"key": "i", "value": {"intValue": "9"}},
        {"key": "l", "value": {"arrayValue": {"values": [{"boolValue": True}]}}},
    ]


PROGRAM = """
import sys, outcrop
outcrop.set_tracking_uri(sys.argv[1])
@outcrop.trace
def step(number): return number
for number in range(200): step(number)
"""


def test_several_programs_write_one_file_and_it_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "below" / "traces.jsonl"
    programs = [
        subprocess.Popen([sys.executable, "-c", PROGRAM, f"file://{path}"], stderr=subprocess.PIPE, text=True)  # noqa: S603  # our own program
        for _ in range(3)
    ]
    for program in programs:
        _, errors = program.communicate(timeout=120)
        assert (program.returncode, errors) == (0, "")
    spans = [span for line in path.read_bytes().splitlines() for span in from_line(line)]
    assert len(spans) == 600
    destination = FileDestination(path, {})
    (found,) = destination.read_trace(spans[300].trace_id.hex())
    assert found == spans[300]
    assert destination.read_trace("0" * 32) == []
    assert path.stat().st_mode & 0o077 == 0


def test_get_trace_reads_the_file(tmp_path: Path) -> None:
    before = outcrop.get_tracking_uri()
    outcrop.set_tracking_uri(f"file://{tmp_path}/traces.jsonl")
    try:
        with outcrop.start_span("kept"):
            pass
        trace_id: Any = outcrop.get_last_active_trace_id()
        trace = outcrop.get_trace(trace_id)
        assert trace is not None
        assert [span.name for span in trace.data.spans] == ["kept"]
        assert outcrop.stats().sent == 1
    finally:
        outcrop.set_tracking_uri(before)


def test_a_torn_or_foreign_line_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    span = SpanRecord(b"\x01" * 16, b"\x02" * 8, b"", "n", 1, 1, 2, 1, "", {}, [], "e", "s")
    line = to_line(encode_request([encode_span(span)], {}))
    path.write_bytes(line[:-20] + b"\n" + b'{"traceId": "' + b"01" * 16 + b'"}\n' + line)
    assert FileDestination(path, {}).read_trace("01" * 16) == [span]


def test_a_file_that_cannot_be_written_is_said_and_tried_again(tmp_path: Path) -> None:
    (tmp_path / "in the way").write_text("")
    sent = FileSender(tmp_path / "in the way" / "traces.jsonl").post(b"")
    assert not sent.is_delivered
    assert not sent.is_refused
    assert sent.reason
    with pytest.raises(OutcropError, match="cannot be read"):
        FileDestination(tmp_path, {}).read_trace("01" * 16)


def test_a_file_says_what_it_cannot_do(tmp_path: Path) -> None:
    before = outcrop.get_tracking_uri()
    outcrop.set_tracking_uri(f"file://{tmp_path}/traces.jsonl")
    try:
        with pytest.raises(OutcropError, match="cannot be searched"):
            outcrop.search_traces()
        with pytest.raises(OutcropError, match="cannot keep feedback"):
            outcrop.log_feedback(trace_id="1" * 32, name="good", value=True)
    finally:
        outcrop.set_tracking_uri(before)
