"""CountTokens through real boto3."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from outcrop.testing import BedrockEmulator, JsonReply, Throttling
from sdk.tests.testing.installed_botocore import needs

pytestmark = needs("CountTokens")

_MODEL = "anthropic.claude-sonnet-4-20250514-v1:0"
_MESSAGES = [{"role": "user", "content": [{"text": "How many tokens is this?"}]}]
_INVOKE_BODY = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 10,
    "messages": [{"role": "user", "content": "How many tokens is this?"}],
}


def test_a_conversation_counts_as_many_tokens_as_its_answer_will_say(
    bedrock_emulator: BedrockEmulator,
) -> None:
    client = bedrock_emulator.client()

    counted = client.count_tokens(modelId=_MODEL, input={"converse": {"messages": _MESSAGES}})
    answered = client.converse(modelId=_MODEL, messages=_MESSAGES)

    assert counted["inputTokens"] == answered["usage"]["inputTokens"] == 6


def test_an_invoke_body_counts_as_many_tokens_as_its_answer_will_say(
    bedrock_emulator: BedrockEmulator,
) -> None:
    client = bedrock_emulator.client()
    body = json.dumps(_INVOKE_BODY)

    counted = client.count_tokens(modelId=_MODEL, input={"invokeModel": {"body": body}})
    answered = json.loads(client.invoke_model(modelId=_MODEL, body=body)["body"].read())

    assert counted["inputTokens"] == answered["usage"]["input_tokens"]


@pytest.mark.parametrize(
    "asked",
    [
        {"converse": {"messages": [{"role": "assistant", "content": [{"text": "I begin."}]}]}},
        {"invokeModel": {"body": b"{}"}},
        {"invokeModel": {"body": b"no JSON"}},
    ],
)
def test_what_the_model_would_refuse_is_not_counted(
    bedrock_emulator: BedrockEmulator, asked: dict[str, Any]
) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        bedrock_emulator.client().count_tokens(modelId=_MODEL, input=asked)


def test_the_count_and_errors_can_be_scripted_apart_from_the_models_answers(
    bedrock_emulator: BedrockEmulator,
) -> None:
    bedrock_emulator.script(_MODEL, "the model's only answer", repeat_last=False)
    bedrock_emulator.script("CountTokens", JsonReply({"inputTokens": 7}), Throttling(), repeat_last=False)
    client = bedrock_emulator.client()
    asked = {"converse": {"messages": _MESSAGES}}

    assert client.count_tokens(modelId=_MODEL, input=asked)["inputTokens"] == 7
    # boto3 tries again after the throttling; then the script is used up.
    assert client.count_tokens(modelId=_MODEL, input=asked)["inputTokens"] == 6
    answer = client.converse(modelId=_MODEL, messages=_MESSAGES)
    assert answer["output"]["message"]["content"] == [{"text": "the model's only answer"}]
