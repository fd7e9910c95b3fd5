"""Models that paint and film: pictures as blob parts, and video asked for through StartAsyncInvoke."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from outcrop.genai.retrieval import Embedding
from outcrop.genai.view import SpanView
from outcrop.testing import BedrockEmulator, RawBody, Reply
from outcrop.views import read_span

Call = Callable[[str, dict[str, Any]], SpanView]

PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3"
PNG = "iVBORw0KGgoAAAANSUhEUg=="
JPEG = "/9j/4AAQSkZJRg=="
CANVAS = {
    "taskType": "INPAINTING",
    "inPaintingParams": {"image": PNG, "maskPrompt": "the sky", "text": "A red sky", "negativeText": "rain"},
    "imageGenerationConfig": {"numberOfImages": 2, "seed": 7},
}
PICTURES: dict[str, tuple[str, dict[str, Any], int]] = {
    "canvas": ("amazon.nova-canvas-v1:0", CANVAS, 2),
    "titan": ("amazon.titan-image-generator-v2:0", CANVAS, 2),
    "stable image": (
        "stability.stable-image-core-v1:1",
        {"prompt": "A red sky", "image": PNG, "seed": 7},
        1,
    ),
    "sdxl": (
        "stability.stable-diffusion-xl-v1",
        {"text_prompts": [{"text": "A red sky", "weight": 1}, {"text": "rain", "weight": -1}], "seed": 7},
        1,
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_blobs_and_the_settings_parameters(invoke: Call, name: str) -> None:
    model, body, count = PICTURES[name]
    view = invoke(model, body)
    assert view.chat is not None
    assert view.chat.messages[0].parts[0] == {"type": "text", "content": "A red sky"}
    parts = view.chat.output[0].parts
    assert [(part["type"], part["modality"], part["mime_type"]) for part in parts] == [
        ("blob", "image", "image/png")
    ] * count
    assert view.chat.parameters["seed"] == 7
    assert view.request_preview is not None
    assert view.request_preview.startswith("A red sky")
    assert view.response_preview == ("1 image" if count == 1 else f"{count} images")
    assert view.inputs["body"] == body


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_known_by_their_shape(
    bedrock_emulator: BedrockEmulator, invoke: Call, name: str
) -> None:
    model, body, _ = PICTURES[name]
    named = invoke(model, body)
    bedrock_emulator.script(PROFILE, RawBody(json.dumps(named.outputs["body"]).encode()))
    assert invoke(PROFILE, body).chat == named.chat


def test_pictures_that_are_sent_are_named_by_their_role(invoke: Call) -> None:
    view = invoke("amazon.nova-canvas-v1:0", CANVAS)
    assert view.chat is not None
    image = {"type": "blob", "modality": "image", "mime_type": "image/png", "content": PNG, "name": "image"}
    assert view.chat.messages[0].parts[1:] == [image]
    assert view.chat.parameters == {
        "taskType": "INPAINTING",
        "maskPrompt": "the sky",
        "negativeText": "rain",
        "numberOfImages": 2,
        "seed": 7,
    }


def test_a_task_of_pictures_alone_has_a_preview(invoke: Call) -> None:
    body = {"taskType": "IMAGE_VARIATION", "imageVariationParams": {"images": [PNG, JPEG]}}
    view = invoke("amazon.nova-canvas-v1:0", body)
    assert view.request_preview == "2 images"
    assert view.chat is not None
    assert [part["mime_type"] for part in view.chat.messages[0].parts] == ["image/png", "image/jpeg"]


@pytest.mark.parametrize(
    ("name", "reason", "words"),
    [
        ("canvas", None, "Blocked."),
        ("stable image", "Filter reason: prompt", None),
        ("sdxl", "CONTENT_FILTERED", "1 image"),
    ],
)
def test_what_a_filter_took_away_is_said(
    bedrock_emulator: BedrockEmulator, invoke: Call, name: str, reason: str | None, words: str | None
) -> None:
    model, body, _ = PICTURES[name]
    bedrock_emulator.script(model, Reply("Blocked.", stop_reason="content_filtered"))
    view = invoke(model, body)
    assert (view.finish_reason, view.response_preview) == (reason, words)


def _async_view(model: str, model_input: dict[str, Any]) -> SpanView:
    request = {
        "modelId": model,
        "modelInput": model_input,
        "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": "s3://bucket/out"}},
    }
    arn = "arn:aws:bedrock:us-east-1:123456789012:async-invoke/x1"
    return read_span(
        {
            "outcrop.aws.operation": "StartAsyncInvoke",
            "outcrop.span.type": "LLM",
            "gen_ai.request.model": model,
            "outcrop.request.body": json.dumps(request).encode(),
            "outcrop.response.body": json.dumps({"invocationArn": arn}).encode(),
        }
    )


FRAME = {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": JPEG}}
FILMS: dict[str, tuple[str, dict[str, Any]]] = {
    "reel": (
        "amazon.nova-reel-v1:1",
        {
            "taskType": "TEXT_VIDEO",
            "textToVideoParams": {
                "text": "A red sky",
                "images": [{"format": "jpeg", "source": {"bytes": JPEG}}],
            },
            "videoGenerationConfig": {"durationSeconds": 6, "seed": 7},
        },
    ),
    "reel by shots": (
        "amazon.nova-reel-v1:1",
        {
            "taskType": "MULTI_SHOT_MANUAL",
            "multiShotManualParams": {
                "shots": [{"text": "A red sky", "image": {"format": "jpeg", "source": {"bytes": JPEG}}}]
            },
            "videoGenerationConfig": {"seed": 7},
        },
    ),
    "ray": (
        "luma.ray-v2:0",
        {"prompt": "A red sky", "keyframes": {"frame0": FRAME}, "duration": "5s", "loop": False, "seed": 7},
    ),
}


@pytest.mark.parametrize("name", FILMS)
@pytest.mark.parametrize("is_hidden", [False, True])
def test_a_film_is_read_from_the_models_input(name: str, *, is_hidden: bool) -> None:
    model, model_input = FILMS[name]
    view = _async_view(PROFILE if is_hidden else model, model_input)
    assert view.chat is not None
    words, picture = view.chat.messages[0].parts
    assert words == {"type": "text", "content": "A red sky"}
    assert (picture["type"], picture["mime_type"], picture["content"]) == ("blob", "image/jpeg", JPEG)
    assert view.chat.parameters["seed"] == 7
    assert view.chat.output == []
    assert (view.request_preview, view.response_preview) == ("A red sky", "→ s3://bucket/out")
    assert view.inputs["modelInput"] == model_input
    assert view.outputs["invocationArn"].endswith("async-invoke/x1")


def test_an_asynchronous_embedding_is_one() -> None:
    media = {"mediaSource": {"s3Location": {"uri": "s3://b/v.mp4", "bucketOwner": "1"}}}
    view = _async_view("twelvelabs.marengo-embed-2-7-v1:0", {"inputType": "video", **media})
    assert view.embedding == Embedding(("[video]",))
    assert (view.span_type, view.request_preview) == ("EMBEDDING", "[video]")


@pytest.mark.parametrize("name", FILMS)
def test_a_film_is_read_through_a_real_call(
    client: Any, newest_view: Callable[[], SpanView], name: str
) -> None:
    if not hasattr(client, "start_async_invoke"):
        return  # the oldest botocore that is supported has no such operation yet
    model, model_input = FILMS[name]
    place = {"s3OutputDataConfig": {"s3Uri": "s3://bucket/out"}}
    answer = client.start_async_invoke(modelId=model, modelInput=model_input, outputDataConfig=place)
    view = newest_view()
    assert view.chat is not None
    assert view.chat.messages[0].parts[0] == {"type": "text", "content": "A red sky"}
    assert view.inputs["modelInput"] == model_input
    assert view.outputs == {"invocationArn": answer["invocationArn"]}
    assert (view.request_preview, view.response_preview) == ("A red sky", "→ s3://bucket/out")


def test_an_asynchronous_input_that_no_codec_knows_stays_raw() -> None:
    view = _async_view("tomorrow.model", {"x": 1})
    assert view.chat is None
    assert view.inputs["modelInput"] == {"x": 1}
