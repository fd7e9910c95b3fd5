"""Our errors as gRPC's codes, and what may be sent again."""

from __future__ import annotations

import pytest

pytest.importorskip("grpc", reason="grpcio is not installed here; `make test` installs it")

import grpc

from outcrop_server.grpc_edge.refusals import refusal
from outcrop_server.model import errors
from server.tests.support.calls import Reply


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.BadRequestError("x"), grpc.StatusCode.INVALID_ARGUMENT),
        (errors.UnauthorizedError("x"), grpc.StatusCode.UNAUTHENTICATED),
        (errors.ForbiddenError("x"), grpc.StatusCode.PERMISSION_DENIED),
        (errors.TooLargeError("x"), grpc.StatusCode.RESOURCE_EXHAUSTED),
        (errors.DamagedError("x"), grpc.StatusCode.INTERNAL),
    ],
)
def test_what_is_not_worth_sending_again_carries_no_retry_info(
    error: errors.RequestError, code: grpc.StatusCode
) -> None:
    assert refusal(error) == (code, "x", ())


@pytest.mark.parametrize(
    ("error", "code", "wait_s"),
    [
        (errors.StoreFullError("voll 満"), "UNAVAILABLE", 1),
        (errors.UnavailableError("later", retry_after_s=300), "UNAVAILABLE", 300),
        (errors.TooManyRequestsError("slowly", retry_after_s=7), "RESOURCE_EXHAUSTED", 7),
    ],
)
def test_what_can_be_sent_again_says_when(error: errors.RequestError, code: str, wait_s: int) -> None:
    refused = refusal(error)
    reply = Reply(refused.code.name, refused.words, b"", dict(refused.trailing))
    assert (reply.code, reply.words, reply.retry_after_s) == (code, str(error), wait_s)


def test_words_fit_into_a_header() -> None:
    assert refusal(errors.BadRequestError("天" * 5000)).words == "天" * 666
