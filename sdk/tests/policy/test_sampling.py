"""Which traces are kept: by share, by parent, by a function, by a block, and by what became of them."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace as otel

import outcrop
from outcrop.bedrock import calls
from outcrop.capture.sampling import is_kept
from outcrop.recording import held
from outcrop.recording.ids import root_ids
from outcrop.recording.span import LiveSpan
from outcrop.runtime import get_runtime
from outcrop.testing import BedrockEmulator, Reply, ValidationError
from outcrop.testing.traces import CapturedTraces

MODEL = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"
HELLO: list[dict[str, Any]] = [{"role": "user", "content": [{"text": "Hello?"}]}]


@given(st.binary(min_size=16, max_size=16), st.floats(0, 1))
def test_the_share_is_opentelemetrys_own_rule(trace_id: bytes, share: float) -> None:
    sampling = pytest.importorskip(
        "opentelemetry.sdk.trace.sampling", reason="the light installation has no SDK"
    )
    sampler = sampling.TraceIdRatioBased(share)
    decision = sampler.should_sample(None, int.from_bytes(trace_id, "big"), "name").decision
    assert is_kept(trace_id, share) == (decision is sampling.Decision.RECORD_AND_SAMPLE)


def _names(traces: CapturedTraces) -> list[str]:
    return sorted(record.name for record in traces.records())


def test_a_share_of_traces_is_kept_each_of_them_whole(traces: CapturedTraces) -> None:
    outcrop.configure(sample=0.25)
    ids: list[bytes] = []
    for _ in range(400):
        with outcrop.start_span("root") as root, outcrop.start_span("child") as child:
            ids.append(root.ids[0])
            assert child.ids[0] == root.ids[0]
            assert child.ids[2] == root.ids[1]
    kept = [trace_id for trace_id in ids if is_kept(trace_id, 0.25)]
    assert 0 < len(kept) < 400
    assert sorted(record.trace_id for record in traces.records()) == sorted(kept * 2)


def test_a_call_that_is_left_out_passes_its_ids_on_and_keeps_nothing(
    client: Any, traces: CapturedTraces, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcrop.configure(sample=0)
    seen: list[otel.SpanContext] = []

    def _note(**_: Any) -> None:
        seen.append(_current())

    client.meta.events.register("before-send.bedrock-runtime", _note)
    monkeypatch.setattr(calls, "Call", None)  # nothing may be made of it
    answer = client.converse(modelId=MODEL, messages=HELLO)
    stream = list(client.converse_stream(modelId=MODEL, messages=HELLO)["stream"])
    assert answer["output"]["message"]["content"]
    assert stream[0] == {"messageStart": {"role": "assistant"}}
    assert [context.is_valid for context in seen] == [True, True]
    assert not any(context.trace_flags.sampled for context in seen)
    assert not _current().is_valid
    assert traces.all() == []


def _current() -> otel.SpanContext:
    return otel.get_current_span().get_span_context()


def test_a_span_that_is_left_out_takes_everything_a_span_takes(traces: CapturedTraces) -> None:
    @outcrop.trace
    def double(number: int) -> int:
        return number * 2

    outcrop.configure(sample=0)
    assert double(4) == 8
    with outcrop.start_span("s", span_type="TOOL", attributes={"a": 1}) as span:
        span.set_inputs({})
        span.set_outputs({})
        span.add_event("e")
        span.record_exception(ValueError("v"))
        span.set_status("ERROR", "no")
        span.update_name("other")
        assert len(span.trace_id) == 32
        assert not span.is_recording()
    with pytest.raises(KeyError), outcrop.start_span("fails"):
        raise KeyError("k")
    assert traces.all() == []


@pytest.mark.parametrize("is_sampled", [True, False])
def test_another_librarys_parent_decides(traces: CapturedTraces, is_sampled: bool) -> None:
    # The share alone would say the opposite.
    outcrop.configure(sample=0.0 if is_sampled else 1.0)
    trace_id, span_id, _ = root_ids()
    flags = otel.TraceFlags(otel.TraceFlags.SAMPLED if is_sampled else otel.TraceFlags.DEFAULT)
    parent = otel.SpanContext(
        int.from_bytes(trace_id, "big"), int.from_bytes(span_id, "big"), is_remote=True, trace_flags=flags
    )
    with otel.use_span(otel.NonRecordingSpan(parent)), outcrop.start_span("ours"):
        assert _current().trace_flags.sampled is is_sampled
    assert _names(traces) == (["ours"] if is_sampled else [])


def test_a_sampler_of_ones_own_sees_name_and_attributes(
    client: Any, traces: CapturedTraces, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[tuple[str, dict[str, Any]]] = []

    def sampler(name: str, attributes: Mapping[str, Any]) -> bool | float:
        seen.append((name, dict(attributes)))
        if name == "broken":
            raise RuntimeError("in the sampler")
        return attributes.get("gen_ai.request.model") == MODEL and 1.0

    outcrop.configure(sample=sampler)
    with outcrop.start_span("left out", attributes={"tier": "free"}), outcrop.start_span("child"):
        pass
    client.converse(modelId=MODEL, messages=HELLO)
    client.converse(modelId="anthropic.other", messages=HELLO)
    with outcrop.start_span("broken"):
        pass
    assert _names(traces) == ["broken", f"chat {MODEL}"]
    assert "the sampler failed" in caplog.text
    assert [name for name, _ in seen] == ["left out", f"chat {MODEL}", "chat anthropic.other", "broken"]
    assert seen[0][1] == {"tier": "free"}
    assert seen[1][1]["gen_ai.operation.name"] == "chat"
    assert seen[1][1]["outcrop.aws.operation"] == "Converse"


def test_a_block_says_which_of_its_calls_are_kept(client: Any, traces: CapturedTraces) -> None:
    with outcrop.keeping(sample=0):
        client.converse(modelId="anthropic.out", messages=HELLO)
    with outcrop.start_span("root"):
        with outcrop.keeping(sample=0), outcrop.start_span("out"), outcrop.start_span("under it"):
            client.converse(modelId="anthropic.out", messages=HELLO)
            with outcrop.keeping(sample=1), outcrop.start_span("in again") as again:
                assert again.local_root is None
        client.converse(modelId="anthropic.in", messages=HELLO)
    assert _names(traces) == ["chat anthropic.in", "in again", "root"]


def test_what_failed_is_kept_whole_whatever_the_share_says(
    client: Any, bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    outcrop.configure(sample=0, keep_errors=True)
    bedrock_emulator.script(MODEL, Reply("Fine."), ValidationError("Bad."))
    with outcrop.start_span("fine"):
        client.converse(modelId=MODEL, messages=HELLO)
    with outcrop.start_span("fails within") as root:
        assert root.is_recording()
        # Others are told that the trace is not sampled: so it was decided.
        assert not _current().trace_flags.sampled
        with outcrop.start_span("before"):
            pass
        with pytest.raises(ClientError):
            client.converse(modelId=MODEL, messages=HELLO)
        assert traces.records() == []
    assert _names(traces) == ["before", f"chat {MODEL}", "fails within"]
    assert len({record.trace_id for record in traces.records()}) == 1
    assert outcrop.get_last_active_trace_id() == root.trace_id


@pytest.mark.parametrize("is_slow", [True, False])
def test_what_took_long_is_kept_whole(traces: CapturedTraces, is_slow: bool) -> None:
    outcrop.configure(sample=0, keep_slower_than_s=2.5)
    with outcrop.start_span("root") as root:
        with outcrop.start_span("child"):
            pass
        root.end(root.start_time_ns + (2_600_000_000 if is_slow else 2_400_000_000))
    assert _names(traces) == (["child", "root"] if is_slow else [])


@pytest.mark.parametrize("is_kept_trace", [True, False])
def test_what_ends_after_its_root_follows_the_decision(
    client: Any, traces: CapturedTraces, is_kept_trace: bool
) -> None:
    outcrop.configure(sample=0, keep_errors=True)
    with outcrop.start_span("root") as root:
        stream = client.converse_stream(modelId=MODEL, messages=HELLO)["stream"]
        if is_kept_trace:
            root.set_status("ERROR", "no")
    list(stream)
    assert _names(traces) == ([f"chat {MODEL}", "root"] if is_kept_trace else [])


def test_a_call_alone_is_its_own_root(
    client: Any, bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    outcrop.configure(sample=0, keep_errors=True)
    bedrock_emulator.script(MODEL, Reply("Fine."), ValidationError("Bad."))
    client.converse(modelId=MODEL, messages=HELLO)
    assert traces.all() == []
    with pytest.raises(ClientError):
        client.converse(modelId=MODEL, messages=HELLO)
    (trace,) = traces.all()
    assert trace.data.spans[0].status.description == "Bad."


def test_what_waits_takes_bounded_room(
    traces: CapturedTraces, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(held, "MAX_HELD_SPANS", 3)
    outcrop.configure(sample=0, keep_errors=True)
    with outcrop.start_span("root") as root:
        for number in range(5):
            with outcrop.start_span(f"child {number}"):
                pass
        root.set_status("ERROR")
    assert _names(traces) == ["child 0", "child 1", "child 2", "root"]
    assert "outcrop: 3 spans of " in caplog.text
    assert "no room for more" in caplog.text
    # Room is given back, by a trace whose root never ends too.
    traces.clear()
    lost = get_runtime().start_span("never ends", "test")
    with otel.use_span(lost):
        for _ in range(3):
            with outcrop.start_span("within it"):
                pass
    del lost
    gc.collect()
    with outcrop.start_span("next") as following:
        for number in range(3):
            with outcrop.start_span(f"kept {number}"):
                pass
        following.set_status("ERROR")
    assert _names(traces) == ["kept 0", "kept 1", "kept 2", "next"]


def test_what_waits_takes_bounded_bytes_and_what_is_missing_of_a_kept_trace_counts_as_dropped(
    client: Any, traces: CapturedTraces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "MAX_HELD_BYTES", 100_000)
    outcrop.configure(sample=0, keep_errors=True)
    # A count of its own for this test: another test's losses are none of its.
    monkeypatch.setattr(get_runtime(), "_lost", 0)

    def trace(name: str) -> None:
        """Spans of few bytes and of many, and a call of many."""
        with outcrop.start_span(name) as root:
            for number, text in enumerate(("a", "b" * 60_000, "c" * 60_000, "d")):
                with outcrop.start_span(f"{name} {number}") as child:
                    child.set_inputs(text)
            long = [{"role": "user", "content": [{"text": "e" * 60_000}]}]
            client.converse(modelId="anthropic.long", messages=long)
            if name == "fails":
                root.set_status("ERROR")

    # Let go as a whole: nothing was lost of it, and its room is free again.
    trace("fine")
    assert outcrop.stats().dropped == 0
    trace("fails")
    assert _names(traces) == ["fails", "fails 0", "fails 1", "fails 3"]
    stats = outcrop.stats()
    assert stats.dropped == 2
    assert stats.reasons["no room to wait for the end of their trace"] == 2
    assert "dropped 2 (2: no room to wait" in str(stats)


@pytest.mark.parametrize("wrong", [-0.1, 1.1, "half", float("nan"), True])
def test_a_wrong_share_is_refused(wrong: Any) -> None:
    with pytest.raises(outcrop.ConfigurationError, match=r"give a number from 0 \(none\) to 1 \(all\)"):
        outcrop.configure(sample=wrong)
    with pytest.raises(outcrop.ConfigurationError), outcrop.keeping(sample=wrong):
        pass


def test_without_sampling_spans_are_of_the_plain_kind() -> None:
    with outcrop.start_span("plain") as span:
        assert type(span) is LiveSpan
        assert _current().trace_flags.sampled


def test_a_block_that_asks_for_something_changes_nothing_for_the_rest_of_the_program(
    client: Any, traces: CapturedTraces
) -> None:
    with outcrop.keeping(sample=1):
        pass
    parent = otel.SpanContext(0xABC, 0xDEF, is_remote=True)  # not sampled, and nobody asked for sampling
    with otel.use_span(otel.NonRecordingSpan(parent)):
        client.converse(modelId="anthropic.in", messages=HELLO)
    assert _names(traces) == ["chat anthropic.in"]
