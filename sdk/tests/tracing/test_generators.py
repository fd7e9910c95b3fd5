"""Traced generators: one span each, whatever ends it, and the caller notices nothing."""

from __future__ import annotations

import copy
import gc
import inspect
import itertools
import logging
import pickle
import threading
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest
from opentelemetry import context as otel_context
from opentelemetry import trace as otel

import outcrop
from outcrop.capture.render import MAX_JSON_BYTES
from outcrop.entities import Span
from outcrop.testing.traces import CapturedTraces


@outcrop.trace
def count(upto: int) -> Iterator[int]:
    """Counts."""
    yield from range(upto)


@outcrop.trace(name="echo")
def echo() -> Generator[str, str, str]:
    heard = yield "ready"
    while heard != "stop":
        try:
            heard = yield heard.upper()
        except ValueError as error:
            heard = str(error)
    return "bye"


def only_span(traces: CapturedTraces) -> Span:
    """The one span there is: a second one would be a span that ended twice."""
    (trace,) = traces.all()
    (span,) = trace.data.spans
    return span


def end_of(span: Span) -> tuple[str, str, str]:
    attributes = span.attributes
    return (
        span.status.status_code,
        attributes["outcrop.stream.outcome"],
        attributes["outcrop.stream.end_reason"],
    )


def test_a_generator_read_to_its_end_is_a_span_with_its_items(traces: CapturedTraces) -> None:
    assert list(count(3)) == [0, 1, 2]
    span = only_span(traces)
    assert (span.name, span.inputs, span.outputs) == ("count", {"upto": 3}, [0, 1, 2])
    assert end_of(span) == ("OK", "complete", "exhausted")
    assert span.attributes["outcrop.stream.items"] == 3


def test_a_break_ends_the_span_with_what_was_read(traces: CapturedTraces) -> None:
    for number in count(10):
        if number == 1:
            break
    span = only_span(traces)
    assert span.outputs == [0, 1]
    assert end_of(span) == ("OK", "cancelled", "cancelled")


def test_close_ends_the_span_and_runs_the_generators_own_end(traces: CapturedTraces) -> None:
    ends: list[str] = []

    @outcrop.trace
    def numbers() -> Iterator[int]:
        try:
            yield 1
        finally:
            ends.append(otel_name())

    generator = numbers()
    next(generator)
    generator.close()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]  # it is a generator
    generator.close()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]  # as above
    assert ends == ["numbers"]
    assert end_of(only_span(traces)) == ("OK", "cancelled", "cancelled")


def test_an_exception_in_the_generator_marks_the_span_and_keeps_the_items(traces: CapturedTraces) -> None:
    @outcrop.trace
    def breaks() -> Iterator[int]:
        yield 1
        raise KeyError("gone")

    with pytest.raises(KeyError, match="gone"):
        list(breaks())
    span = only_span(traces)
    assert (span.outputs, span.attributes["error.type"]) == ([1], "KeyError")
    assert end_of(span) == ("ERROR", "error", "error")
    assert [event.name for event in span.events] == ["exception"]


def test_a_generator_that_is_never_started_is_a_span_when_it_is_let_go(traces: CapturedTraces) -> None:
    generator = count(3)
    assert traces.all() == []
    del generator
    gc.collect()
    span = only_span(traces)
    assert (span.outputs, span.end_time_ns) == ([], span.start_time_ns)
    assert end_of(span) == ("OK", "not_consumed", "garbage_collected")


def test_a_generator_in_a_cycle_ends_its_span_when_it_is_collected(traces: CapturedTraces) -> None:
    holder: list[Any] = [count(3)]
    holder.append(holder)
    next(holder[0])
    del holder
    assert traces.all() == []
    gc.collect()
    assert only_span(traces).outputs == [0]


def test_a_call_that_does_not_fit_raises_at_once_and_is_a_failed_span(traces: CapturedTraces) -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        count()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # the point of the test
    assert only_span(traces).status.status_code == "ERROR"


def test_send_throw_and_the_return_value_work_as_without_tracing(traces: CapturedTraces) -> None:
    talk = echo()
    assert type(talk).__name__ == "generator"
    assert next(talk) == "ready"
    assert talk.send("a") == "A"
    assert talk.throw(ValueError("b")) == "B"
    with pytest.raises(StopIteration) as stopped:
        talk.send("stop")
    assert stopped.value.value == "bye"
    span = only_span(traces)
    assert span.outputs == ["ready", "A", "B"]
    assert span.attributes["outcrop.span.return_value"] == '"bye"'


def test_yield_from_a_traced_generator_passes_everything_through(traces: CapturedTraces) -> None:
    def outer() -> Generator[str, str, str]:
        return (yield from echo())

    talk = outer()
    next(talk)
    assert talk.send("x") == "X"
    with pytest.raises(RuntimeError, match="unhandled"):
        talk.throw(RuntimeError("unhandled"))
    assert end_of(only_span(traces)) == ("ERROR", "error", "error")


def test_a_generator_that_ignores_its_closing_gets_pythons_own_error(traces: CapturedTraces) -> None:
    @outcrop.trace
    def stubborn() -> Generator[int, None, None]:
        for number in range(2):
            try:
                yield number
            except GeneratorExit:
                yield -1

    generator = stubborn()
    next(generator)
    with pytest.raises(RuntimeError, match="generator ignored GeneratorExit"):
        generator.close()
    del generator
    gc.collect()
    assert len(traces.all()) == 1


def otel_name() -> str:
    """The name of the span that is current."""
    return str(getattr(otel.get_current_span(), "name", "none"))


def test_the_span_is_current_in_the_body_and_nowhere_else(traces: CapturedTraces) -> None:
    seen: list[str] = []

    @outcrop.trace
    def parts() -> Iterator[int]:
        for number in range(2):
            seen.append(otel_name())
            with outcrop.start_span(f"part {number}"):
                seen.append(otel_name())
                yield number
                # The block is open across the yield: it is current again when the body goes on.
                seen.append(otel_name())

    with outcrop.start_span("reader"):
        for number in parts():
            assert otel_name() == "reader"
            with outcrop.start_span(f"use {number}"):
                pass
        assert otel_name() == "reader"
    assert seen == ["parts", "part 0", "part 0", "parts", "part 1", "part 1"]
    spans = {span.name: span for span in traces.last().data.spans}
    parents = {span.span_id: span.name for span in spans.values()}
    assert {name: parents.get(span.parent_id or "") for name, span in spans.items()} == {
        "reader": None,
        "parts": "reader",
        "part 0": "parts",
        "part 1": "parts",
        "use 0": "reader",
        "use 1": "reader",
    }


def test_the_parent_is_whoever_made_the_call_not_whoever_reads(traces: CapturedTraces) -> None:
    with outcrop.start_span("handler") as handler:
        generator = count(1)
    with outcrop.start_span("server"):
        list(generator)
    spans = {span.name: span for trace in traces.all() for span in trace.data.spans}
    assert spans["count"].parent_id == handler.span_id


def test_a_generator_may_be_started_here_and_closed_in_another_thread(
    traces: CapturedTraces, caplog: pytest.LogCaptureFixture
) -> None:
    before = otel_context.get_current()

    @outcrop.trace
    def held() -> Iterator[int]:
        with outcrop.start_span("inner"):
            yield 1

    generator = held()
    next(generator)
    holder = [generator]
    del generator
    thread = threading.Thread(target=holder.clear)
    thread.start()
    thread.join()
    assert otel_context.get_current() == before
    assert sorted(span.name for span in traces.last().data.spans) == ["held", "inner"]
    assert "Failed to detach" not in caplog.text


def test_a_reducer_makes_one_output_of_the_items(traces: CapturedTraces) -> None:
    @outcrop.trace(output_reducer="".join)
    def tokens() -> Iterator[str]:
        yield "Hel"
        yield "lo"

    assert list(tokens()) == ["Hel", "lo"]
    assert only_span(traces).outputs == "Hello"


def test_a_reducer_that_fails_is_said_and_disturbs_nobody(
    traces: CapturedTraces, caplog: pytest.LogCaptureFixture
) -> None:
    @outcrop.trace(output_reducer=sum)
    def words() -> Iterator[str]:
        yield "a"

    with caplog.at_level(logging.WARNING, "outcrop"):
        assert list(words()) == ["a"]
    assert only_span(traces).outputs == ["a"]
    assert "output_reducer sum failed" in caplog.text


def test_items_are_kept_as_they_were_and_none_is_kept_alive(traces: CapturedTraces) -> None:
    class Item:
        alive = 0

        def __init__(self) -> None:
            Item.alive += 1

        def __del__(self) -> None:
            Item.alive -= 1

    @outcrop.trace
    def items() -> Iterator[Any]:
        growing: list[int] = []
        for number in range(2):
            growing.append(number)
            yield growing
        for _ in range(3):
            yield Item()

    generator = items()
    next(generator)
    next(generator)
    for _ in range(3):
        item = next(generator)
        assert Item.alive == 1
        del item
        assert Item.alive == 0
    generator = iter(())
    assert only_span(traces).outputs[:2] == [[0], [0, 1]]


def test_an_endless_generators_items_are_bounded_and_counted(traces: CapturedTraces) -> None:
    @outcrop.trace
    def pages() -> Iterator[str]:
        yield from itertools.repeat("x" * 10_000)

    for _ in itertools.islice(pages(), 300):
        pass
    span = only_span(traces)
    assert span.outputs[-1] == "… (cut: 300 items in all)"
    assert sum(map(len, span.outputs)) < MAX_JSON_BYTES * 1.1
    assert span.attributes["outcrop.stream.items"] == 300


def test_inspect_pickle_and_copy_take_it_for_the_function_it_was() -> None:
    assert inspect.isgeneratorfunction(count)
    assert (count.__name__, count.__doc__) == ("count", "Counts.")
    assert list(inspect.signature(count).parameters) == ["upto"]
    assert pickle.loads(pickle.dumps(count)) is count  # noqa: S301  # our own
    assert copy.deepcopy(count) is count
    assert "function count" in repr(count)


def test_generator_methods_are_bound_as_methods_are(traces: CapturedTraces) -> None:
    class Agent:
        def __init__(self, words: list[str]) -> None:
            self.words = words

        @outcrop.trace
        def stream(self, times: int) -> Iterator[str]:
            yield from self.words * times

        @outcrop.trace
        @classmethod
        def of(cls, word: str) -> Iterator[str]:
            yield word

        @staticmethod
        @outcrop.trace
        def fixed() -> Iterator[str]:
            yield "fixed"

    agent = Agent(["a"])
    readers: list[Callable[[], Iterator[str]]] = [lambda: agent.stream(2), lambda: Agent.of("b"), agent.fixed]
    assert [list(read()) for read in readers] == [["a", "a"], ["b"], ["fixed"]]
    inputs = [trace.data.spans[0].inputs for trace in traces.all()]
    assert inputs == [{"times": 2}, {"word": "b"}, {}]
    assert list(inspect.signature(agent.stream).parameters) == ["times"]
