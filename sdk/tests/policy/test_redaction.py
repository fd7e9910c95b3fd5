"""Redaction through real boto3 calls: nothing of what is hidden is on the wire, on disk or in memory."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

import outcrop
from outcrop.kept_settings import KeptSettings
from outcrop.runtime import Runtime, get_runtime
from outcrop.settings import read_settings
from outcrop.testing import (
    BedrockEmulator,
    ModelError,
    Reasoning,
    Reply,
    StreamFailure,
    ToolUse,
    ValidationError,
)
from outcrop.testing.traces import CapturedTraces
from sdk.tests.delivery.collector import Collector

MODEL = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"
SECRET = "AKIAIOSFODNN7EXAMPLE"
SAID = f"The key is {SECRET}; keep it."
HIDDEN = "The key is [hidden: AWS key]; keep it."
ASKED: list[dict[str, Any]] = [{"role": "user", "content": [{"text": SAID}]}]


@pytest.fixture
def collector() -> Iterator[Collector]:
    """An OTLP endpoint to which this process sends."""
    with Collector() as made:
        before = outcrop.get_tracking_uri()
        outcrop.set_tracking_uri(made.url)
        outcrop.bedrock.autolog(silent=True)
        yield made
        outcrop.flush()
        outcrop.bedrock.autolog(disable=True)
        outcrop.set_tracking_uri(before)


def _reply(**more: Any) -> Reply:
    return Reply(
        Reasoning(SAID, signature="c2ln"), SAID, ToolUse("send", {"text": SAID, "n": 7}), chunk_size=3, **more
    )


def _everything(client: Any, emulator: BedrockEmulator, key: str = SECRET) -> None:
    """A program in which the secret is in every place where one can be."""
    emulator.script(MODEL, _reply(), _reply(), _reply(), _reply())
    client.converse(modelId=MODEL, messages=ASKED, requestMetadata={"note": SAID})
    list(client.converse_stream(modelId=MODEL, messages=ASKED)["stream"])
    body = json.dumps({"anthropic_version": "a", "max_tokens": 9, "messages": [ASKED[0]]})
    client.invoke_model(modelId=MODEL, body=body)["body"].read()
    list(client.invoke_model_with_response_stream(modelId=MODEL, body=body)["body"])
    document = {"format": "txt", "name": "d", "source": {"bytes": SAID.encode()}}
    client.converse(modelId=MODEL, messages=[{"role": "user", "content": [{"document": document}]}])
    for failure in (ValidationError(SAID), ModelError(SAID, resource_name=SAID)):
        emulator.script(MODEL, failure)
        with pytest.raises(ClientError):
            client.converse(modelId=MODEL, messages=ASKED)
        emulator.reset()
    emulator.script(MODEL, _reply(failure=StreamFailure(message=SAID, original_message=SAID, after_events=6)))
    with pytest.raises(Exception, match=SECRET):
        list(client.converse_stream(modelId=MODEL, messages=ASKED)["stream"])
    _own_functions(key)


def _own_functions(key: str) -> None:
    @outcrop.trace
    def look(text: str, book: dict[str, str]) -> str:
        return f"{text} {book}"

    look(SAID, {key: "what stands under a key"})
    with outcrop.start_span(SAID, attributes={"note": SAID, "list": [SAID], "object": {"a": SAID}}) as span:
        span.add_event(SAID, {"note": SAID})
        span.set_status("ERROR", SAID)
        span.set_attribute("bytes", SAID.encode())
    with pytest.raises(ValueError, match=SECRET), outcrop.start_span("fails"):
        raise ValueError(SAID)


def test_the_secret_is_nowhere_on_the_wire(
    client: Any, bedrock_emulator: BedrockEmulator, collector: Collector
) -> None:
    outcrop.configure(redact="aws_keys")
    _everything(client, bedrock_emulator)
    assert outcrop.flush()
    sent = b"".join(collector.bodies)
    assert len(collector.spans) == 11
    assert SECRET.encode() not in sent
    assert b"[hidden: AWS key]" in sent
    # A stack trace quotes the line that raised, not what its names stand for.
    assert b"exception.stacktrace" in sent


def test_the_secret_is_nowhere_on_disk(
    client: Any, bedrock_emulator: BedrockEmulator, tmp_path: Path
) -> None:
    before = outcrop.get_tracking_uri()
    outcrop.set_tracking_uri("http://127.0.0.1:9")
    outcrop.bedrock.autolog(silent=True)
    outcrop.configure(redact=["aws_keys"])
    _everything(client, bedrock_emulator)
    assert outcrop.flush()
    root = get_runtime().settings.spool_root
    outcrop.bedrock.autolog(disable=True)
    outcrop.set_tracking_uri(before)
    kept = b"".join(path.read_bytes() for path in root.glob("127.0.0.1_9/*") if path.is_file())
    assert b"[hidden: AWS key]" in kept
    assert SECRET.encode() not in kept
    assert tmp_path.exists()


def test_what_is_kept_in_memory_is_redacted_and_still_reads_as_a_conversation(
    client: Any, bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    outcrop.configure(redact="aws_keys")
    _everything(client, bedrock_emulator)
    assert SECRET not in repr(traces.records())
    for index, kind in ((0, "plain"), (1, "stream")):
        (span,) = traces.all()[index].data.spans
        assert span.inputs["messages"][0]["content"] == [{"text": HIDDEN}], kind
        content = span.outputs["output"]["message"]["content"]
        assert content[0]["reasoningContent"]["reasoningText"]["text"] == HIDDEN
        assert content[1]["text"] == HIDDEN
        assert content[2]["toolUse"]["input"] == {"text": HIDDEN, "n": 7}
        assert span.outputs["usage"]["totalTokens"] > 0


def test_the_program_sees_its_own_words(
    client: Any, bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    outcrop.configure(redact="all")
    bedrock_emulator.script(MODEL, _reply(), _reply())
    answer = client.converse(modelId=MODEL, messages=ASKED)
    events = list(client.converse_stream(modelId=MODEL, messages=ASKED)["stream"])
    assert answer["output"]["message"]["content"][1]["text"] == SAID
    deltas = [event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event]
    assert "".join(delta.get("text", "") for delta in deltas) == SAID
    assert bedrock_emulator.requests[0].json["messages"] == ASKED
    assert len(traces.all()) == 2


def test_a_streams_pieces_keep_their_times(
    client: Any, bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    def chunk_events() -> list[Any]:
        (span,) = traces.all()[-1].data.spans
        return [event for event in span.events if event.name.startswith("outcrop.chunk.")]

    outcrop.configure(redact="aws_keys")
    bedrock_emulator.script(MODEL, _reply(chunk_delay_s=0.002))
    list(client.converse_stream(modelId=MODEL, messages=ASKED)["stream"])
    events = chunk_events()
    texts = [event.attributes["data"].get("delta", {}).get("text") for event in events]
    assert len(events) > len(SAID) // 3 * 3
    assert len({event.timestamp for event in events}) == len(events)
    assert "".join(text for text in texts if text) == HIDDEN
    # The words around the key came when they came, not all at once.
    assert [text for text in texts if text][:3] == ["The", " ke", "y i"]


@pytest.mark.parametrize("broken", ["raises", "exits", "gives nothing"])
def test_a_redaction_function_that_fails_hides_all_and_is_named_once(
    client: Any,
    bedrock_emulator: BedrockEmulator,
    collector: Collector,
    caplog: pytest.LogCaptureFixture,
    broken: str,
) -> None:
    def hide(text: str) -> str:
        if SECRET[:4] in text and broken == "raises":
            raise RuntimeError(text)
        if SECRET[:4] in text and broken == "exits":
            raise SystemExit(text)
        return text if SECRET[:4] not in text else None  # type: ignore[return-value]  # what is to be tested

    outcrop.configure(redact=hide)
    with caplog.at_level(logging.ERROR):
        _everything(client, bedrock_emulator, key="functions see no keys")
        assert outcrop.flush()
    sent = b"".join(collector.bodies)
    assert SECRET.encode() not in sent
    assert b"[hidden: a redaction function failed]" in sent
    said = [record.getMessage() for record in caplog.records if "redaction function" in record.getMessage()]
    assert len(said) == 1
    assert "hide" in said[0]
    assert SECRET not in caplog.text


def test_functions_patterns_and_names_work_one_after_the_other(traces: CapturedTraces) -> None:
    def shout(text: str) -> str:
        return text.replace("Oslo", "OSLO")

    outcrop.configure(redact=[shout, re.compile("OSLO|Bergen"), "email_addresses"])
    with outcrop.start_span("s") as span:
        span.set_inputs({"Oslo": "Oslo and Bergen", "Bergen": ["joe@example.com", 4242424242424242]})
    (found,) = traces.all()[0].data.spans
    # A function sees no keys; patterns and the ready set do, and numbers stay.
    assert found.inputs == {
        "Oslo": "[hidden] and [hidden]",
        "[hidden]": ["[hidden: e-mail address]", 4242424242424242],
    }


def test_a_cut_error_body_keeps_no_half_of_a_secret(
    client: Any, bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    outcrop.configure(redact="aws_keys")
    bedrock_emulator.script(MODEL, ValidationError("x" * (4096 - len('{"message":"') - 10) + f" {SECRET}"))
    with pytest.raises(ClientError):
        client.converse(modelId=MODEL, messages=ASKED)
    assert "AKIA" not in repr(traces.records())


def test_a_fault_of_ours_sends_a_span_without_anything_in_it(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    from outcrop.policy import policy as module  # noqa: PLC0415  # what is to be broken

    def broken(*_: Any) -> None:
        raise RuntimeError("ours")

    outcrop.configure(redact="aws_keys")
    monkeypatch.delenv("OUTCROP_RAISE_FAULTS")
    monkeypatch.setattr(module, "redact_span", broken)
    with outcrop.start_span(SAID, attributes={"a": SAID}):
        pass
    assert outcrop.flush()
    (span,) = collector.spans
    assert span.name == "outcrop: withheld"
    assert span.end_ns > span.start_ns > 0
    assert SECRET not in repr(span)


def test_without_settings_a_span_goes_out_as_it_was_recorded() -> None:
    runtime = Runtime(read_settings({"OUTCROP_TRACKING_URI": "memory://"}))
    asked_for: list[bool] = []
    for kept in (KeptSettings(), KeptSettings(redactions=("aws_keys",), sampler=0.5), KeptSettings()):
        runtime.keep(kept)
        asked_for += [runtime.policy is not None, runtime.choosing is not None]
    assert asked_for == [False, False, True, True, False, False]


@pytest.mark.parametrize("wrong", ["passwords", ["aws_keys", 5], re.compile(b"bytes")])
def test_a_wrong_redaction_is_refused_with_the_valid_ones(wrong: Any) -> None:
    with pytest.raises(outcrop.ConfigurationError, match="aws_keys, bearer_tokens, email_addresses"):
        outcrop.configure(redact=wrong)
