"""Every `invoke_model` family in the conventions' words: talk, pictures, embeddings, ranking, and others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outcrop.json_reading import as_object
from outcrop.testing import BedrockEmulator, RawBody, Reply, ToolUse, Usage
from sdk.tests.bedrock.bodies.test_embeddings_and_ranking import DOCUMENTS, EMBEDDINGS
from sdk.tests.bedrock.bodies.test_pictures_and_video import PICTURES
from sdk.tests.bedrock.bodies.test_talking_families import FAMILIES, PROFILE, STREAMING
from sdk.tests.normalised.conftest import Newest
from sdk.tests.normalised.schema import check_documents, check_messages, check_tools

# What each family's parameters are called, and what they mean.
PARAMETERS: dict[str, tuple[str, dict[str, Any]]] = {
    "anthropic": (
        "anthropic.claude-3-haiku-20240307-v1:0",
        {"max_tokens": 9, "temperature": 0.5, "top_p": 0.9, "top_k": 5, "stop_sequences": ["END"]},
    ),
    "nova": (
        "us.amazon.nova-lite-v1:0",
        {
            "inferenceConfig": {
                "maxTokens": 9,
                "temperature": 0.5,
                "topP": 0.9,
                "topK": 5,
                "stopSequences": ["END"],
            }
        },
    ),
    "titan": (
        "amazon.titan-text-express-v1",
        {
            "textGenerationConfig": {
                "maxTokenCount": 9,
                "temperature": 0.5,
                "topP": 0.9,
                "stopSequences": ["END"],
            }
        },
    ),
    "llama": ("meta.llama3-8b-instruct-v1:0", {"max_gen_len": 9, "temperature": 0.5, "top_p": 0.9}),
    "mistral": (
        "mistral.mistral-7b-instruct-v0:2",
        {"max_tokens": 9, "temperature": 0.5, "top_p": 0.9, "top_k": 5, "stop": ["END"]},
    ),
    "cohere": (
        "cohere.command-r-plus-v1:0",
        {"max_tokens": 9, "temperature": 0.5, "p": 0.9, "k": 5, "stop_sequences": ["END"], "seed": 3},
    ),
    "gpt-oss": (
        "openai.gpt-oss-120b-1:0",
        {"max_completion_tokens": 9, "temperature": 0.5, "top_p": 0.9, "stop": "END", "seed": 3, "n": 2},
    ),
}
QUESTIONS: dict[str, dict[str, Any]] = {
    "anthropic": {
        "anthropic_version": "bedrock-2023-05-31",
        "messages": [{"role": "user", "content": "Hello?"}],
    },
    "nova": {"messages": [{"role": "user", "content": [{"text": "Hello?"}]}]},
    "titan": {"inputText": "Hello?"},
    "llama": {"prompt": "Hello?"},
    "mistral": {"prompt": "Hello?"},
    "cohere": {"message": "Hello?"},
    "gpt-oss": {"messages": [{"role": "user", "content": "Hello?"}]},
}
NAMES = {
    "gen_ai.request.max_tokens": 9,
    "gen_ai.request.temperature": 0.5,
    "gen_ai.request.top_p": 0.9,
    "gen_ai.request.top_k": 5,
    "gen_ai.request.stop_sequences": ["END"],
    "gen_ai.request.seed": 3,
    "gen_ai.request.choice.count": 2,
}


def _invoke(client: Any, model: str, body: dict[str, Any], *, is_stream: bool = False) -> None:
    if is_stream:
        list(client.invoke_model_with_response_stream(modelId=model, body=json.dumps(body))["body"])
    else:
        client.invoke_model(modelId=model, body=json.dumps(body))["body"].read()


@pytest.mark.parametrize(
    ("name", "is_stream"), [*((name, False) for name in FAMILIES), *((name, True) for name in STREAMING)]
)
def test_every_family_that_talks_is_a_chat(
    bedrock_emulator: BedrockEmulator, client: Any, newest: Newest, name: str, is_stream: bool
) -> None:
    family = FAMILIES[name]
    bedrock_emulator.script(family.model, Reply("Hi there.", usage=Usage(12, 4)))
    _invoke(client, family.model, family.body, is_stream=is_stream)
    span = newest()
    asked = check_messages(span.attributes["gen_ai.input.messages"])
    assert asked[-1]["parts"][0] == {"type": "text", "content": "Hello?"}
    (answer,) = check_messages(span.attributes["gen_ai.output.messages"], is_output=True)
    assert answer["parts"] == [{"type": "text", "content": "Hi there."}]
    assert answer["finish_reason"] == "stop"
    assert span.attributes["gen_ai.response.finish_reasons"] == ["stop"]
    assert span.attributes["outcrop.response.finish_reasons"] == [family.finish_reason]
    assert span.attributes["gen_ai.usage.input_tokens"] == 12
    assert span.attributes["gen_ai.usage.output_tokens"] == 4
    assert span.name == f"chat {family.model}"


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_have_one_name_whatever_the_family_calls_them(
    client: Any, newest: Newest, name: str
) -> None:
    model, parameters = PARAMETERS[name]
    _invoke(client, model, {**QUESTIONS[name], **parameters})
    attributes = newest().attributes
    found = {key: attributes[key] for key in NAMES if key in attributes}
    nested = next((as_object(value) for value in parameters.values() if as_object(value)), parameters)
    assert len(found) == len(nested)
    assert found.items() <= NAMES.items()


def test_tools_and_the_answers_identifier_of_a_body(
    bedrock_emulator: BedrockEmulator, client: Any, newest: Newest
) -> None:
    model = "openai.gpt-oss-120b-1:0"
    bedrock_emulator.script(model, Reply(ToolUse("add", {"a": 1}, tool_use_id="t1")))
    tool = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
    body = {**QUESTIONS["gpt-oss"], "tools": [tool], "response_format": {"type": "json_schema"}}
    _invoke(client, model, body)
    attributes = newest().attributes
    (function,) = check_tools(attributes["gen_ai.tool.definitions"])
    assert function == {"type": "function", "name": "add", "parameters": {"type": "object"}}
    (answer,) = check_messages(attributes["gen_ai.output.messages"], is_output=True)
    assert answer["finish_reason"] == "tool_call"
    assert answer["parts"][-1]["arguments"] == {"a": 1}
    assert attributes["gen_ai.response.id"]
    assert attributes["gen_ai.output.type"] == "json"


def test_reasoning_tokens_and_several_answers(
    bedrock_emulator: BedrockEmulator, client: Any, newest: Newest
) -> None:
    model = "openai.gpt-oss-120b-1:0"
    choices = [
        {"message": {"role": "assistant", "content": "A"}, "finish_reason": "stop"},
        {"message": {"role": "assistant", "content": "B"}, "finish_reason": "length"},
    ]
    usage = {"prompt_tokens": 3, "completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 4}}
    answer = {"id": "c1", "model": "gpt-oss", "choices": choices, "usage": usage}
    bedrock_emulator.script(model, RawBody(json.dumps(answer).encode()))
    _invoke(client, model, QUESTIONS["gpt-oss"])
    attributes = newest().attributes
    assert attributes["gen_ai.response.finish_reasons"] == ["stop", "length"]
    assert attributes["gen_ai.usage.reasoning.output_tokens"] == 4
    assert (attributes["gen_ai.response.id"], attributes["gen_ai.response.model"]) == ("c1", "gpt-oss")


def test_server_tools_citations_files_and_unknown_blocks_keep_their_members(
    bedrock_emulator: BedrockEmulator, client: Any, newest: Newest
) -> None:
    model = "anthropic.claude-3-haiku-20240307-v1:0"
    content: list[dict[str, Any]] = [
        {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
        {"type": "search_result", "source": "https://example.com", "title": "T", "content": []},
    ]
    said = [
        {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "rocks"}},
        {"type": "web_search_tool_result", "tool_use_id": "s1", "content": [{"url": "https://example.com"}]},
        {"type": "text", "text": "Granite.", "citations": [{"title": "T"}]},
    ]
    body = {"content": said, "role": "assistant", "stop_reason": "pause_turn", "id": "m1"}
    bedrock_emulator.script(model, RawBody(json.dumps(body).encode()))
    asked = {"max_tokens": 9, "messages": [{"role": "user", "content": content}]}
    _invoke(client, model, {**QUESTIONS["anthropic"], **asked})
    attributes = newest().attributes
    file, result = check_messages(attributes["gen_ai.input.messages"])[0]["parts"]
    assert file == {"type": "file", "modality": "document", "mime_type": None, "file_id": "file_1"}
    assert result["generic_type"] == "search_result"
    assert result["source"] == "https://example.com"
    (answer,) = check_messages(attributes["gen_ai.output.messages"], is_output=True)
    call, found, text = answer["parts"]
    assert call["server_tool_call"] == {"type": "web_search", "arguments": {"query": "rocks"}}
    assert found["id"] == "s1"
    assert found["server_tool_call_response"]["response"] == [{"url": "https://example.com"}]
    assert text["citations"] == [{"title": "T"}]
    # A word that is new to us stays as it is.
    assert answer["finish_reason"] == "pause_turn"


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_generated_content(client: Any, newest: Newest, name: str) -> None:
    model, body, count = PICTURES[name]
    _invoke(client, model, body)
    span = newest()
    assert span.name == f"generate_content {model}"
    assert span.attributes["gen_ai.output.type"] == "image"
    assert span.attributes["gen_ai.request.seed"] == 7
    (answer,) = check_messages(span.attributes["gen_ai.output.messages"], is_output=True)
    assert [part["type"] for part in answer["parts"]] == ["blob"] * count


@pytest.mark.parametrize("is_hidden", [False, True], ids=["by id", "by profile"])
@pytest.mark.parametrize("name", EMBEDDINGS)
def test_embeddings_say_their_size_and_leave_the_numbers_out(
    bedrock_emulator: BedrockEmulator, client: Any, newest: Newest, name: str, is_hidden: bool
) -> None:
    model, body, expected = EMBEDDINGS[name]
    if is_hidden:
        # A profile hides the model; the bodies alone tell what it was.
        answer = client.invoke_model(modelId=model, body=json.dumps(body))["body"].read()
        bedrock_emulator.script(PROFILE, RawBody(answer))
        model = PROFILE
    _invoke(client, model, body)
    span = newest()
    assert span.name == f"embeddings {model}"
    assert span.attributes["gen_ai.operation.name"] == "embeddings"
    assert span.attributes["gen_ai.embeddings.dimension.count"] == expected.dimensions
    assert span.attributes["openinference.span.kind"] == "EMBEDDING"
    assert json.loads(span.attributes["input.value"])["body"] == body
    assert span.attributes["output.value"] == expected.response_preview
    assert span.attributes["output.mime_type"] == "text/plain"
    assert "gen_ai.input.messages" not in span.attributes


def test_a_ranking_lists_its_documents(client: Any, newest: Newest) -> None:
    model = "cohere.rerank-v3-5:0"
    _invoke(client, model, {"query": "capital", "documents": DOCUMENTS, "api_version": 2})
    span = newest()
    assert span.name == f"rerank {model}"
    assert span.attributes["gen_ai.retrieval.query.text"] == "capital"
    documents = check_documents(span.attributes["gen_ai.retrieval.documents"])
    assert {document["id"] for document in documents} == {"0", "1", "2"}
    assert {document["content"] for document in documents} == set(DOCUMENTS)
    assert span.attributes["openinference.span.kind"] == "RERANKER"


def test_a_body_that_no_codec_knows_goes_out_as_json(
    bedrock_emulator: BedrockEmulator, client: Any, newest: Newest
) -> None:
    model = "newmaker.model-v1:0"
    bedrock_emulator.script(model, RawBody(b'{"score": 1e999, "letter": "\\ud800"}'))
    _invoke(client, model, {"weights": [1, 2]})
    attributes = newest().attributes
    assert json.loads(attributes["input.value"])["body"] == {"weights": [1, 2]}
    assert json.loads(attributes["output.value"])["body"] == {"score": "inf", "letter": "?"}
    assert attributes["input.mime_type"] == "application/json"
