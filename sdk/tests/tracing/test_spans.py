"""Spans of the user's own making: around a block, and ended by hand."""

from __future__ import annotations

import asyncio
import contextvars
import gc
from collections.abc import Generator
from typing import Any

import pytest
from opentelemetry import context as otel_context
from opentelemetry import trace as otel

import outcrop
from outcrop.capture import bounded
from outcrop.capture.render import MAX_JSON_BYTES
from outcrop.entities import SpanType
from outcrop.testing.traces import CapturedTraces


class RudeError(Exception):
    """An exception that cannot even be shown."""

    def __str__(self) -> str:
        raise RuntimeError("no message")


def test_async_with_is_as_good_as_with(traces: CapturedTraces) -> None:
    async def main() -> None:
        async with outcrop.start_span("outer", SpanType.AGENT, {"a": 1}) as outer:
            outer.set_inputs("?")
            await asyncio.sleep(0)
            async with outcrop.start_span("inner"):
                pass
        with pytest.raises(KeyError):
            async with outcrop.start_span("fails"):
                raise KeyError("x")

    asyncio.run(main())
    first, second = traces.all()
    outer, inner = first.data.spans
    assert (outer.span_type, outer.attributes["a"], outer.inputs) == ("AGENT", 1, "?")
    assert inner.parent_id == outer.span_id
    assert second.data.spans[0].attributes["error.type"] == "KeyError"


def test_a_span_knows_what_it_is() -> None:
    with outcrop.start_span("outer") as outer, outcrop.start_span("inner", "TOOL") as inner:
        assert (outer.parent_id, outer.span_type) == (None, "UNKNOWN")
        assert (inner.parent_id, inner.span_type) == (outer.span_id, "TOOL")
        inner.set_span_type("CHAIN")
        assert inner.span_type == "CHAIN"


def test_an_exception_that_the_block_handles_can_be_recorded(traces: CapturedTraces) -> None:
    with outcrop.start_span("tries") as span:
        try:
            int("city")
        except ValueError as error:
            span.record_exception(error, {"attempt": 1})
    (recorded,) = traces.last().data.spans
    assert recorded.status.status_code == "OK"
    (event,) = recorded.events
    assert (event.name, event.attributes["attempt"]) == ("exception", 1)


def test_a_span_by_hand_begins_a_trace_of_its_own_and_is_current_nowhere(traces: CapturedTraces) -> None:
    with outcrop.start_span("current"):
        before = otel_context.get_current()
        span = outcrop.start_span_no_context("job", SpanType.TASK, inputs={"n": 1}, attributes={"k": "v"})
        assert otel_context.get_current() == before
    assert traces.last().info.trace_id != span.trace_id
    span.end(outputs=[2], attributes={"more": True})
    span.end(outputs=[3], status="ERROR")
    (ended,) = traces.last().data.spans
    assert (ended.name, ended.span_type, ended.parent_id) == ("job", "TASK", None)
    assert (ended.inputs, ended.outputs, ended.status.status_code) == ({"n": 1}, [2], "OK")
    assert (ended.attributes["k"], ended.attributes["more"]) == ("v", True)


def test_spans_by_hand_nest_under_the_parent_they_are_given(traces: CapturedTraces) -> None:
    root = outcrop.start_span_no_context("root")
    child = outcrop.start_span_no_context("child", parent_span=root)
    with otel.use_span(child), outcrop.start_span("leaf") as leaf:
        pass
    child.end(status=otel.Status(otel.StatusCode.ERROR, "too late"))
    root.end()
    spans = {span.name: span for span in traces.last().data.spans}
    assert (spans["child"].parent_id, leaf.parent_id) == (root.span_id, child.span_id)
    assert (spans["child"].status.status_code, spans["child"].status.description) == ("ERROR", "too late")


def test_a_word_that_is_no_status_changes_none_and_is_said_once(
    traces: CapturedTraces, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outcrop.capture.faults._reported", set[str]())
    with outcrop.start_span("s") as span:
        span.set_status("error", "broken")
        span.set_status("WRONG", "other words")
        span.set_status("name")
    (ended,) = traces.last().data.spans
    assert (ended.status.status_code, ended.status.description) == ("ERROR", "broken")
    assert [record.getMessage() for record in caplog.records] == [
        "outcrop: 'WRONG' is no status of a span, and is left out: give one of UNSET, OK, ERROR."
    ]


def test_a_parent_that_is_no_span_is_refused() -> None:
    with pytest.raises(outcrop.ConfigurationError, match="parent_span is str: give a span"):
        outcrop.start_span_no_context("child", parent_span="root")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the point of the test


def test_a_block_that_is_left_in_another_context_complains_nowhere(
    traces: CapturedTraces, caplog: pytest.LogCaptureFixture
) -> None:
    def holds() -> Generator[None, None, None]:
        with outcrop.start_span("held"):
            yield

    generator = holds()
    contextvars.copy_context().run(next, generator)
    generator.close()
    # A copy made while the span was current: there, too, it ends.
    generator = holds()
    next(generator)
    copied = contextvars.copy_context()
    copied.run(generator.close)
    assert copied.run(otel.get_current_span) is otel.INVALID_SPAN
    assert caplog.text == ""
    assert [trace.data.spans[0].status.status_code for trace in traces.all()] == ["OK", "OK"]
    otel_context.attach(otel_context.Context())


def test_a_coroutine_that_is_dropped_half_way_complains_nowhere(
    traces: CapturedTraces, caplog: pytest.LogCaptureFixture
) -> None:
    @outcrop.trace
    async def half() -> None:
        await asyncio.sleep(0)

    coroutine = half()
    contextvars.copy_context().run(coroutine.send, None)
    del coroutine
    gc.collect()
    assert caplog.text == ""
    assert traces.last().data.spans[0].status.status_code == "OK"


def test_what_an_exception_cannot_say_is_said_of_it(traces: CapturedTraces) -> None:
    with pytest.raises(RudeError), outcrop.start_span("rude"):
        raise RudeError
    (span,) = traces.last().data.spans
    assert span.status.description == "<RudeError whose message cannot be read>"
    assert "RudeError" in span.events[0].attributes["exception.stacktrace"]


def test_any_attribute_is_kept_and_none_is_too_large(
    traces: CapturedTraces, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine a value may be cut for the time it takes, which has tests of its own.
    monkeypatch.setattr(bounded, "MAX_RENDER_S", 60.0)
    odd: dict[Any, Any] = {
        1: "number as key",
        "text": "x" * 10_000_000,
        "bytes": b"x" * 10_000_000,
        "list": [1] * 10_000_000,
        "huge": 10**10_000,
        "huge in list": [2**70],
        "nothing": None,
        "object": {1, 2},
        "nan": float("nan"),
    }
    with outcrop.start_span("odd", attributes=odd) as span:
        span.add_event("event", {2: "x" * 10_000_000})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]  # people do
        span.set_status("ERROR", "y" * 10_000_000)
    (ended,) = traces.last().data.spans
    shown = ended.attributes
    assert shown["1"] == "number as key"
    assert shown["text"].endswith("… (cut: 10,000,000 characters in all)")
    assert bytes(shown["bytes"]).endswith(b"... (cut: 10,000,000 bytes in all)")
    assert shown["list"].endswith('"… (cut: 10,000,000 items in all)"]')
    assert shown["huge"] == '"<int of 33,220 bits>"'
    assert (shown["huge in list"], shown["nothing"], shown["object"]) == (f"[{2**70}]", "null", "[1, 2]")
    sizes = [len(value) for value in shown.values() if isinstance(value, str | bytes)]
    sizes += [len(ended.events[0].attributes["2"]), len(ended.status.description)]
    assert max(sizes) < MAX_JSON_BYTES * 1.1
