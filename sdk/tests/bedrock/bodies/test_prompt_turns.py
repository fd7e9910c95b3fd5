"""Prompts that hold a conversation in tokens of their own are shown as messages when they parse cleanly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from outcrop.bedrock.bodies.prompt_turns import CLAUDE, read_prompt
from outcrop.genai.view import SpanView

Call = Callable[[str, dict[str, Any]], SpanView]

TURNS = [("user", "Hello?"), ("assistant", "Hi."), ("user", "And now?")]
LLAMA3 = (
    "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
    "<|start_header_id|>user<|end_header_id|>\n\nHello?<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\nHi.<|eot_id|>"
    "<|start_header_id|>user<|end_header_id|>\n\nAnd now?<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\n"
)
PROMPTS = {
    "llama 3": LLAMA3,
    "llama 4": LLAMA3.replace("start_header_id", "header_start")
    .replace("end_header_id", "header_end")
    .replace("eot_id", "eot"),
    "chatml": "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello?<|im_end|>\n"
    "<|im_start|>assistant\nHi.<|im_end|>\n<|im_start|>user\nAnd now?<|im_end|>\n<|im_start|>assistant\n",
    "deepseek": "<\uff5cbegin\u2581of\u2581sentence\uff5c>Be brief."
    "<\uff5cUser\uff5c>Hello?<\uff5cAssistant\uff5c>Hi."
    "<\uff5cend\u2581of\u2581sentence\uff5c><\uff5cUser\uff5c>And now?<\uff5cAssistant\uff5c><think>\n",
    "claude": "Be brief.\n\nHuman: Hello?\n\nAssistant: Hi.\n\nHuman: And now?\n\nAssistant:",
}


@pytest.mark.parametrize("name", PROMPTS)
def test_a_prompt_of_turns_is_a_conversation(name: str) -> None:
    system, messages = read_prompt(PROMPTS[name], CLAUDE)
    assert system == [{"type": "text", "content": "Be brief."}]
    assert [(message.role, message.parts[0]["content"]) for message in messages] == TURNS


def test_mistrals_instructions_are_turns_too() -> None:
    _, messages = read_prompt("<s>[INST] Hello? [/INST] Hi.</s>[INST] And now? [/INST]")
    assert [(message.role, message.parts[0]["content"]) for message in messages] == TURNS


@pytest.mark.parametrize(
    "prompt",
    [
        "Hello?",
        "Words before <|start_header_id|>user<|end_header_id|>\n\nHello?<|eot_id|>",
        "<|start_header_id|>pirate<|end_header_id|>\n\nHello?<|eot_id|>",
        "Say [INST] and stop.",
        "\n\nHuman: only Claude's prompts are read so",
        "",
    ],
)
def test_a_prompt_that_does_not_parse_cleanly_is_one_message(prompt: str) -> None:
    system, messages = read_prompt(prompt)
    assert system == []
    assert [(message.role, message.parts) for message in messages] == [
        ("user", [{"type": "text", "content": prompt}])
    ]


def test_an_answer_that_was_begun_for_the_model_is_shown() -> None:
    _, messages = read_prompt("\n\nHuman: Rhyme.\n\nAssistant: Roses are", CLAUDE)
    assert [message.role for message in messages] == ["user", "assistant"]


def test_llamas_turns_are_seen_through_a_call(invoke: Call) -> None:
    view = invoke("meta.llama3-8b-instruct-v1:0", {"prompt": LLAMA3, "temperature": 0.5})
    assert view.request_preview == "And now?"
    assert view.chat is not None
    assert view.chat.parameters == {"temperature": 0.5}
    assert view.inputs["body"]["prompt"] == LLAMA3


def test_llamas_pictures_stand_with_the_newest_words(invoke: Call) -> None:
    view = invoke("us.meta.llama3-2-11b-instruct-v1:0", {"prompt": LLAMA3, "images": ["/9j/4AAQ"]})
    assert view.chat is not None
    assert view.chat.messages[-1].parts == [
        {"type": "text", "content": "And now?"},
        {"type": "blob", "modality": "image", "mime_type": "image/jpeg", "content": "/9j/4AAQ"},
    ]
    assert view.chat.parameters == {}
