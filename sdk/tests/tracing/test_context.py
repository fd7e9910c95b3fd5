"""Which span is current where: threads, tasks, HTTP, and OpenTelemetry's other users."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from opentelemetry import baggage
from opentelemetry import context as otel_context
from opentelemetry import trace as otel

import outcrop
from outcrop.entities import Span
from outcrop.testing import BedrockEmulator
from outcrop.testing.traces import CapturedTraces

MODEL = "anthropic.claude-3-5-sonnet-20240620-v1:0"
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@outcrop.trace
def work(number: int) -> int:
    return number * 2


def by_name(traces: CapturedTraces) -> dict[str, Span]:
    return {span.name: span for trace in traces.all() for span in trace.data.spans}


def parents_of_work(traces: CapturedTraces) -> list[str | None]:
    spans = [span for trace in traces.all() for span in trace.data.spans]
    names = {span.span_id: span.name for span in spans}
    return [names.get(span.parent_id or "") for span in spans if span.name == "work"]


@pytest.fixture
def propagation() -> Iterator[None]:
    outcrop.propagate_to_threads()
    yield
    outcrop.propagate_to_threads(False)


# Threads.


def test_a_thread_begins_without_a_parent_and_a_carried_function_has_one(traces: CapturedTraces) -> None:
    with outcrop.start_span("main"):
        for target in (work, outcrop.carry_context(work)):
            thread = threading.Thread(target=target, args=(1,))
            thread.start()
            thread.join()
    assert sorted(parents_of_work(traces), key=str) == [None, "main"]


def test_a_carried_function_serves_many_threads_at_once_and_gives_what_it_gave(
    traces: CapturedTraces,
) -> None:
    both = threading.Barrier(2)

    def meet(number: int) -> int:
        both.wait(30)
        return work(number)

    with ThreadPoolExecutor(2) as executor, outcrop.start_span("main"):
        assert list(executor.map(outcrop.carry_context(meet), [1, 2])) == [2, 4]
    assert parents_of_work(traces) == ["main", "main"]


def test_a_carried_function_leaves_the_threads_own_context_as_it_was() -> None:
    with outcrop.start_span("main"):
        carried = outcrop.carry_context(otel.get_current_span)
    with outcrop.start_span("other") as other:
        assert getattr(carried(), "name", None) == "main"
        assert otel.get_current_span() is other


def test_a_carried_coroutine_function_runs_in_the_trace_too(traces: CapturedTraces) -> None:
    async def later(number: int) -> int:
        await asyncio.sleep(0)
        return work(number)

    with outcrop.start_span("main"):
        carried = outcrop.carry_context(later)
    assert asyncio.run(carried(2)) == 4
    assert parents_of_work(traces) == ["main"]


@pytest.mark.usefixtures("propagation")
def test_executors_carry_the_span_on_request(traces: CapturedTraces) -> None:
    with ThreadPoolExecutor(1) as executor:
        with outcrop.start_span("main"):
            assert executor.submit(work, number=3).result() == 6
            assert list(executor.map(work, [1])) == [2]
        # The thread is used again, without the span.
        executor.submit(work, 4).result()
    assert parents_of_work(traces) == ["main", "main", None]


@pytest.mark.usefixtures("propagation")
def test_only_the_span_is_carried_not_the_programs_own_variables() -> None:
    own = contextvars.ContextVar("own", default="unset")
    own.set("here")
    with ThreadPoolExecutor(1) as executor, outcrop.start_span("main"):
        assert executor.submit(own.get).result() == "unset"


def test_switching_propagation_off_gives_the_original_back() -> None:
    original = ThreadPoolExecutor.submit
    outcrop.propagate_to_threads(True)
    outcrop.propagate_to_threads(True)
    assert ThreadPoolExecutor.submit is not original
    outcrop.propagate_to_threads(False)
    outcrop.propagate_to_threads(False)
    assert ThreadPoolExecutor.submit is original


def test_a_wrapper_that_others_put_over_ours_stays_and_ours_only_passes_on(
    traces: CapturedTraces, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = ThreadPoolExecutor.submit
    outcrop.propagate_to_threads()
    ours: Any = ThreadPoolExecutor.submit

    def theirs(self: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        return ours(self, fn, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(ThreadPoolExecutor, "submit", theirs)
        outcrop.propagate_to_threads(False)
        assert ThreadPoolExecutor.submit is theirs
        with ThreadPoolExecutor(1) as executor, outcrop.start_span("main"):
            executor.submit(work, 1).result()
    assert parents_of_work(traces) == [None]
    outcrop.propagate_to_threads(False)
    assert ThreadPoolExecutor.submit is original


def test_asyncio_tasks_and_to_thread_need_nothing(traces: CapturedTraces) -> None:
    async def one() -> int:
        return work(1)

    async def main() -> None:
        async with outcrop.start_span("main") as span:
            span.set_inputs("?")
            task = asyncio.create_task(one())
            assert list(await asyncio.gather(task, asyncio.to_thread(work, 2))) == [2, 4]

    asyncio.run(main())
    assert parents_of_work(traces) == ["main", "main"]


# HTTP.


def test_a_trace_goes_on_in_the_service_that_is_called(traces: CapturedTraces) -> None:
    with outcrop.start_span("client") as client:
        headers = outcrop.get_tracing_context_headers_for_http_request()
    assert headers == {"traceparent": f"00-{client.trace_id}-{client.span_id}-01"}
    with outcrop.set_tracing_context_from_http_request_headers(headers):
        work(1)
    (trace,) = traces.all()
    assert [span.name for span in trace.data.spans] == ["client", "work"]
    assert by_name(traces)["work"].parent_id == client.span_id
    assert outcrop.get_last_active_trace_id() == client.trace_id


def test_without_a_span_there_is_nothing_to_send() -> None:
    assert outcrop.get_tracing_context_headers_for_http_request() == {}


@pytest.mark.parametrize(
    "headers",
    [
        {"traceparent": TRACEPARENT},
        {"TraceParent": TRACEPARENT, "Host": "here"},
        {"TRACEPARENT": TRACEPARENT, "TraceState": "vendor=1"},
        [("Accept", "*/*"), ("Traceparent", TRACEPARENT)],
        [(b"accept", b"\xff"), (b"traceparent", TRACEPARENT.encode())],
    ],
)
def test_headers_are_read_as_frameworks_give_them(headers: Any, traces: CapturedTraces) -> None:
    with outcrop.set_tracing_context_from_http_request_headers(headers):
        work(1)
        context = otel.get_current_span().get_span_context()
    span = by_name(traces)["work"]
    assert (span.trace_id, span.parent_id) == (TRACEPARENT[3:35], TRACEPARENT[36:52])
    assert context.is_remote
    assert not otel.get_current_span().get_span_context().is_valid


def test_a_tracestate_travels_on() -> None:
    received = {"traceparent": TRACEPARENT, "tracestate": "vendor=1"}
    with outcrop.set_tracing_context_from_http_request_headers(received):
        assert outcrop.get_tracing_context_headers_for_http_request() == received


@pytest.mark.parametrize(
    "headers",
    [
        {},
        None,
        {"traceparent": ""},
        {"traceparent": "00-zz-b7ad6b7169203331-01"},
        {"traceparent": f"00-{'0' * 32}-b7ad6b7169203331-01"},
        {"traceparent": TRACEPARENT.replace("00-", "ff-", 1)},
        {"traceparent": None},
        [("traceparent", TRACEPARENT), ("traceparent", TRACEPARENT)],
        ["traceparent"],
    ],
)
def test_invalid_headers_change_nothing_and_are_said_at_debug_level(
    headers: Any, traces: CapturedTraces, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.DEBUG, "outcrop"),
        outcrop.start_span("handler") as handler,
        outcrop.set_tracing_context_from_http_request_headers(headers),
    ):
        work(1)
    assert by_name(traces)["work"].parent_id == handler.span_id
    assert [record.levelname for record in caplog.records] == ["DEBUG"]


def test_an_exception_of_the_handler_passes_and_the_context_ends() -> None:
    with (
        pytest.raises(KeyError),
        outcrop.set_tracing_context_from_http_request_headers({"traceparent": TRACEPARENT}),
    ):
        raise KeyError
    assert not otel.get_current_span().get_span_context().is_valid


# OpenTelemetry's other users.


def test_a_call_to_bedrock_nests_under_any_current_span_and_keeps_the_baggage(
    client: Any, bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(MODEL, "hello")
    remote = otel.SpanContext(0xABC, 0xDEF, is_remote=False, trace_flags=otel.TraceFlags(1))
    theirs = otel.NonRecordingSpan(remote)
    token = otel_context.attach(baggage.set_baggage("tenant", "a"))
    with otel.use_span(theirs), outcrop.start_span("ours"):
        assert baggage.get_baggage("tenant") == "a"
        client.converse(modelId=MODEL, messages=[{"role": "user", "content": [{"text": "hi"}]}])
    otel_context.detach(token)
    (trace,) = traces.all()
    ours, call = trace.data.spans
    assert trace.info.trace_id == f"{0xABC:032x}"
    assert (ours.parent_id, call.parent_id) == (f"{0xDEF:016x}", ours.span_id)


def test_a_span_of_another_library_nests_under_ours_and_ours_under_it(traces: CapturedTraces) -> None:
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    tracer = sdk.TracerProvider().get_tracer("theirs")
    with outcrop.start_span("outer") as outer, tracer.start_as_current_span("theirs") as theirs:
        work(1)
    assert theirs.parent.span_id == int(outer.span_id, 16)
    assert theirs.context.trace_id == int(outer.trace_id, 16)
    assert by_name(traces)["work"].parent_id == f"{theirs.context.span_id:016x}"
    assert {span.trace_id for span in by_name(traces).values()} == {outer.trace_id}
