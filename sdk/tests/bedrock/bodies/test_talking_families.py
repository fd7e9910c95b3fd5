"""Every family that answers in words: plain, streamed, and behind an ARN that hides its vendor."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from outcrop.genai.view import SpanView
from outcrop.json_reading import as_list, as_object
from outcrop.testing import BedrockEmulator, RawBody, Reply, Usage

Call = Callable[[str, dict[str, Any]], SpanView]

PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3"
CHAT: dict[str, Any] = {"messages": [{"role": "user", "content": "Hello?"}]}
# Members that differ from call to call, counts that streams leave to Bedrock's own metrics, and what only
# streams of Nova and Command R have.
VOLATILE = frozenset({"id", "created", "response_id", "generation_id", "usage", "meta", "metrics", "trace"})


@dataclass(frozen=True)
class Family:
    """A model, a body that asks it "Hello?", and how it says that it has ended."""

    model: str
    body: dict[str, Any]
    finish_reason: str = "stop"
    is_streaming: bool = True


FAMILIES = {
    "anthropic": Family(
        "anthropic.claude-3-haiku-20240307-v1:0",
        {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, **CHAT},
        "end_turn",
    ),
    "claude text": Family(
        "anthropic.claude-v2:1",
        {"prompt": "\n\nHuman: Hello?\n\nAssistant:", "max_tokens_to_sample": 9},
        "stop_sequence",
    ),
    "nova": Family(
        "us.amazon.nova-lite-v1:0",
        {"messages": [{"role": "user", "content": [{"text": "Hello?"}]}]},
        "end_turn",
    ),
    "titan text": Family("amazon.titan-text-express-v1", {"inputText": "Hello?"}, "FINISH"),
    "llama": Family("meta.llama3-8b-instruct-v1:0", {"prompt": "Hello?", "max_gen_len": 9}),
    "mistral text": Family("mistral.mistral-7b-instruct-v0:2", {"prompt": "<s>[INST] Hello? [/INST]"}),
    "mistral chat": Family("mistral.mistral-large-2407-v1:0", CHAT),
    "cohere command": Family("cohere.command-text-v14", {"prompt": "Hello?"}, "COMPLETE"),
    "command r": Family("cohere.command-r-plus-v1:0", {"message": "Hello?"}, "COMPLETE"),
    "jamba": Family("ai21.jamba-1-5-large-v1:0", CHAT),
    "jurassic": Family(
        "ai21.j2-mid-v1", {"prompt": "Hello?", "maxTokens": 9}, "endoftext", is_streaming=False
    ),
    "deepseek r1": Family("us.deepseek.r1-v1:0", {"prompt": "Hello?", "max_tokens": 9}),
    "deepseek chat": Family("deepseek.v3-v1:0", CHAT),
    "gpt-oss": Family("openai.gpt-oss-120b-1:0", CHAT),
    "qwen": Family("qwen.qwen3-32b-v1:0", CHAT),
    "palmyra": Family(
        "us.writer.palmyra-x5-v1:0",
        {"messages": [{"role": "user", "content": {"text": "Hello?"}}]},
    ),
    "pegasus": Family(
        "us.twelvelabs.pegasus-1-2-v1:0",
        {"inputPrompt": "Hello?", "mediaSource": {"s3Location": {"uri": "s3://b/v.mp4"}}},
    ),
    "imported, Bedrock's completions": Family(
        "arn:aws:bedrock:us-east-1:123456789012:imported-model/abc", {"prompt": "Hello?", "max_gen_len": 9}
    ),
    "imported, OpenAI's completions": Family(
        "arn:aws:bedrock:us-east-1:123456789012:imported-model/abc", {"prompt": "Hello?", "max_tokens": 9}
    ),
    "imported, OpenAI's chat": Family("arn:aws:bedrock:us-east-1:123456789012:imported-model/abc", CHAT),
}
STREAMING = [name for name, family in FAMILIES.items() if family.is_streaming]


def _check(view: SpanView, family: Family) -> None:
    assert view.chat is not None
    assert view.chat.messages[-1].role == "user"
    assert view.chat.messages[-1].parts[0] == {"type": "text", "content": "Hello?"}
    (answer,) = view.chat.output
    assert (answer.role, answer.parts) == (
        "assistant",
        [{"type": "text", "content": "Hi there, how are you?"}],
    )
    assert answer.finish_reason == view.finish_reason == family.finish_reason
    assert (view.request_preview, view.response_preview) == ("Hello?", "Hi there, how are you?")
    assert view.usage is not None
    assert (view.usage.input_tokens, view.usage.output_tokens) == (12, 4)
    assert view.inputs["body"] == family.body
    assert view.problem is None


def _steady(value: Any) -> Any:
    members = as_object(value)
    if members:
        return {name: _steady(member) for name, member in members.items() if name not in VOLATILE}
    items = as_list(value)
    return [_steady(item) for item in items] if items else value


@pytest.mark.parametrize("name", FAMILIES)
def test_a_plain_body_is_kept_and_understood(
    bedrock_emulator: BedrockEmulator, invoke: Call, name: str
) -> None:
    family = FAMILIES[name]
    bedrock_emulator.script(family.model, Reply("Hi there, how are you?", usage=Usage(12, 4)))
    _check(invoke(family.model, family.body), family)


@pytest.mark.parametrize("name", STREAMING)
def test_a_stream_merges_into_the_plain_body(
    bedrock_emulator: BedrockEmulator, invoke: Call, stream: Call, name: str
) -> None:
    family = FAMILIES[name]
    bedrock_emulator.script(
        family.model, *[Reply("Hi there, how are you?", usage=Usage(12, 4), chunk_size=4)] * 2
    )
    plain = invoke(family.model, family.body)
    streamed = stream(family.model, family.body)
    _check(streamed, family)
    assert _steady(streamed.outputs["body"]) == _steady(plain.outputs["body"])
    assert streamed.stream is not None
    words = [chunk.text for chunk in streamed.stream.chunks if chunk.kind == "text" and chunk.text]
    assert words[0] == "Hi t"
    assert "".join(words) == "Hi there, how are you?"


@pytest.mark.parametrize("name", FAMILIES)
def test_a_body_is_known_by_its_shape_where_an_arn_hides_the_vendor(
    bedrock_emulator: BedrockEmulator, invoke: Call, name: str
) -> None:
    family = FAMILIES[name]
    bedrock_emulator.script(family.model, Reply("Hi there, how are you?", usage=Usage(12, 4)))
    named = invoke(family.model, family.body)
    answer = json.dumps(named.outputs["body"]).encode()
    bedrock_emulator.script(PROFILE, RawBody(answer, usage=Usage(12, 4)))
    hidden = invoke(PROFILE, family.body)
    assert (hidden.chat, hidden.finish_reason) == (named.chat, named.finish_reason)
    assert hidden.outputs["body"] == named.outputs["body"]


@pytest.mark.parametrize("name", STREAMING)
def test_a_stream_is_known_by_its_shape_where_an_arn_hides_the_vendor(
    bedrock_emulator: BedrockEmulator, stream: Call, name: str
) -> None:
    family = FAMILIES[name]
    bedrock_emulator.script(family.model, Reply("Hi there, how are you?", usage=Usage(12, 4), chunk_size=4))
    named = stream(family.model, family.body)
    assert named.stream is not None
    chunks = tuple(json.dumps(chunk.data).encode() for chunk in named.stream.chunks)
    bedrock_emulator.script(PROFILE, RawBody(b"", chunks=chunks))
    hidden = stream(PROFILE, family.body)
    assert (hidden.chat, hidden.usage, hidden.outputs) == (named.chat, named.usage, named.outputs)


@pytest.mark.parametrize("name", STREAMING)
def test_a_stream_that_is_cut_keeps_what_came(
    bedrock_emulator: BedrockEmulator,
    client: Any,
    newest_view: Callable[[], SpanView],
    name: str,
) -> None:
    family = FAMILIES[name]
    bedrock_emulator.script(family.model, Reply("Hi there, how are you?", chunk_size=4))
    body = json.dumps(family.body)
    events = client.invoke_model_with_response_stream(modelId=family.model, body=body)["body"]
    for event in events:
        if b"here" in event["chunk"]["bytes"]:
            events.close()
            break
    view = newest_view()
    assert view.chat is not None
    assert view.chat.output[0].parts == [{"type": "text", "content": "Hi there"}]
    assert view.chat.output[0].finish_reason is None


def test_a_body_that_no_codec_knows_stays_raw(bedrock_emulator: BedrockEmulator, invoke: Call) -> None:
    bedrock_emulator.script("tomorrow.model-v1", RawBody(b'{"out": [1]}', usage=Usage(3, 5)))
    view = invoke("tomorrow.model-v1", {"in": {"x": 1}})
    assert (view.chat, view.embedding, view.ranking) == (None, None, None)
    assert (view.inputs["body"], view.outputs["body"]) == ({"in": {"x": 1}}, {"out": [1]})
    assert view.usage is not None
    assert (view.usage.input_tokens, view.usage.output_tokens) == (3, 5)


def test_a_prompt_is_shown_even_when_no_answer_tells_the_family(
    bedrock_emulator: BedrockEmulator, invoke: Call
) -> None:
    bedrock_emulator.script(PROFILE, RawBody(b"", "text/plain"))
    view = invoke(PROFILE, {"prompt": "Hello?"})
    assert view.chat is not None
    assert view.request_preview == "Hello?"
    assert view.chat.output == []
