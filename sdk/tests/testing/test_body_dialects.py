"""InvokeModel's bodies beyond the first families: each as AWS documents it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outcrop.testing import BedrockEmulator, Reply, ToolUse, Usage

_IMPORTED = "arn:aws:bedrock:us-east-1:123456789012:imported-model/abc"


def _invoke(emulator: BedrockEmulator, model_id: str, body: object) -> Any:
    response = emulator.client().invoke_model(modelId=model_id, body=json.dumps(body))
    with response["body"] as stream:
        return json.loads(stream.read())


def _stream(emulator: BedrockEmulator, model_id: str, body: object) -> list[Any]:
    response = emulator.client().invoke_model_with_response_stream(modelId=model_id, body=json.dumps(body))
    return [json.loads(event["chunk"]["bytes"]) for event in response["body"]]


def test_claude_completes_a_prompt_when_it_is_given_one(bedrock_emulator: BedrockEmulator) -> None:
    model_id, body = (
        "anthropic.claude-v2:1",
        {"prompt": "\n\nHuman: Hi\n\nAssistant:", "max_tokens_to_sample": 9},
    )
    bedrock_emulator.script(model_id, *[Reply("Hi you", chunk_size=3, stop_reason="max_tokens")] * 2)
    whole = {"type": "completion", "completion": "Hi you", "stop_reason": "max_tokens", "stop": None}
    assert _invoke(bedrock_emulator, model_id, body) == whole
    first, _, last = _stream(bedrock_emulator, model_id, body)
    assert (first["completion"], first["stop_reason"]) == ("Hi ", None)
    assert (last["completion"], last["stop_reason"]) == ("", "max_tokens")


def test_cohere_command_answers_with_generations(bedrock_emulator: BedrockEmulator) -> None:
    model_id = "cohere.command-light-text-v14"
    bedrock_emulator.script(model_id, *[Reply("Hi you", chunk_size=3)] * 2)
    answer = _invoke(bedrock_emulator, model_id, {"prompt": "x"})
    assert answer["prompt"] == "x"
    (generation,) = answer["generations"]
    assert (generation["text"], generation["finish_reason"]) == ("Hi you", "COMPLETE")
    chunks = _stream(bedrock_emulator, model_id, {"prompt": "x"})
    assert [chunk["generations"][0]["is_finished"] for chunk in chunks] == [False, False, True]


def test_command_r_streams_events_and_ends_with_the_whole_answer(bedrock_emulator: BedrockEmulator) -> None:
    model_id = "cohere.command-r-v1:0"
    bedrock_emulator.script(model_id, *[Reply("Hi", ToolUse("f", {"a": 1}), usage=Usage(9, 4))] * 2)
    answer = _invoke(bedrock_emulator, model_id, {"message": "x"})
    assert (answer["text"], answer["finish_reason"]) == ("Hi", "COMPLETE")
    assert answer["tool_calls"] == [{"name": "f", "parameters": {"a": 1}}]
    assert "meta" not in answer
    chunks = _stream(bedrock_emulator, model_id, {"message": "x"})
    assert [chunk["event_type"] for chunk in chunks] == [
        "stream-start",
        "text-generation",
        "tool-calls-generation",
        "stream-end",
    ]
    assert chunks[-1]["response"]["meta"]["billed_units"] == {"input_tokens": 9, "output_tokens": 4}


def test_jurassic_answers_with_completions_and_does_not_stream(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script("ai21.j2-mid-v1", Reply("Hi", stop_reason="max_tokens"))
    answer = _invoke(bedrock_emulator, "ai21.j2-mid-v1", {"prompt": "x"})
    assert isinstance(answer["id"], int)
    completion: dict[str, Any] = {"data": {"text": "Hi", "tokens": []}, "finishReason": {"reason": "length"}}
    assert answer["completions"] == [completion]
    client = bedrock_emulator.client()
    with pytest.raises(client.exceptions.ValidationException, match="unsupported for streaming"):
        client.invoke_model_with_response_stream(modelId="ai21.j2-mid-v1", body='{"prompt": "x"}')


def test_deepseek_r1_answers_a_prompt_with_choices(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script("us.deepseek.r1-v1:0", *[Reply("Hi you", chunk_size=3)] * 2)
    answer = _invoke(bedrock_emulator, "us.deepseek.r1-v1:0", {"prompt": "x"})
    assert answer == {"choices": [{"text": "Hi you", "stop_reason": "stop"}]}
    texts = [
        chunk["choices"][0]["text"]
        for chunk in _stream(bedrock_emulator, "us.deepseek.r1-v1:0", {"prompt": "x"})
    ]
    assert texts == ["Hi ", "you", ""]


def test_the_name_of_the_limit_decides_an_imported_models_format(bedrock_emulator: BedrockEmulator) -> None:
    assert "generation" in _invoke(bedrock_emulator, _IMPORTED, {"prompt": "x", "max_gen_len": 9})
    completion = _invoke(bedrock_emulator, _IMPORTED, {"prompt": "x", "max_tokens": 9})
    assert completion["object"] == "text_completion"
    assert completion["usage"]["prompt_tokens"] >= 1
    chat = _invoke(bedrock_emulator, _IMPORTED, {"messages": [{"role": "user", "content": "x"}]})
    assert chat["object"] == "chat.completion"


def test_cohere_embeds_in_the_types_that_are_asked_for(bedrock_emulator: BedrockEmulator) -> None:
    model_id, body = "cohere.embed-v4:0", {"texts": ["a", "b"], "input_type": "search_query"}
    plain = _invoke(bedrock_emulator, model_id, body)
    assert plain["response_type"] == "embeddings_floats"
    assert [len(vector) for vector in plain["embeddings"]] == [1536, 1536]
    kinds = ["int8", "uint8", "binary", "ubinary"]
    asked = {**body, "embedding_types": kinds, "output_dimension": 256}
    typed = _invoke(bedrock_emulator, model_id, asked)
    assert typed["response_type"] == "embeddings_by_type"
    by_type = typed["embeddings"]
    assert [len(by_type[kind][0]) for kind in kinds] == [256, 256, 32, 32]
    assert min(by_type["uint8"][0]) >= 0
    assert [number + 128 for number in by_type["binary"][0]] == by_type["ubinary"][0]


def test_a_ranking_has_the_best_documents_first(bedrock_emulator: BedrockEmulator) -> None:
    body = {"query": "red rock", "documents": ["a tree", "a red rock", "a rock"], "top_n": 2}
    answer = _invoke(bedrock_emulator, "cohere.rerank-v3-5:0", body)
    assert answer == {"results": [{"index": 1, "relevance_score": 1.0}, {"index": 2, "relevance_score": 0.5}]}


def test_canvas_paints_as_many_pictures_as_are_asked_for(bedrock_emulator: BedrockEmulator) -> None:
    task = {"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "x"}}
    many = {**task, "imageGenerationConfig": {"numberOfImages": 3}}
    assert len(_invoke(bedrock_emulator, "amazon.nova-canvas-v1:0", many)["images"]) == 3
    bedrock_emulator.script("amazon.nova-canvas-v1:0", Reply("Blocked.", stop_reason="content_filtered"))
    assert _invoke(bedrock_emulator, "amazon.nova-canvas-v1:0", task) == {"images": [], "error": "Blocked."}


def test_stability_paints_in_two_schemas(bedrock_emulator: BedrockEmulator) -> None:
    new = _invoke(bedrock_emulator, "stability.sd3-5-large-v1:0", {"prompt": "x"})
    assert (len(new["images"]), new["finish_reasons"]) == (1, [None])
    old = _invoke(bedrock_emulator, "stability.stable-diffusion-xl-v1", {"text_prompts": [{"text": "x"}]})
    assert (old["result"], old["artifacts"][0]["finishReason"]) == ("success", "SUCCESS")


def test_twelvelabs_talks_about_videos_and_embeds(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script("us.twelvelabs.pegasus-1-2-v1:0", Reply("A dog."))
    asked = {"inputPrompt": "x", "mediaSource": {"base64String": "AA"}}
    answer = _invoke(bedrock_emulator, "us.twelvelabs.pegasus-1-2-v1:0", asked)
    assert answer == {"message": "A dog.", "finishReason": "stop"}
    text = {"inputType": "text", "text": {"inputText": "x"}}
    vector = _invoke(bedrock_emulator, "twelvelabs.marengo-embed-3-0-v1:0", text)["data"]["embedding"]
    assert len(vector) == 512
    flat = {"inputType": "text", "inputText": "x"}
    old = _invoke(bedrock_emulator, "us.twelvelabs.marengo-embed-2-7-v1:0", flat)
    assert len(old["embedding"]) == 1024
