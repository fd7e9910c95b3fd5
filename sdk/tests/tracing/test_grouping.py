"""Session, user, tags and metadata while a trace runs: what reaches the trace, and what stays unharmed."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from opentelemetry import trace as otel
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

import outcrop
from outcrop.runtime import get_runtime
from outcrop.testing.traces import CapturedTraces
from outcrop.tracing import grouping


def foreign_span(trace_id: int, span_id: int = 7) -> NonRecordingSpan:
    return NonRecordingSpan(SpanContext(trace_id, span_id, False, TraceFlags(1)))


def test_an_update_reaches_the_root_through_any_depth_and_other_libraries_spans(
    traces: CapturedTraces,
) -> None:
    @outcrop.trace
    def deep(levels: int) -> None:
        if levels:
            deep(levels - 1)
        else:
            outcrop.update_current_trace(tags={"from": "below"})

    with outcrop.start_span("root") as root:
        inside = foreign_span(int(root.trace_id, 16))
        with otel.use_span(inside):
            outcrop.update_current_trace(session_id="s")
        deep(20)
    trace = traces.last()
    assert (trace.info.session_id, trace.info.tags) == ("s", {"from": "below"})
    carriers = [span.name for span in trace.data.spans if "outcrop.tag.from" in span.attributes]
    assert carriers == ["root"]


def test_another_librarys_own_trace_is_not_ours_to_update(
    traces: CapturedTraces, caplog: pytest.LogCaptureFixture
) -> None:
    grouping._say_that_no_trace_runs.cache_clear()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # said once a process
    with outcrop.start_span("ours"), otel.use_span(foreign_span(12345)):
        outcrop.update_current_trace(tags={"a": "b"})
    assert traces.last().info.tags == {}
    assert "where no trace runs" in caplog.text


def test_below_another_librarys_span_the_first_of_ours_speaks(traces: CapturedTraces) -> None:
    with (
        otel.use_span(foreign_span(99)),
        outcrop.context(tags={"by": "context"}),
        outcrop.start_span("request"),
        outcrop.start_span("step"),
    ):
        outcrop.update_current_trace(user_id="u")
    trace = traces.last()
    assert (trace.info.user_id, trace.info.tags) == ("u", {"by": "context"})
    assert trace.data.spans[0].attributes["user.id"] == "u"


def test_an_update_outside_of_a_trace_says_so_once_and_does_nothing(caplog: pytest.LogCaptureFixture) -> None:
    grouping._say_that_no_trace_runs.cache_clear()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # as above
    with caplog.at_level(logging.WARNING, "outcrop"):
        for _ in range(3):
            outcrop.update_current_trace(tags={"a": "b"})
    assert caplog.text.count("where no trace runs") == 1


def test_the_last_word_counts_and_the_rest_stays(traces: CapturedTraces) -> None:
    with outcrop.context(session_id="from context", tags={"a": "1", "b": "1"}), outcrop.start_span("root"):
        outcrop.update_current_trace(tags={"b": 2, "c": True}, metadata={"m": 1.5})
        outcrop.update_current_trace(session_id="updated")
    info = traces.last().info
    assert (info.tags, info.session_id) == ({"a": "1", "b": "2", "c": "True"}, "updated")
    assert info.trace_metadata["m"] == "1.5"


def test_mlflows_names_for_session_and_user_are_understood(traces: CapturedTraces) -> None:
    with outcrop.start_span("root"):
        outcrop.update_current_trace(
            metadata={"mlflow.trace.session": "s", "mlflow.trace.user": "u", "k": "v"}
        )
    info = traces.last().info
    assert (info.session_id, info.user_id) == ("s", "u")
    assert set(info.trace_metadata) == {"outcrop.experiment.name", "k"}


class Unspeakable:
    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_a_value_that_cannot_become_text_harms_no_program(
    traces: CapturedTraces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OUTCROP_RAISE_FAULTS")
    ran: list[str] = []
    odd: Any = {"a": Unspeakable()}
    with outcrop.context(tags=odd), outcrop.start_span("root"):
        outcrop.update_current_trace(tags=odd)
        ran.append("block")
    assert ran == ["block"]
    assert traces.last().info.tags == {}


def test_an_exception_in_a_context_goes_on_its_way_and_ends_it(traces: CapturedTraces) -> None:
    with pytest.raises(KeyError, match="k"), outcrop.context(session_id="s"):
        raise KeyError("k")
    with outcrop.start_span("after"):
        pass
    assert traces.last().info.session_id is None


def test_a_context_around_a_running_trace_changes_those_that_begin_within_alone(
    traces: CapturedTraces,
) -> None:
    with outcrop.start_span("running"), outcrop.context(session_id="s"), outcrop.start_span("child"):
        pass
    trace = traces.last()
    assert trace.info.session_id is None
    assert "session.id" not in trace.data.spans[1].attributes


def test_who_uses_no_context_never_asks_for_one(
    traces: CapturedTraces, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> Any:
        raise AssertionError("asked")

    monkeypatch.setattr("outcrop.runtime.current_grouping", never)
    monkeypatch.setattr(get_runtime(), "has_grouping", False)
    with outcrop.start_span("root"), outcrop.start_span("child"):
        pass
    assert len(traces.last().data.spans) == 2


def test_the_span_that_runs_can_be_had_from_further_in(traces: CapturedTraces) -> None:
    assert outcrop.get_current_active_span() is None
    assert outcrop.get_active_trace_id() is None
    with outcrop.start_span("outer") as outer:
        with outcrop.start_span("inner") as inner:
            assert outcrop.get_current_active_span() is inner
            # A web framework's span within ours does not hide it.
            with otel.use_span(foreign_span(int(inner.trace_id, 16))):
                assert outcrop.get_current_active_span() is inner
        assert outcrop.get_current_active_span() is outer
        assert outcrop.get_active_trace_id() == outer.trace_id
    # A trace of others alone is none of ours.
    with otel.use_span(foreign_span(5)):
        assert outcrop.get_current_active_span() is None
    (trace,) = traces.all()
    assert [span.name for span in trace.data.spans] == ["outer", "inner"]


def test_flushing_by_the_other_name_delivers(monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[float] = []

    def flush(timeout_s: float) -> bool:
        flushed.append(timeout_s)
        return True

    monkeypatch.setattr(get_runtime(), "flush", flush)
    outcrop.flush_trace_async_logging()
    outcrop.flush_trace_async_logging(terminate=True)
    assert len(flushed) == 2
