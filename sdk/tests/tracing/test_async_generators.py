"""Traced asynchronous generators: one span each, whatever ends it, and no context left behind."""

from __future__ import annotations

import asyncio
import gc
import inspect
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import pytest
from opentelemetry import trace as otel

import outcrop
from outcrop.entities import Span
from outcrop.testing.traces import CapturedTraces


@outcrop.trace
async def count(upto: int) -> AsyncGenerator[int, None]:
    for number in range(upto):
        await asyncio.sleep(0)
        yield number


@outcrop.trace
async def echo() -> AsyncGenerator[str, str]:
    heard = yield "ready"
    while True:
        try:
            heard = yield heard.upper()
        except ValueError as error:
            heard = str(error)


def only_span(traces: CapturedTraces) -> Span:
    (trace,) = traces.all()
    (span,) = trace.data.spans
    return span


def end_of(span: Span) -> tuple[str, str]:
    return span.status.status_code, span.attributes["outcrop.stream.outcome"]


def current_name() -> str:
    return str(getattr(otel.get_current_span(), "name", "none"))


def test_one_read_to_its_end_is_a_span_with_its_items(traces: CapturedTraces) -> None:
    async def main() -> list[int]:
        return [number async for number in count(3)]

    assert asyncio.run(main()) == [0, 1, 2]
    span = only_span(traces)
    assert (span.inputs, span.outputs, end_of(span)) == ({"upto": 3}, [0, 1, 2], ("OK", "complete"))
    assert inspect.isasyncgenfunction(count)


def test_a_break_and_aclose_end_the_span_within_its_own_context(traces: CapturedTraces) -> None:
    seen: list[str] = []

    @outcrop.trace
    async def numbers() -> AsyncGenerator[int, None]:
        try:
            yield 1
        finally:
            await asyncio.sleep(0)
            seen.append(current_name())

    async def main() -> None:
        generator = numbers()
        async for _ in generator:
            break
        assert current_name() == "none"
        await generator.aclose()
        await generator.aclose()

    asyncio.run(main())
    assert seen == ["numbers"]
    assert end_of(only_span(traces)) == ("OK", "cancelled")


def test_asend_and_athrow_work_as_without_tracing(traces: CapturedTraces) -> None:
    async def main() -> None:
        talk = echo()
        assert type(talk).__name__ == "async_generator"
        assert await anext(talk) == "ready"
        assert await talk.asend("a") == "A"
        assert await talk.athrow(ValueError("b")) == "B"
        with pytest.raises(KeyError):
            await talk.athrow(KeyError("c"))
        with pytest.raises(StopAsyncIteration):
            await anext(talk)

    asyncio.run(main())
    span = only_span(traces)
    assert (span.outputs, span.attributes["error.type"]) == (["ready", "A", "B"], "KeyError")


def test_one_that_nobody_closes_is_closed_by_the_event_loop_without_complaint(
    traces: CapturedTraces, caplog: pytest.LogCaptureFixture
) -> None:
    complaints: list[dict[str, Any]] = []
    cleaned: list[str] = []

    @outcrop.trace
    async def held() -> AsyncGenerator[int, None]:
        try:
            with outcrop.start_span("inner"):
                yield 1
        finally:
            await asyncio.sleep(0)
            cleaned.append("held")

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, said: complaints.append(said))
        kept.append(held())
        await anext(kept[0])

    kept: list[AsyncGenerator[int, None]] = []
    asyncio.run(main())
    assert cleaned == ["held"]
    assert complaints == []
    assert caplog.text == ""
    assert sorted(span.name for span in traces.last().data.spans) == ["held", "inner"]


def test_one_that_is_collected_while_the_loop_runs_ends_once(
    traces: CapturedTraces, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        generator = count(5)
        await anext(generator)
        del generator
        gc.collect()
        for _ in range(5):
            await asyncio.sleep(0)

    asyncio.run(main())
    span = only_span(traces)
    assert (span.outputs, end_of(span)) == ([0], ("OK", "cancelled"))
    assert caplog.text == ""


def test_one_that_is_never_started_is_a_span_when_it_is_let_go(traces: CapturedTraces) -> None:
    generator = count(1)
    del generator
    gc.collect()
    assert end_of(only_span(traces)) == ("OK", "not_consumed")


def test_one_driven_without_an_event_loop_ends_when_it_is_collected(traces: CapturedTraces) -> None:
    @outcrop.trace
    async def plain() -> AsyncGenerator[int, None]:
        yield 1

    generator = plain()
    with pytest.raises(StopIteration):
        generator.asend(None).send(None)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # by hand, as a loop does
    del generator
    gc.collect()
    assert end_of(only_span(traces)) == ("OK", "cancelled")


def test_a_cancelled_reader_fails_the_span(traces: CapturedTraces) -> None:
    started = asyncio.Event()

    @outcrop.trace
    async def waits() -> AsyncIterator[int]:
        yield 1
        started.set()
        await asyncio.Event().wait()

    async def read() -> None:
        async for _ in waits():
            pass

    async def main() -> None:
        task = asyncio.create_task(read())
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    span = only_span(traces)
    assert (span.outputs, span.attributes["error.type"]) == ([1], "CancelledError")


def test_two_read_in_turns_keep_their_contexts_apart(traces: CapturedTraces) -> None:
    @outcrop.trace
    async def letters(name: str) -> AsyncGenerator[str, None]:
        for number in range(2):
            with outcrop.start_span(f"{name}{number}"):
                await asyncio.sleep(0)
            yield name

    async def read(name: str) -> None:
        with outcrop.start_span(f"reader {name}"):
            async for _ in letters(name):
                assert current_name() == f"reader {name}"

    async def main() -> None:
        await asyncio.gather(read("a"), read("b"))
        one, other = letters("c"), letters("d")
        async for _ in one:
            await anext(other)
            assert current_name() == "none"
        await other.aclose()

    asyncio.run(main())
    for trace in traces.all():
        spans = {span.span_id: span for span in trace.data.spans}
        parts = [span for span in spans.values() if span.name[1:].isdigit()]
        assert len(parts) == 2
        assert {spans[part.parent_id or ""].inputs["name"] for part in parts} == {parts[0].name[0]}


def test_a_reducer_makes_one_output_of_the_items(traces: CapturedTraces) -> None:
    @outcrop.trace(output_reducer="".join)
    async def tokens() -> AsyncIterator[str]:
        yield "Hel"
        yield "lo"

    async def main() -> str:
        return "".join([token async for token in tokens()])

    assert asyncio.run(main()) == "Hello" == only_span(traces).outputs
