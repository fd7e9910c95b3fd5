"""No codec ever raises: real bodies of every family with any part of them replaced by any JSON."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcrop.bedrock.bodies.table import find_codec
from outcrop.bedrock.model_id import parse_model_id
from outcrop.genai.conventions import attributes_of
from outcrop.json_reading import as_list, as_object
from outcrop.testing import RawBlock, Reasoning, Reply, ToolUse
from outcrop.testing.answer import make_answer
from outcrop.testing.bodies.choice import choose_dialect
from outcrop.testing.json_values import to_json
from outcrop.views import read_span

CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
DOCUMENT = {
    "type": "document",
    "title": "t",
    "source": {"type": "content", "content": [{"type": "text", "text": "x"}]},
}
CHAT: dict[str, Any] = {
    "messages": [
        {"role": "system", "content": "s"},
        {
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}],
        },
        {"role": "assistant", "content": "x", "reasoning_content": "r", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c", "content": "y"},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
}
NOVA_EMBED = {
    "embeddingDimension": 2,
    "text": {"value": "x"},
    "image": {"format": "png", "source": {"bytes": "AA"}},
}
BODIES: dict[str, dict[str, Any]] = {
    "anthropic.claude-3-haiku-20240307-v1:0": {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 9,
        "system": [{"type": "text", "text": "s"}],
        "messages": [
            {"role": "user", "content": [DOCUMENT, {"type": "text", "text": "x"}]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "y"}]},
        ],
        "tools": [{"name": "f", "input_schema": {}}],
    },
    "anthropic.claude-v2:1": {"prompt": "\n\nHuman: x\n\nAssistant:", "max_tokens_to_sample": 9},
    "amazon.nova-lite-v1:0": {
        "messages": [{"role": "user", "content": [{"text": "x"}]}],
        "system": [{"text": "s"}],
    },
    "amazon.titan-text-express-v1": {"inputText": "x", "textGenerationConfig": {}},
    "amazon.titan-embed-text-v2:0": {
        "inputText": "x",
        "dimensions": 2,
        "embeddingTypes": ["float", "binary"],
    },
    "amazon.nova-2-multimodal-embeddings-v1:0": {
        "taskType": "SINGLE_EMBEDDING",
        "singleEmbeddingParams": NOVA_EMBED,
    },
    "amazon.nova-canvas-v1:0": {
        "taskType": "INPAINTING",
        "inPaintingParams": {"text": "x", "image": "AA", "images": ["AA"], "shots": [{"text": "x"}]},
        "imageGenerationConfig": {"seed": 7},
    },
    "meta.llama3-8b-instruct-v1:0": {"prompt": "<|start_header_id|>user<|end_header_id|>x<|eot_id|>"},
    "mistral.mistral-7b-instruct-v0:2": {"prompt": "<s>[INST] x [/INST]"},
    "mistral.mistral-large-2407-v1:0": CHAT,
    "openai.gpt-oss-120b-1:0": CHAT,
    "cohere.command-text-v14": {"prompt": "x"},
    "cohere.command-r-v1:0": {
        "message": "x",
        "preamble": "p",
        "chat_history": [{"role": "USER", "message": "m", "tool_calls": [{"name": "f"}]}],
        "documents": [{"title": "d"}],
        "tools": [{"name": "f", "parameter_definitions": {"a": {"type": "str", "required": True}}}],
        "tool_results": [{"call": {"name": "f"}, "outputs": [{}]}],
    },
    "cohere.embed-v4:0": {
        "input_type": "search_query",
        "texts": ["x"],
        "inputs": [{"content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}]}],
        "embedding_types": ["float", "binary"],
    },
    "cohere.rerank-v3-5:0": {"query": "x", "documents": ["x", {"text": "y"}]},
    "ai21.j2-mid-v1": {"prompt": "x"},
    "us.deepseek.r1-v1:0": {"prompt": "x<think>"},
    "stability.stable-diffusion-xl-v1": {"text_prompts": [{"text": "x", "weight": 2}], "init_image": "AA"},
    "stability.sd3-large-v1:0": {"prompt": "x", "image": "AA"},
    "luma.ray-v2:0": {
        "prompt": "x",
        "keyframes": {"frame0": {"source": {"data": "AA", "media_type": "image/png"}}},
    },
    "twelvelabs.pegasus-1-2-v1:0": {"inputPrompt": "x", "mediaSource": {"s3Location": {"uri": "s3://b"}}},
    "twelvelabs.marengo-embed-3-0-v1:0": {
        "inputType": "multi_input",
        "multi_input": {
            "inputText": "x",
            "mediaSources": [{"name": "n", "mediaType": "image", "base64String": "AA"}],
        },
    },
}
MODELS = list(BODIES)
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3"

# What is likely to be taken for something else: other types, empty ones, and numbers beyond a float.
ODD: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from([None, True, 0, -1, 1.5, 10**400, "", "x", "text", "7"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["text", "type", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)
CHANGES = st.lists(st.tuples(st.integers(0, 10**6), ODD), max_size=3)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every member and item within a value, as its holder and its key."""
    for name, member in as_object(value).items():
        yield value, name
        yield from _places(member)
    for index, item in enumerate(as_list(value)):
        yield value, index
        yield from _places(item)


def _changed(value: Any, changes: list[tuple[int, Any]]) -> Any:
    changed = copy.deepcopy(value)
    for number, odd in changes:
        places = list(_places(changed))
        if places:
            holder, key = places[number % len(places)]
            holder[key] = odd
    return changed


def _bodies(model: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the emulator would answer: the plain body and a stream's chunks."""
    request = BODIES[model]
    dialect = choose_dialect(model, request)
    reply = Reply(
        Reasoning("r", signature="s"),
        "Hi there.",
        ToolUse("f", {"a": 1}),
        RawBlock({"type": "web_search_tool_result", "tool_use_id": "t", "content": []}),
        chunk_size=2,
    )
    answer = make_answer(reply, dialect.read(request), model, 0)
    chunks = list(dialect.stream(answer, request)) if dialect.stream else []
    return json.loads(to_json(dialect.write(answer, request))), json.loads(to_json(chunks))


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=20)
@given(asked=CHANGES, answered=CHANGES, is_hidden=st.booleans())
def test_any_change_in_a_body_gives_a_view(
    model: str, asked: list[tuple[int, Any]], answered: list[tuple[int, Any]], *, is_hidden: bool
) -> None:
    request = _changed(BODIES[model], asked)
    view = read_span(
        {
            "outcrop.aws.operation": "InvokeModel",
            "gen_ai.request.model": PROFILE if is_hidden else model,
            "outcrop.request.body": json.dumps(request).encode(),
            "outcrop.response.body": json.dumps(_changed(_bodies(model)[0], answered)).encode(),
        }
    )
    assert view.inputs["body"] == request
    json.dumps(view.outputs)
    attributes_of(view)


@pytest.mark.parametrize("model", [model for model in MODELS if _bodies(model)[1]])
@settings(max_examples=20)
@given(changes=CHANGES, is_hidden=st.booleans())
def test_any_change_in_a_stream_gives_an_answer_that_can_be_read(
    model: str, changes: list[tuple[int, Any]], *, is_hidden: bool
) -> None:
    chunks = _changed(_bodies(model)[1], changes)
    model_id = parse_model_id(PROFILE if is_hidden else model)
    codec = find_codec(model_id.vendor, BODIES[model], as_object(chunks[0]), model_id.name)
    assert codec is not None
    merged = codec.merge(chunks)
    json.dumps(merged)
    codec.read(BODIES[model], merged)
    for chunk in chunks:
        _, kind, text, _ = codec.describe(as_object(chunk))
        assert kind in {"text", "reasoning", "tool_input", "other"}
        assert text is None or isinstance(text, str)


@pytest.mark.parametrize("model", MODELS)
def test_reading_changes_nothing_that_was_sent_or_answered(model: str) -> None:
    request = copy.deepcopy(BODIES[model])
    answer, chunks = _bodies(model)
    codec = find_codec(parse_model_id(model).vendor, request, answer, parse_model_id(model).name)
    assert codec is not None
    before = copy.deepcopy([answer, chunks])
    codec.read(request, answer)
    codec.merge(chunks)
    assert request == BODIES[model]
    assert [answer, chunks] == before
