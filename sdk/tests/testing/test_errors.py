"""Errors through real boto3: each modelled class, retries, and what is on the wire."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.retries.standard import ExponentialBackoff

from outcrop.testing import (
    AccessDenied,
    BedrockEmulator,
    Conflict,
    InternalServerError,
    ModelError,
    ModelNotReady,
    ModelStreamError,
    ModelTimeout,
    Reply,
    ResourceNotFound,
    ServiceError,
    ServiceQuotaExceeded,
    ServiceUnavailable,
    Throttling,
    ValidationError,
)
from outcrop.testing.errors import STATUS_BY_CODE
from sdk.tests.testing.installed_botocore import needs_member

_MODEL = "anthropic.claude-sonnet-4-20250514-v1:0"
_HELLO = [{"role": "user", "content": [{"text": "Hello"}]}]
_ALL = [
    AccessDenied(),
    Conflict(),
    InternalServerError(),
    ModelError(),
    ModelNotReady(),
    ModelStreamError(),
    ModelTimeout(),
    ResourceNotFound(),
    ServiceQuotaExceeded(),
    ServiceUnavailable(),
    Throttling(),
    ValidationError(),
]


def _once(emulator: BedrockEmulator) -> Any:
    return emulator.client(config=Config(retries={"total_max_attempts": 1}))


def _metadata(error: ClientError) -> dict[str, Any]:
    # Optional in the stubs, always there in an answer that came over HTTP.
    return dict(error.response.get("ResponseMetadata", {}))


@pytest.mark.parametrize("error", _ALL, ids=lambda error: error.code)
@pytest.mark.parametrize("method", ["converse", "converse_stream"])
def test_each_modelled_error_is_raised_as_botocores_class(
    bedrock_emulator: BedrockEmulator, error: ServiceError, method: str
) -> None:
    bedrock_emulator.script(_MODEL, error)
    client = _once(bedrock_emulator)

    # A code that the installed botocore does not know is raised as the class of all.
    expected: Any = getattr(client.exceptions, error.code, ClientError)
    with pytest.raises(expected) as caught:
        getattr(client, method)(modelId=_MODEL, messages=_HELLO)

    response = caught.value.response
    assert response["Error"] == {"Code": error.code, "Message": error.message}
    metadata = response["ResponseMetadata"]
    assert metadata["HTTPStatusCode"] == error.http_status
    assert len(metadata["RequestId"]) == 36
    assert metadata["HTTPHeaders"]["content-type"] == "application/json"
    assert metadata["HTTPHeaders"]["x-amzn-errortype"].startswith(f"{error.code}:http")
    for name, value in error.members.items():
        assert response[name] == value


@needs_member("ConflictException", "message")
def test_ready_made_errors_cover_botocores_model(bedrock_emulator: BedrockEmulator) -> None:
    model = bedrock_emulator.client().meta.service_model
    modelled = {shape.name: shape.metadata["error"]["httpStatusCode"] for shape in model.error_shapes}

    assert {error.code for error in _ALL} == set(modelled)
    assert {code: STATUS_BY_CODE[code] for code in modelled} == modelled


def test_boto3_retries_a_throttled_call_and_waits_as_told(
    bedrock_emulator: BedrockEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", waited.append)
    bedrock_emulator.script(_MODEL, Throttling(retry_after=2), Throttling(retry_after=2), Reply("At last."))
    client = bedrock_emulator.client(config=Config(retries={"mode": "standard", "total_max_attempts": 3}))

    answer = client.converse(modelId=_MODEL, messages=_HELLO)

    assert answer["output"]["message"]["content"] == [{"text": "At last."}]
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    assert len(bedrock_emulator.requests) == 3
    assert len(waited) == 2
    if hasattr(ExponentialBackoff, "_RETRY_AFTER_HEADER"):  # older botocore does not read the header
        assert min(waited) >= 2


def test_boto3_gives_up_after_its_attempts(
    bedrock_emulator: BedrockEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", waited.append)
    bedrock_emulator.script(_MODEL, Throttling(message="Too many tokens", retry_after=1.5))
    client = bedrock_emulator.client(config=Config(retries={"mode": "standard", "total_max_attempts": 4}))

    with pytest.raises(client.exceptions.ThrottlingException, match="Too many tokens") as caught:
        client.converse_stream(modelId=_MODEL, messages=_HELLO)

    assert len(bedrock_emulator.requests) == 4
    assert len(waited) == 3
    headers = _metadata(caught.value)["HTTPHeaders"]
    assert headers["retry-after"] == "2"
    assert headers["x-amz-retry-after"] == "1500"


def test_an_error_of_ones_own_keeps_its_status_headers_and_members(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script(
        _MODEL, ServiceError("TeapotException", "short and stout", status=418, headers={"X-Spout": "yes"})
    )

    with pytest.raises(ClientError, match=r"TeapotException.*short and stout") as caught:
        _once(bedrock_emulator).converse(modelId=_MODEL, messages=_HELLO)

    metadata = _metadata(caught.value)
    assert metadata["HTTPStatusCode"] == 418
    assert metadata["HTTPHeaders"]["x-spout"] == "yes"


def test_a_reply_callable_that_raises_is_an_internal_error_with_its_reason(
    bedrock_emulator: BedrockEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: object) -> Reply:
        raise LookupError("no such scene")

    bedrock_emulator.script(_MODEL, broken)
    client = _once(bedrock_emulator)

    with pytest.raises(client.exceptions.InternalServerException, match="LookupError: no such scene"):
        client.converse(modelId=_MODEL, messages=_HELLO)
    assert "could not answer" in caplog.text
