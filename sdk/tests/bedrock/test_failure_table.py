"""What published tracers get wrong, a test a row: whatever happens to a call, its trace is there.

Rows that need more than a few lines have files of their own: streams in test_converse_stream, bodies in
test_invoke_model, clients and other tracers in test_autolog, asyncio in aio/.
"""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import outcrop
from outcrop.bedrock.model_id import parse_model_id
from outcrop.testing import BedrockEmulator, GuardrailVerdict, RawBlock, Reply, Throttling, Usage
from outcrop.testing.traces import CapturedTraces

CLAUDE = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"
PROFILE = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc123def456"
HELLO: list[dict[str, Any]] = [{"role": "user", "content": [{"text": "Hello?"}]}]


def test_throttling_of_a_stream_has_code_request_id_and_every_attempt(
    bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(CLAUDE, Throttling(retry_after=0))
    client = bedrock_emulator.client(config=Config(retries={"mode": "standard", "total_max_attempts": 3}))
    with pytest.raises(ClientError) as raised:
        client.converse_stream(modelId=CLAUDE, messages=HELLO)
    client.close()
    span = traces.last().data.spans[0]
    assert span.attributes["error.type"] == "ThrottlingException"
    metadata: Any = raised.value.response
    assert span.attributes["aws.request_id"] == metadata["ResponseMetadata"]["RequestId"]
    attempts = [event.attributes for event in span.events if event.name == "outcrop.attempt"]
    assert [attempt["outcrop.attempt.number"] for attempt in attempts] == [1, 2, 3]
    assert all(attempt["error.type"] == "ThrottlingException" for attempt in attempts)
    assert all(json.loads(attempt["outcrop.attempt.body"])["message"] for attempt in attempts)
    assert attempts[0]["outcrop.attempt.duration_ns"] > 0
    assert all(attempt["outcrop.attempt.delay_ns"] > 0 for attempt in attempts[1:])


def test_an_image_that_begins_in_a_content_block_start_is_kept(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    image = {"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}}
    bedrock_emulator.script(CLAUDE, Reply("Here it is.", RawBlock(image)))
    for _ in client.converse_stream(modelId=CLAUDE, messages=HELLO)["stream"]:
        pass
    content = traces.last().data.spans[0].outputs["output"]["message"]["content"]
    assert content[0] == {"text": "Here it is."}
    assert content[1]["image"]["format"] == "png"
    assert content[1]["image"]["source"]["bytes"] == "iVBORw=="


@pytest.mark.parametrize("operation", ["converse", "converse_stream", "invoke_model"])
def test_an_application_inference_profile_is_shown_as_given(
    client: Any, traces: CapturedTraces, operation: str
) -> None:
    if operation == "invoke_model":
        body = {
            "anthropic_version": "bedrock-2023-05-31",
            "max_tokens": 5,
            "messages": [{"role": "user", "content": "Hi"}],
        }
        client.invoke_model(modelId=PROFILE, body=json.dumps(body))["body"].read()
    elif operation == "converse":
        client.converse(modelId=PROFILE, messages=HELLO)
    else:
        list(client.converse_stream(modelId=PROFILE, messages=HELLO)["stream"])
    span = traces.last().data.spans[0]
    assert span.attributes["gen_ai.request.model"] == PROFILE
    assert span.attributes["gen_ai.provider.name"] == "aws.bedrock"
    assert traces.last().info.response_preview


def test_a_region_group_is_not_taken_for_the_vendor(client: Any, traces: CapturedTraces) -> None:
    client.converse(modelId=CLAUDE, messages=HELLO)
    attributes = traces.last().data.spans[0].attributes
    assert attributes["gen_ai.provider.name"] == "aws.bedrock"
    parsed = parse_model_id(attributes["gen_ai.request.model"])
    assert (parsed.vendor, parsed.region_group) == ("anthropic", "us")


def test_no_time_to_connect_is_an_error_span_with_an_attempt_of_its_own(
    bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(CLAUDE, Reply("Late.", latency_s=600))
    config = Config(read_timeout=0.2, retries={"total_max_attempts": 2, "mode": "standard"})
    client = bedrock_emulator.client(config=config)
    with pytest.raises(Exception, match="Read timeout"):
        client.converse(modelId=CLAUDE, messages=HELLO)
    client.close()
    span = traces.last().data.spans[0]
    assert span.attributes["error.type"] == "ReadTimeoutError"
    attempts = [event.attributes for event in span.events if event.name == "outcrop.attempt"]
    assert [attempt["error.type"] for attempt in attempts] == ["ReadTimeoutError", "ReadTimeoutError"]


def test_missing_credentials_are_an_error_span(
    bedrock_emulator: BedrockEmulator, traces: CapturedTraces, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    import boto3  # noqa: PLC0415  # this client is made without the emulator's credentials

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    session: Any = boto3.session.Session(region_name="us-east-1")
    client = session.client("bedrock-runtime", endpoint_url=bedrock_emulator.endpoint_url)
    with pytest.raises(Exception, match="credentials"):
        client.converse(modelId=CLAUDE, messages=HELLO)
    client.close()
    span = traces.last().data.spans[0]
    assert span.attributes["error.type"] == "NoCredentialsError"
    assert span.inputs["messages"] == HELLO


def test_a_guardrail_that_intervenes_is_visible_as_such(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    assessment = {
        "inputAssessment": {
            "gr-1": {"topicPolicy": {"topics": [{"name": "x", "type": "DENY", "action": "BLOCKED"}]}}
        }
    }
    bedrock_emulator.script(
        CLAUDE, Reply("I cannot say.", stop_reason="guardrail_intervened", trace={"guardrail": assessment})
    )
    guardrail = {"guardrailIdentifier": "gr-1", "guardrailVersion": "1", "trace": "enabled"}
    client.converse(modelId=CLAUDE, messages=HELLO, guardrailConfig=guardrail)
    span = traces.last().data.spans[0]
    assert span.attributes["aws.bedrock.guardrail.id"] == "gr-1"
    assert span.attributes["outcrop.guardrail.version"] == "1"
    assert span.attributes["outcrop.guardrail.action"] == "INTERVENED"
    assert span.attributes["gen_ai.response.finish_reasons"] == ["guardrail_intervened"]
    assert span.outputs["trace"]["guardrail"] == assessment
    assert span.inputs["guardrailConfig"] == guardrail


def test_a_guardrail_applied_by_itself_says_what_it_did(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    if not hasattr(client, "apply_guardrail"):
        return  # an older botocore
    arguments: dict[str, Any] = {
        "guardrailIdentifier": "gr-1",
        "guardrailVersion": "DRAFT",
        "source": "INPUT",
        "content": [{"text": {"text": "Is this allowed?"}}],
    }
    bedrock_emulator.script("gr-1", GuardrailVerdict())
    answer = client.apply_guardrail(**arguments)
    span = traces.last().data.spans[0]
    assert span.inputs == arguments
    # An older botocore hides members that it does not know from its caller; the span has them all.
    assert answer["action"] == span.outputs["action"] == "GUARDRAIL_INTERVENED"
    assert answer.keys() - {"ResponseMetadata"} <= span.outputs.keys()
    assert (span.name, span.span_type) == ("ApplyGuardrail gr-1", "GUARDRAIL")
    assert span.attributes["outcrop.guardrail.action"] == "INTERVENED"


def test_a_stream_says_how_fast_it_came(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    reply = Reply("One two three four.", usage=Usage(5, 40), chunk_size=3, chunk_delay_s=0.001)
    bedrock_emulator.script(CLAUDE, reply)
    list(client.converse_stream(modelId=CLAUDE, messages=HELLO)["stream"])
    assert 0 < traces.last().data.spans[0].attributes["outcrop.stream.output_tokens_per_second"] < 40_000


def test_fifty_threads_keep_their_parents_apart(
    bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    client = bedrock_emulator.client(config=Config(max_pool_connections=50))
    have_all_begun = threading.Barrier(50, timeout=100)

    @outcrop.trace
    def agent(number: int) -> int:
        have_all_begun.wait()
        messages = [{"role": "user", "content": [{"text": f"I am {number}"}]}]
        client.converse(modelId=CLAUDE, messages=messages)
        for _ in client.converse_stream(modelId=CLAUDE, messages=messages)["stream"]:
            pass
        return number

    threads = [threading.Thread(target=agent, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.close()
    assert len(traces.all()) == 50
    for trace in traces.all():
        root, *calls = trace.data.spans
        assert root.name == "agent"
        assert [call.parent_id for call in calls] == [root.span_id] * 2
        said = [call.inputs["messages"][0]["content"][0]["text"] for call in calls]
        assert said == [f"I am {root.inputs['number']}"] * 2
