"""Reading spans: whatever a body holds, a view comes out and no exception."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcrop.bedrock.chunks import Pieces
from outcrop.entities import SpanType
from outcrop.genai.conventions import attributes_of
from outcrop.json_reading import as_object
from outcrop.testing.event_stream import encode_event
from outcrop.views import read_span

# Names that codecs look for, so that generated JSON often meets their code.
WORDS = st.sampled_from(
    [
        "output",
        "message",
        "content",
        "role",
        "text",
        "toolUse",
        "toolResult",
        "input",
        "name",
        "type",
        "usage",
        "messages",
        "system",
        "delta",
        "contentBlockIndex",
        "start",
        "reasoningContent",
        "image",
        "source",
        "bytes",
        "inputTokens",
        "results",
        "generation",
        "stop_reason",
        "index",
        "content_block",
        "tools",
        "toolSpec",
        "json",
        "prompt",
        "choices",
        "tool_calls",
        "function",
        "arguments",
        "finish_reason",
        "reasoning_content",
        "image_url",
        "url",
        "messageStart",
        "prompt_tokens",
        "prompt_tokens_details",
        "completion",
        "outputs",
        "outputText",
        "inputText",
        "inputImage",
        "embedding",
        "embeddings",
        "embeddingsByType",
        "float",
        "generations",
        "completions",
        "data",
        "finishReason",
        "reason",
        "event_type",
        "response",
        "chat_history",
        "documents",
        "citations",
        "parameter_definitions",
        "preamble",
        "tool_results",
        "query",
        "relevance_score",
        "texts",
        "images",
        "inputs",
        "input_type",
        "inputType",
        "inputPrompt",
        "mediaSource",
        "base64String",
        "s3Location",
        "uri",
        "taskType",
        "singleEmbeddingParams",
        "textToImageParams",
        "value",
        "imageGenerationConfig",
        "artifacts",
        "base64",
        "text_prompts",
        "keyframes",
        "modelInput",
        "outputDataConfig",
        "s3OutputDataConfig",
        "s3Uri",
    ]
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=15,
)
MODELS = st.sampled_from(
    [
        "anthropic.claude",
        "amazon.nova",
        "amazon.titan-text",
        "meta.llama3",
        "mistral.m",
        "ai21.j",
        "cohere.command-r",
        "cohere.embed",
        "amazon.titan-embed-text",
        "stability.sd3",
        "luma.ray",
        "twelvelabs.marengo",
        "deepseek.r1",
        "openai.gpt-oss",
        "",
        "arn:x",
    ]
)
OPERATIONS = [
    "Converse",
    "ConverseStream",
    "InvokeModel",
    "InvokeModelWithResponseStream",
    "StartAsyncInvoke",
    "TomorrowsOperation",
]


def _packed(pieces: list[bytes]) -> bytes:
    kept = Pieces()
    for piece in pieces:
        kept.add(piece)
    return kept.packed(0)


@pytest.mark.parametrize("operation", OPERATIONS)
@settings(max_examples=50)
@given(model=MODELS, request=JSON, response=JSON, fields=JSON)
def test_any_json_in_a_body_gives_a_view(
    operation: str, model: str, request: Any, response: Any, fields: Any
) -> None:
    view = read_span(
        {
            "outcrop.aws.operation": operation,
            "gen_ai.request.model": model,
            "outcrop.request.body": json.dumps(request).encode(),
            "outcrop.response.body": json.dumps(response).encode(),
            "outcrop.response.fields": json.dumps(fields),
        }
    )
    json.dumps([view.inputs, view.outputs])
    attributes_of(view)


@pytest.mark.parametrize("operation", ["ConverseStream", "InvokeModelWithResponseStream"])
@settings(max_examples=50)
@given(model=MODELS, events=st.lists(st.tuples(WORDS | st.just("contentBlockDelta"), JSON), max_size=6))
def test_any_json_in_a_stream_gives_a_view(operation: str, model: str, events: list[tuple[str, Any]]) -> None:
    frames = [encode_event(kind, as_object(payload)) for kind, payload in events]
    view = read_span(
        {
            "outcrop.aws.operation": operation,
            "gen_ai.request.model": model,
            "outcrop.request.body": b"{}",
            "outcrop.stream.chunks": _packed(frames),
            "outcrop.stream.outcome": "complete",
        }
    )
    assert view.stream is not None
    assert len(view.stream.chunks) == len(events)
    json.dumps([view.outputs])


@given(
    st.dictionaries(
        st.sampled_from(["outcrop.span.inputs", "gen_ai.input.messages", "outcrop.span.type"]), JSON
    )
)
def test_any_attribute_of_a_function_gives_a_view(attributes: dict[str, Any]) -> None:
    json.dumps([read_span(attributes).inputs])


def test_a_torn_stream_says_what_is_missing() -> None:
    frame = encode_event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hi"}})
    view = read_span(
        {
            "outcrop.aws.operation": "ConverseStream",
            "outcrop.stream.chunks": _packed([frame, frame[:20]]),
            "outcrop.stream.outcome": "error",
        }
    )
    assert view.outputs["output"]["message"]["content"] == [{"text": "Hi"}]
    assert view.problem == "The stream ended within a frame; 20 bytes of it had come."


def test_a_span_that_speaks_the_conventions_itself_is_understood() -> None:
    view = read_span(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "m",
            "gen_ai.usage.input_tokens": 3,
            "gen_ai.usage.output_tokens": 4,
            "gen_ai.input.messages": json.dumps(
                [{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]
            ),
            "gen_ai.output.messages": json.dumps(
                [{"role": "assistant", "parts": [{"type": "text", "content": "Ho"}], "finish_reason": "stop"}]
            ),
        }
    )
    assert view.span_type == SpanType.CHAT_MODEL
    assert view.chat is not None
    assert view.chat.output[0].finish_reason == "stop"
    assert view.usage is not None
    assert view.usage.total_tokens == 7
