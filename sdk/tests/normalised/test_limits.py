"""Bounded sizes: what is left out is said where it stood, and what is left is valid."""

from __future__ import annotations

import base64
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from outcrop.normalised.limits import (
    MAX_ATTRIBUTE_BYTES,
    Fitted,
    fit_messages,
    fit_named,
    fit_parts,
    fit_text,
    fit_value,
)
from outcrop.normalised.span import normalise
from outcrop.testing import BedrockEmulator, Reply
from outcrop.testing.traces import CapturedTraces
from sdk.tests.normalised.conftest import Newest
from sdk.tests.normalised.schema import check_messages, check_system_instructions, check_tools, words

MODEL = "anthropic.claude-3-haiku-20240307-v1:0"


def _text(words: str) -> dict[str, Any]:
    return {"type": "text", "content": words}


def _blob(data: bytes) -> dict[str, Any]:
    return {"type": "blob", "modality": "image", "content": base64.b64encode(data).decode()}


def _call(value: Any) -> dict[str, Any]:
    return {"type": "tool_call", "name": "t", "arguments": {"v": value}}


def _message(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {"role": "user", "parts": parts}


_VALUES: st.SearchStrategy[Any] = st.floats() | st.text(max_size=900) | st.lists(st.integers(), max_size=50)
PARTS = st.one_of(st.text(max_size=900).map(_text), st.binary(max_size=900).map(_blob), _VALUES.map(_call))
MESSAGES = st.lists(st.lists(PARTS, max_size=6).map(_message), max_size=12)


def _size(fitted: Fitted) -> int:
    return len(fitted.text.encode())


@given(MESSAGES)
def test_messages_of_any_size_fit_and_stay_messages(messages: list[dict[str, Any]]) -> None:
    limit = 2_000
    fitted = fit_messages(messages, limit)
    assert _size(fitted) <= limit
    read = check_messages(fitted.text)
    if not fitted.is_cut:
        assert len(read) == len(messages)
    elif len(read) < len(messages):
        assert "left out" in words(read)


@given(st.lists(PARTS, max_size=30))
def test_instructions_and_lists_fit_likewise(parts: list[dict[str, Any]]) -> None:
    limit = 1_500
    assert _size(fit_parts(parts, limit)) <= limit
    tools = [{"type": "function", "name": str(n), "parameters": part} for n, part in enumerate(parts)]
    fitted = fit_named(tools, limit)
    assert _size(fitted) <= limit
    check_tools(fitted.text)


@given(st.recursive(st.text(max_size=400) | st.floats(), lambda v: st.lists(v, max_size=9), max_leaves=40))
def test_any_value_fits(value: Any) -> None:
    limit = 1_200
    fitted = fit_value(value, limit)
    assert _size(fitted) <= limit
    if fitted.is_json:
        json.loads(fitted.text)
    else:
        assert "Outcrop" in fitted.text


def test_the_newest_messages_are_kept_and_the_others_are_counted() -> None:
    messages = [{"role": "user", "parts": [{"type": "text", "content": str(n)}]} for n in range(1_000)]
    read = check_messages(fit_messages(messages, 4_000).text)
    count = len(read) - 1
    assert words(read[:1]) == f"[Outcrop: {1_000 - count} earlier messages left out; the text was too long]"
    assert [message["parts"][0]["content"] for message in read[1:]] == [
        str(n) for n in range(1_000 - count, 1_000)
    ]


def test_a_message_of_very_many_parts_keeps_its_newest() -> None:
    parts = [{"type": "text", "content": str(n)} for n in range(1_000)]
    (message,) = check_messages(fit_messages([{"role": "user", "parts": parts}], 6_000).text)
    assert "parts left out" in message["parts"][0]["content"]
    assert message["parts"][-1]["content"] == "999"


def test_a_text_is_cut_between_characters() -> None:
    fitted = fit_text("é" * 2_000, 1_000)
    assert fitted.is_cut
    assert _size(fitted) <= 1_000
    assert fitted.text.startswith("ééé")
    assert "it had 2,000 characters" in fitted.text


def test_a_large_picture_is_left_out_and_the_words_beside_it_stay(client: Any, newest: Newest) -> None:
    picture = {"image": {"format": "png", "source": {"bytes": b"x" * 400_000}}}
    content = [{"text": "What is this?"}, picture]
    client.converse(modelId=MODEL, messages=[{"role": "user", "content": content}])
    attributes = newest().attributes
    text, image = check_messages(attributes["gen_ai.input.messages"])[0]["parts"]
    assert text["content"] == "What is this?"
    assert (image["content"], image["left_out"]) == ("", "533,336 characters")
    assert attributes["outcrop.left_out"] == ["gen_ai.input.messages"]


def test_every_attribute_of_a_huge_call_is_bounded(
    bedrock_emulator: BedrockEmulator, client: Any, newest: Newest
) -> None:
    long = "a long text " * 60_000
    bedrock_emulator.script(MODEL, Reply(long))
    messages = [{"role": "user", "content": [{"text": long}]}]
    client.converse(modelId=MODEL, messages=messages, system=[{"text": long}])
    attributes = newest().attributes
    assert all(len(str(value).encode()) <= MAX_ATTRIBUTE_BYTES for value in attributes.values())
    assert "it had 720,000 characters" in words(check_messages(attributes["gen_ai.output.messages"]))
    (system,) = check_system_instructions(attributes["gen_ai.system_instructions"])
    assert "it had 720,000 characters" in system["content"]
    assert len(attributes["outcrop.left_out"]) == 3


def test_of_a_long_stream_the_beginning_and_the_end_become_events(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(MODEL, Reply("word " * 200, chunk_size=2))
    messages = [{"role": "user", "content": [{"text": "Hello?"}]}]
    events = list(client.converse_stream(modelId=MODEL, messages=messages)["stream"])
    (record,) = traces.records()
    normalised = normalise(record, adds_chunk_events=True)
    shown = [event for event in normalised.events if event.name.startswith("outcrop.chunk.")]
    assert len(shown) == 128 < len(events)
    assert shown[-1].attributes["index"] == len(events) - 1
    assert normalised.attributes["outcrop.left_out"] == ["events"]
