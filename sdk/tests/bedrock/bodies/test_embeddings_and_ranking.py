"""Embedding and ranking models: no conversation, but counts, sizes, and an order."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from outcrop.genai.retrieval import Embedding, RankedItem, Ranking
from outcrop.genai.view import SpanView
from outcrop.testing import BedrockEmulator, RawBody, Usage

Call = Callable[[str, dict[str, Any]], SpanView]

PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3"
PNG = "iVBORw0KGgoAAAANSUhEUg=="
MULTIMODAL = "amazon.nova-2-multimodal-embeddings-v1:0"
TITAN_V2 = "amazon.titan-embed-text-v2:0"
DOCUMENTS = ["Carson City is in Nevada.", "Washington is the capital of America.", "Capitals are cities."]

EMBEDDINGS: dict[str, tuple[str, dict[str, Any], Embedding]] = {
    "titan g1": ("amazon.titan-embed-text-v1", {"inputText": "rock"}, Embedding(("rock",), 1, 1024)),
    "titan v2": (
        TITAN_V2,
        {"inputText": "rock", "dimensions": 256, "embeddingTypes": ["float", "binary"]},
        Embedding(("rock",), 1, 256, ("float", "binary")),
    ),
    "titan multimodal": (
        "amazon.titan-embed-image-v1",
        {"inputImage": PNG, "embeddingConfig": {"outputEmbeddingLength": 384}},
        Embedding(("[image]",), 1, 384),
    ),
    "nova text": (
        MULTIMODAL,
        {
            "schemaVersion": "nova-multimodal-embed-v1",
            "taskType": "SINGLE_EMBEDDING",
            "singleEmbeddingParams": {
                "embeddingPurpose": "GENERIC_INDEX",
                "embeddingDimension": 384,
                "text": {"truncationMode": "END", "value": "rock"},
            },
        },
        Embedding(("rock",), 1, 384, ("TEXT",)),
    ),
    "nova video": (
        MULTIMODAL,
        {
            "taskType": "SINGLE_EMBEDDING",
            "singleEmbeddingParams": {
                "embeddingPurpose": "GENERIC_INDEX",
                "embeddingDimension": 256,
                "video": {"format": "mp4", "source": {"s3Location": {"uri": "s3://b/v.mp4"}}},
            },
        },
        Embedding(("[video]",), 1, 256, ("VIDEO",)),
    ),
    "cohere v3": (
        "cohere.embed-english-v3",
        {"texts": ["rock", "stone"], "input_type": "search_document"},
        Embedding(("rock", "stone"), 2, 1024),
    ),
    "cohere v3 picture": (
        "cohere.embed-english-v3",
        {"images": [f"data:image/png;base64,{PNG}"], "input_type": "image", "embedding_types": ["float"]},
        Embedding(("[image]",), 1, 1024, ("float",)),
    ),
    "cohere v4 by type": (
        "us.cohere.embed-v4:0",
        {"texts": ["rock"], "input_type": "search_query", "embedding_types": ["ubinary", "int8"]},
        Embedding(("rock",), 1, 1536, ("ubinary", "int8")),
    ),
    "cohere v4 packed": (
        "us.cohere.embed-v4:0",
        {
            "texts": ["rock"],
            "input_type": "search_query",
            "embedding_types": ["binary"],
            "output_dimension": 256,
        },
        Embedding(("rock",), 1, 256, ("binary",)),
    ),
    "cohere v4 mixed": (
        "us.cohere.embed-v4:0",
        {
            "input_type": "search_document",
            "inputs": [
                {
                    "content": [
                        {"type": "text", "text": "Q3 growth"},
                        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
                    ]
                }
            ],
        },
        Embedding(("Q3 growth",), 1, 1536),
    ),
    "marengo 2.7": (
        "us.twelvelabs.marengo-embed-2-7-v1:0",
        {"inputType": "text", "inputText": "man walking a dog"},
        Embedding(("man walking a dog",), 1, 1024),
    ),
    "marengo 3": (
        "twelvelabs.marengo-embed-3-0-v1:0",
        {
            "inputType": "text_image",
            "text_image": {"inputText": "a dog", "mediaSource": {"base64String": PNG}},
        },
        Embedding(("a dog",), 1, 512),
    ),
}


@pytest.mark.parametrize("name", EMBEDDINGS)
def test_an_embedding_is_counted_and_measured(invoke: Call, name: str) -> None:
    model, body, expected = EMBEDDINGS[name]
    view = invoke(model, body)
    assert view.embedding == expected
    assert (view.chat, view.ranking, view.span_type) == (None, None, "EMBEDDING")
    assert view.request_preview == expected.inputs[0]
    assert view.response_preview is not None
    assert view.response_preview.endswith(f"of {expected.dimensions:,}")
    assert view.usage is not None
    assert isinstance(view.usage.input_tokens, int)
    assert view.usage.output_tokens is None
    assert view.inputs["body"] == body


@pytest.mark.parametrize("name", EMBEDDINGS)
def test_an_embedding_is_known_by_its_shape(
    bedrock_emulator: BedrockEmulator, invoke: Call, name: str
) -> None:
    model, body, expected = EMBEDDINGS[name]
    answer = json.dumps(invoke(model, body).outputs["body"]).encode()
    bedrock_emulator.script(PROFILE, RawBody(answer))
    view = invoke(PROFILE, body)
    assert (view.embedding, view.span_type) == (expected, "EMBEDDING")


def test_titan_counts_its_tokens_in_the_body(bedrock_emulator: BedrockEmulator, invoke: Call) -> None:
    answer = b'{"embedding": [0.5], "inputTextTokenCount": 7}'
    bedrock_emulator.script(TITAN_V2, RawBody(answer, usage=Usage(9, 0)))
    view = invoke(TITAN_V2, {"inputText": "rock"})
    assert view.usage is not None
    assert (view.usage.input_tokens, view.usage.raw) == (7, {"inputTextTokenCount": 7})


def test_segments_of_several_modalities_are_named(bedrock_emulator: BedrockEmulator, invoke: Call) -> None:
    clips = [
        {"embedding": [0.1, 0.2], "embeddingOption": ["visual"], "startSec": 0, "endSec": 4},
        {"embedding": [0.1, 0.2], "embeddingOption": "audio", "startSec": 0, "endSec": 4},
    ]
    model = "twelvelabs.marengo-embed-3-0-v1:0"
    bedrock_emulator.script(model, RawBody(json.dumps({"data": clips}).encode()))
    view = invoke(
        model, {"inputType": "video", "video": {"mediaSource": {"s3Location": {"uri": "s3://b/v"}}}}
    )
    assert view.embedding == Embedding(("[video]",), 2, 2, ("visual", "audio"))
    assert view.response_preview == "2 vectors of 2"


@pytest.mark.parametrize("model", ["cohere.rerank-v3-5:0", "amazon.rerank-v1:0", PROFILE])
def test_a_ranking_names_the_best(bedrock_emulator: BedrockEmulator, invoke: Call, model: str) -> None:
    body = {"query": "capital of America", "documents": DOCUMENTS, "top_n": 2, "api_version": 2}
    if model == PROFILE:
        answer = json.dumps(invoke("cohere.rerank-v3-5:0", body).outputs["body"]).encode()
        bedrock_emulator.script(PROFILE, RawBody(answer))
    view = invoke(model, body)
    best = RankedItem(1, 1.0, "Washington is the capital of America.")
    assert view.ranking == Ranking(
        "capital of America", (best, RankedItem(2, 0.3333, "Capitals are cities.")), 3
    )
    assert (view.chat, view.span_type) == (None, "RERANKER")
    assert view.request_preview == "capital of America"
    assert view.response_preview == "best: Washington is the capital of America. (1)"


def test_documents_may_be_objects_and_scores_spelled_in_camel_case(
    bedrock_emulator: BedrockEmulator, invoke: Call
) -> None:
    bedrock_emulator.script(
        PROFILE,
        RawBody(
            b'{"results": [{"index": 1, "relevanceScore": 0.5}, {"index": 9}, {"relevance_score": true}]}'
        ),
    )
    view = invoke(PROFILE, {"query": "q", "documents": [{"text": "a"}, {"title": "b"}]})
    assert view.ranking is not None
    assert view.ranking.items == (
        RankedItem(1, 0.5, '{"title": "b"}'),
        RankedItem(9, None, None),
        RankedItem(None, None, None),
    )
