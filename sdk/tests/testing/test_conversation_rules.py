"""What AWS refuses, refused through real boto3 and in its words."""

from __future__ import annotations

from typing import Any

import pytest

from outcrop.testing import BedrockEmulator
from sdk.tests.testing.installed_botocore import needs_member

_MODEL = "anthropic.claude-sonnet-4-20250514-v1:0"
_TOOLS = {"tools": [{"toolSpec": {"name": "t", "inputSchema": {"json": {"type": "object"}}}}]}


def _said(role: str, *blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "content": list(blocks or ({"text": "words"},))}


def _use(tool_use_id: str) -> dict[str, Any]:
    return {"toolUse": {"toolUseId": tool_use_id, "name": "t", "input": {}}}


def _result(tool_use_id: str) -> dict[str, Any]:
    return {"toolResult": {"toolUseId": tool_use_id, "content": [{"text": "done"}]}}


_AGAINST_THE_RULES: list[tuple[list[Any], str]] = [
    ([], "A conversation must start with a user message"),
    ([_said("assistant")], "A conversation must start with a user message"),
    ([_said("user"), _said("user")], "must alternate between user and assistant roles"),
    ([{"role": "user", "content": []}], "The content field in the Message object at messages.0 is empty"),
    ([_said("user", {"text": " "})], "ContentBlock object at messages.0.content.0 is blank"),
    (
        [_said("user"), _said("assistant"), _said("user", _result("a"))],
        "The number of toolResult blocks at messages.2.content exceeds",
    ),
    (
        [_said("user"), _said("assistant", _use("a"), _use("b")), _said("user", _result("b"))],
        "Expected toolResult blocks at messages.2.content for the following Ids: a",
    ),
]


@pytest.mark.parametrize(("messages", "words"), _AGAINST_THE_RULES)
@pytest.mark.parametrize("method", ["converse", "converse_stream"])
def test_a_conversation_against_the_rules_is_refused_in_awss_words(
    bedrock_emulator: BedrockEmulator, messages: list[Any], words: str, method: str
) -> None:
    bedrock_emulator.script(_MODEL, "scripted", repeat_last=False)
    client = bedrock_emulator.client()

    with pytest.raises(client.exceptions.ValidationException, match=words):
        getattr(client, method)(modelId=_MODEL, messages=messages, toolConfig=_TOOLS)

    # A refused request takes no reply from the script.
    answer = client.converse(modelId=_MODEL, messages=[_said("user")])
    assert answer["output"]["message"]["content"] == [{"text": "scripted"}]


def test_tool_blocks_need_a_tool_config(bedrock_emulator: BedrockEmulator) -> None:
    client = bedrock_emulator.client()
    messages = [_said("user"), _said("assistant", _use("a")), _said("user", _result("a"))]

    with pytest.raises(client.exceptions.ValidationException, match="The toolConfig field must be defined"):
        client.converse(modelId=_MODEL, messages=messages)
    assert client.converse(modelId=_MODEL, messages=messages, toolConfig=_TOOLS)["stopReason"] == "end_turn"


@needs_member("ConverseRequest", "promptVariables")
def test_a_conversation_without_messages_is_refused_unless_a_prompt_brings_them(
    bedrock_emulator: BedrockEmulator,
) -> None:
    client = bedrock_emulator.client()
    prompt = "arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ:1"

    with pytest.raises(client.exceptions.ValidationException):
        client.converse(modelId=_MODEL)
    assert client.converse(modelId=prompt, promptVariables={"x": {"text": "y"}})["stopReason"] == "end_turn"


def test_a_system_message_stands_outside_the_order_of_roles(bedrock_emulator: BedrockEmulator) -> None:
    messages = [_said("user"), _said("assistant"), _said("system"), _said("user")]

    answer = bedrock_emulator.client().converse(modelId=_MODEL, messages=messages)

    assert answer["stopReason"] == "end_turn"
