"""ApplyGuardrail, InvokeGuardrailChecks and guardrails in a conversation, through real boto3."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from outcrop.testing import BedrockEmulator, GuardrailVerdict, JsonReply, ModelError, Reply
from sdk.tests.testing.installed_botocore import needs

_MODEL = "amazon.nova-lite-v1:0"
_CALL: dict[str, Any] = {
    "guardrailIdentifier": "gr1",
    "guardrailVersion": "1",
    "source": "INPUT",
    "content": [{"text": {"text": "x" * 1001}}],
}
_TOPIC = {"topicPolicy": {"topics": [{"name": "Finance", "type": "DENY", "action": "BLOCKED"}]}}


def test_an_unscripted_guardrail_lets_all_through_and_counts_text_units(
    bedrock_emulator: BedrockEmulator,
) -> None:
    answer = bedrock_emulator.client().apply_guardrail(**_CALL)

    assert answer["action"] == "NONE"
    assert answer["outputs"] == []
    assert answer["usage"]["topicPolicyUnits"] == 2
    assert answer["usage"]["contextualGroundingPolicyUnits"] == 0


def test_grounding_counts_where_a_source_is_given(bedrock_emulator: BedrockEmulator) -> None:
    grounded = {"text": {"text": "The sky is blue.", "qualifiers": ["grounding_source"]}}

    answer = bedrock_emulator.client().apply_guardrail(**{**_CALL, "content": [grounded]})

    assert answer["usage"]["contextualGroundingPolicyUnits"] == 1


def test_a_scripted_verdict_intervenes_with_its_assessments(bedrock_emulator: BedrockEmulator) -> None:
    verdict = GuardrailVerdict(assessments=(_TOPIC,), outputs=("Blocked.",), usage={"topicPolicyUnits": 9})
    bedrock_emulator.script("gr1", verdict, repeat_last=False)
    client = bedrock_emulator.client()

    answer = client.apply_guardrail(**_CALL)

    assert answer["action"] == "GUARDRAIL_INTERVENED"
    assert answer["outputs"] == [{"text": "Blocked."}]
    assert answer["assessments"][0]["topicPolicy"] == _TOPIC["topicPolicy"]
    assert answer["usage"]["topicPolicyUnits"] == 9
    assert client.apply_guardrail(**_CALL)["action"] == "NONE"


def test_a_guardrail_fails_as_scripted(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script("gr1", ModelError())

    with pytest.raises(ClientError, match="ModelErrorException"):
        bedrock_emulator.client().apply_guardrail(**_CALL)


def test_a_reply_of_another_kind_is_said_to_be_wrong(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script("gr1", Reply("words"))
    client = bedrock_emulator.client()

    with pytest.raises(ClientError, match="ApplyGuardrail takes a JsonReply, not a Reply"):
        client.apply_guardrail(**_CALL)


@pytest.mark.parametrize("is_stream", [False, True])
def test_a_guardrail_in_a_conversation_is_told_by_stop_reason_and_trace(
    bedrock_emulator: BedrockEmulator, is_stream: bool
) -> None:
    guardrail = {"inputAssessment": {"gr1": _TOPIC}}
    reply = Reply("Blocked.", stop_reason="guardrail_intervened", trace={"guardrail": guardrail})
    bedrock_emulator.script(_MODEL, reply)
    client = bedrock_emulator.client()
    arguments: dict[str, Any] = {
        "modelId": _MODEL,
        "messages": [{"role": "user", "content": [{"text": "Which shares shall I buy?"}]}],
        "guardrailConfig": {"guardrailIdentifier": "gr1", "guardrailVersion": "1", "trace": "enabled"},
    }

    if is_stream:
        answer: dict[str, Any] = {}
        for event in client.converse_stream(**arguments)["stream"]:
            answer.update(event.get("messageStop", {}), **event.get("metadata", {}))
    else:
        answer = client.converse(**arguments)

    assert answer["stopReason"] == "guardrail_intervened"
    assert answer["trace"]["guardrail"]["inputAssessment"]["gr1"]["topicPolicy"] == _TOPIC["topicPolicy"]


@needs("InvokeGuardrailChecks")
def test_checks_find_nothing_unless_scripted(bedrock_emulator: BedrockEmulator) -> None:
    client = bedrock_emulator.client()
    arguments: dict[str, Any] = {
        "messages": [{"role": "user", "content": [{"text": "Hello"}]}],
        "checks": {
            "contentFilter": {"categories": [{"category": "HATE"}]},
            "sensitiveInformation": {"entities": [{"type": "EMAIL"}]},
        },
    }

    answer = client.invoke_guardrail_checks(**arguments)

    assert answer["results"] == {
        "contentFilter": {"results": [{"category": "HATE", "severityScore": 0.0}]},
        "sensitiveInformation": {"results": [], "truncated": False},
    }
    assert answer["usage"] == {"contentFilter": {"textUnits": 1}, "sensitiveInformation": {"textUnits": 1}}

    scored = {"contentFilter": {"results": [{"category": "HATE", "severityScore": 0.9}]}}
    bedrock_emulator.script("InvokeGuardrailChecks", JsonReply({"results": scored}))
    assert client.invoke_guardrail_checks(**arguments)["results"] == scored
