"""Size limits: what is too long is cut with a mark, JSON stays JSON, and what costs need is still known."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import outcrop
from outcrop.capture.limits import cut_text
from outcrop.testing import BedrockEmulator, Reply, ToolUse, Usage
from outcrop.testing.traces import CapturedTraces

MODEL = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"
LONG = "word " * 2000


def _asked(*texts: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"text": text} for text in texts]}]


@given(st.text(max_size=300), st.integers(1, 200))
def test_a_cut_text_is_never_longer_than_the_limit_and_says_that_it_was_cut(text: str, limit: int) -> None:
    cut = cut_text(text, limit)
    assert len(cut) <= max(limit, 1)
    assert (cut == text) == (len(text) <= limit)
    assert cut == text or "…" in cut


def test_texts_are_cut_wherever_they_stand(
    client: Any, bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    outcrop.configure(max_text_length=100)
    reply = Reply(
        LONG, ToolUse("look", {"text": LONG, "n": 5}, tool_use_id="tooluse_" + "x" * 120), chunk_size=50
    )
    bedrock_emulator.script(MODEL, reply)
    client.converse(modelId=MODEL, messages=_asked(LONG, "short"))
    list(client.converse_stream(modelId=MODEL, messages=_asked(LONG, "short"))["stream"])
    mark = "… [cut: 10,000 characters]"
    cut = LONG[: 100 - len(mark)] + mark
    for trace in traces.all():
        (span,) = trace.data.spans
        assert span.inputs["messages"] == _asked(cut, "short")
        text, tool = span.outputs["output"]["message"]["content"]
        assert text["text"] == cut
        # What ties a call to its result stays whole.
        assert tool["toolUse"]["toolUseId"] == "tooluse_" + "x" * 120
        assert tool["toolUse"]["input"] == {"text": cut, "n": 5}
        assert span.attributes["gen_ai.request.model"] == MODEL
        assert trace.info.token_usage


def test_attributes_and_functions_are_cut_too(traces: CapturedTraces) -> None:
    outcrop.configure(max_text_length=40)
    with outcrop.start_span("s", attributes={"a": LONG, "list": [LONG, "short"], "n": 5}) as span:
        span.set_inputs({"text": LONG, "n": 5})
        span.add_event("e", {"note": LONG})
    (found,) = traces.all()[0].data.spans
    cut = LONG[:14] + "… [cut: 10,000 characters]"
    assert found.inputs == {"text": cut, "n": 5}
    assert found.attributes["a"] == cut
    assert found.attributes["list"] == [cut, "short"]
    assert found.events[0].attributes == {"note": cut}


def test_a_picture_is_left_out_whole(client: Any, traces: CapturedTraces) -> None:
    outcrop.configure(max_text_length=1000)
    picture = bytes(range(256)) * 40
    image = {"image": {"format": "png", "source": {"bytes": picture}}}
    client.converse(modelId=MODEL, messages=[{"role": "user", "content": [image, {"text": "What is it?"}]}])
    (span,) = traces.all()[0].data.spans
    assert span.inputs["messages"][0]["content"] == [
        {"image": {"format": "png", "source": {"bytes": "[cut: binary, 10,242 bytes]"}}},
        {"text": "What is it?"},
    ]


def test_a_body_that_is_too_large_is_cut_until_it_fits(
    client: Any, bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    outcrop.configure(max_body_bytes=8000)
    bedrock_emulator.script(MODEL, Reply(LONG, usage=Usage(12, 7), chunk_size=500))
    client.converse(modelId=MODEL, messages=_asked(LONG, LONG))
    list(client.converse_stream(modelId=MODEL, messages=_asked("short"))["stream"])
    plain, streamed = (trace.data.spans[0] for trace in traces.all())
    for block in plain.inputs["messages"][0]["content"]:
        assert block["text"].endswith("… [cut: 10,000 characters]")
    assert "[cut: 10,000 characters]" in str(streamed.outputs)
    assert streamed.outputs["usage"]["outputTokens"] == 7
    for record in traces.records():
        for value in record.attributes.values():
            assert len(value if isinstance(value, bytes) else str(value)) <= 8000


def test_a_body_that_never_fits_gives_way_to_a_mark_and_its_facts_stay(
    client: Any, bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(MODEL, Reply("word " * 300, usage=Usage(12, 7), chunk_size=1))
    list(client.converse_stream(modelId=MODEL, messages=_asked(*["word"] * 200))["stream"])
    (whole,) = traces.all()[-1].data.spans
    outcrop.configure(max_body_bytes=2000)
    list(client.converse_stream(modelId=MODEL, messages=_asked(*["word"] * 200))["stream"])
    (span,) = traces.all()[-1].data.spans
    assert span.attributes["outcrop.cut"] == ["outcrop.request.body", "outcrop.stream.chunks"]
    assert span.attributes["gen_ai.usage.output_tokens"] == 7
    assert span.attributes["gen_ai.response.finish_reasons"] == ["end_turn"]
    assert span.cost == whole.cost
    record = traces.records()[-1]
    assert "more than the limit of 2,000" in json.loads(record.attributes["outcrop.request.body"])


def test_there_may_be_too_many_attributes(traces: CapturedTraces) -> None:
    outcrop.configure(max_attributes=4)
    with outcrop.start_span("s", span_type="TOOL", attributes={f"a{n}": n for n in range(10)}) as span:
        span.set_inputs("in")
        span.set_outputs("out")
    (record,) = traces.records()
    assert sorted(record.attributes) == [
        "a0",
        "outcrop.dropped_attributes",
        "outcrop.span.inputs",
        "outcrop.span.outputs",
        "outcrop.span.type",
    ]
    assert record.attributes["outcrop.dropped_attributes"] == 9


def test_what_is_hidden_is_hidden_before_it_is_cut(traces: CapturedTraces) -> None:
    secret = "AKIAIOSFODNN7EXAMPLE"
    outcrop.configure(redact="aws_keys", max_text_length=50)
    with outcrop.start_span("s", attributes={"a": "x" * 12 + " " + secret + " " + "y" * 60}):
        pass
    assert secret[:8] not in repr(traces.records())


def test_words_in_base64_are_cut_as_words(client: Any, traces: CapturedTraces) -> None:
    outcrop.configure(max_text_length=50)
    document = {"document": {"format": "txt", "name": "d", "source": {"bytes": LONG.encode()}}}
    client.converse(modelId=MODEL, messages=[{"role": "user", "content": [document, {"text": "?"}]}])
    (span,) = traces.all()[0].data.spans
    words = span.inputs["messages"][0]["content"][0]["document"]["source"]["bytes"]
    assert base64.b64decode(words).decode() == LONG[:24] + "… [cut: 10,000 characters]"


@pytest.mark.parametrize("name", ["max_text_length", "max_body_bytes", "max_attributes"])
@pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "many"])
def test_a_wrong_limit_is_refused(name: str, wrong: Any) -> None:
    with pytest.raises(outcrop.ConfigurationError, match=f"{name} is .*: give a whole number above 0"):
        outcrop.configure(**{name: wrong})
