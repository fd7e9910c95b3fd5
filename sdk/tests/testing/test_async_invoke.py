"""StartAsyncInvoke, GetAsyncInvoke and ListAsyncInvokes through real boto3."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError

from outcrop.testing import AsyncOutcome, BedrockEmulator, JsonReply, ModelError
from sdk.tests.testing.installed_botocore import needs

pytestmark = needs("StartAsyncInvoke")

_MODEL = "amazon.nova-reel-v1:0"
_TARGET = {"s3OutputDataConfig": {"s3Uri": "s3://bucket/video"}}
_CALL: dict[str, Any] = {
    "modelId": _MODEL,
    "modelInput": {"taskType": "TEXT_VIDEO"},
    "outputDataConfig": _TARGET,
}


def test_a_job_is_in_progress_once_and_then_completed(bedrock_emulator: BedrockEmulator) -> None:
    client = bedrock_emulator.client(region_name="eu-central-1")
    arn = client.start_async_invoke(**_CALL)["invocationArn"]

    first, second = (client.get_async_invoke(invocationArn=arn) for _ in range(2))

    assert arn.startswith("arn:aws:bedrock:eu-central-1:123456789012:async-invoke/")
    assert first["status"] == "InProgress"
    assert "endTime" not in first
    assert first["modelArn"] == f"arn:aws:bedrock:eu-central-1::foundation-model/{_MODEL}"
    assert first["outputDataConfig"] == _TARGET
    assert second["status"] == "Completed"
    assert second["endTime"] >= second["submitTime"] == first["submitTime"]


def test_a_job_fails_as_scripted(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script(_MODEL, AsyncOutcome("Failed", "The prompt was refused.", polls=0))
    client = bedrock_emulator.client()
    arn = client.start_async_invoke(**_CALL)["invocationArn"]

    job = client.get_async_invoke(invocationArn=arn)

    assert job["status"] == "Failed"
    assert job["failureMessage"] == "The prompt was refused."


def test_the_same_token_gives_the_same_job_and_refuses_another_request(
    bedrock_emulator: BedrockEmulator,
) -> None:
    client = bedrock_emulator.client()
    first = client.start_async_invoke(**_CALL, clientRequestToken="t")

    assert (
        client.start_async_invoke(**_CALL, clientRequestToken="t")["invocationArn"] == first["invocationArn"]
    )
    assert client.start_async_invoke(**_CALL)["invocationArn"] != first["invocationArn"]
    with pytest.raises(ClientError, match="ConflictException"):
        client.start_async_invoke(**{**_CALL, "modelInput": {"other": 1}}, clientRequestToken="t")


def test_jobs_are_listed_page_by_page_newest_first(bedrock_emulator: BedrockEmulator) -> None:
    client = bedrock_emulator.client()
    arns = [client.start_async_invoke(**_CALL)["invocationArn"] for _ in range(5)]

    pages = client.get_paginator("list_async_invokes").paginate(PaginationConfig={"PageSize": 2})
    listed = [[job["invocationArn"] for job in page["asyncInvokeSummaries"]] for page in pages]

    assert listed == [[arns[4], arns[3]], [arns[2], arns[1]], [arns[0]]]
    ascending = client.list_async_invokes(sortOrder="Ascending", maxResults=1)
    assert ascending["asyncInvokeSummaries"][0]["invocationArn"] == arns[0]


def test_jobs_are_listed_by_status_and_time(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script(_MODEL, AsyncOutcome(polls=0), AsyncOutcome(polls=1))
    client = bedrock_emulator.client()
    done, running = (client.start_async_invoke(**_CALL)["invocationArn"] for _ in range(2))
    client.get_async_invoke(invocationArn=done)
    hour = timedelta(hours=1)
    now = datetime.now(timezone.utc)

    def listed(**arguments: Any) -> list[str]:
        return [
            job["invocationArn"] for job in client.list_async_invokes(**arguments)["asyncInvokeSummaries"]
        ]

    assert listed(statusEquals="InProgress") == [running]
    assert listed(statusEquals="Completed") == [done]
    assert listed(submitTimeAfter=now - hour, submitTimeBefore=now + hour) == [running, done]
    assert listed(submitTimeAfter=now + hour) == []


def test_what_is_not_valid_is_refused(bedrock_emulator: BedrockEmulator) -> None:
    client = bedrock_emulator.client()
    unknown = "arn:aws:bedrock:us-east-1:123456789012:async-invoke/aaaaaaaaaaaa"

    elsewhere = {"s3OutputDataConfig": {"s3Uri": "file:///x"}}

    with pytest.raises(ClientError, match="ValidationException"):
        client.get_async_invoke(invocationArn=unknown)
    with pytest.raises(ClientError, match="ValidationException"):
        client.list_async_invokes(nextToken="no-token")
    with pytest.raises(ClientError, match="ValidationException"):
        client.start_async_invoke(**{**_CALL, "outputDataConfig": elsewhere})


def test_errors_and_answers_can_be_scripted_and_reset_forgets_the_jobs(
    bedrock_emulator: BedrockEmulator,
) -> None:
    client = bedrock_emulator.client()
    client.start_async_invoke(**_CALL)
    bedrock_emulator.script(_MODEL, ModelError())
    bedrock_emulator.script("GetAsyncInvoke", JsonReply({"status": "InProgress"}))

    with pytest.raises(ClientError, match="ModelErrorException"):
        client.start_async_invoke(**_CALL)
    assert client.get_async_invoke(invocationArn="arn:x")["status"] == "InProgress"

    bedrock_emulator.reset()
    assert client.list_async_invokes()["asyncInvokeSummaries"] == []
