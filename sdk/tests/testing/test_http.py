"""The wire itself, seen without boto3."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from collections.abc import Generator
from typing import Any
from urllib.parse import urlsplit

import pytest

from outcrop.testing import BedrockEmulator, Reply

_PATH = "/model/amazon.nova-lite-v1%3A0/converse"
_STREAM_PATH = "/model/amazon.nova-lite-v1%3A0/converse-stream"
_BODY = json.dumps({"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}).encode()
_AUTH = {"Authorization": "Bearer anything"}


@contextlib.contextmanager
def _connection(emulator: BedrockEmulator) -> Generator[http.client.HTTPConnection]:
    address = urlsplit(emulator.endpoint_url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=120)
    try:
        yield connection
    finally:
        connection.close()


def _post(
    connection: http.client.HTTPConnection, path: str = _PATH, body: Any = _BODY, **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection.request("POST", path, body, headers or _AUTH)
    response = connection.getresponse()
    return response, response.read()


def _error(response: http.client.HTTPResponse, body: bytes) -> tuple[int, str, str]:
    code = (response.headers["x-amzn-ErrorType"] or "").partition(":")[0]
    return response.status, code, json.loads(body)["message"]


def test_an_answer_has_awss_headers(bedrock_emulator: BedrockEmulator) -> None:
    with _connection(bedrock_emulator) as connection:
        response, body = _post(connection)

    assert response.status == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Content-Length"] == str(len(body))
    assert len(response.headers["x-amzn-RequestId"]) == 36
    assert response.headers["Date"].endswith("GMT")
    assert "Server" not in response.headers


def test_a_connection_serves_answers_errors_and_streams_one_after_the_other(
    bedrock_emulator: BedrockEmulator,
) -> None:
    with _connection(bedrock_emulator) as connection:
        connection.connect()
        kept = connection.sock
        statuses = [
            _post(connection)[0].status,
            _post(connection, _STREAM_PATH)[0].status,
            _post(connection, "/nowhere")[0].status,
            _post(connection)[0].status,
        ]
        assert connection.sock is kept

    assert statuses == [200, 200, 404, 200]


def test_each_frame_is_an_http_chunk_of_its_own(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script("amazon.nova-lite-v1:0", Reply("abcd", chunk_size=2))
    address = urlsplit(bedrock_emulator.endpoint_url)
    head = f"POST {_STREAM_PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: y\r\nConnection: close\r\n"
    request = head.encode() + b"Content-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
    with socket.create_connection((str(address.hostname), address.port or 0), timeout=120) as raw:
        raw.sendall(request)
        with raw.makefile("rb") as reader:
            while reader.readline().strip():
                pass
            sizes: list[tuple[int, int]] = []
            while size := int(reader.readline(), 16):
                frame = reader.read(size + 2)
                sizes.append((size, int.from_bytes(frame[:4], "big")))

    # messageStart, two deltas, contentBlockStop, messageStop, metadata: chunk and frame are as long.
    assert len(sizes) == 6
    assert all(chunk == frame for chunk, frame in sizes)


def test_a_stream_names_its_media_type(bedrock_emulator: BedrockEmulator) -> None:
    with _connection(bedrock_emulator) as connection:
        response, _ = _post(connection, _STREAM_PATH)

    assert response.headers["Content-Type"] == "application/vnd.amazon.eventstream"
    assert response.headers["Transfer-Encoding"] == "chunked"


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/model/x/unknown"), ("GET", _PATH), ("GET", "/"), ("POST", "/model/a/b/converse")],
)
def test_an_unknown_path_is_an_unknown_operation(
    bedrock_emulator: BedrockEmulator, method: str, path: str
) -> None:
    with _connection(bedrock_emulator) as connection:
        connection.request(method, path, headers=_AUTH)
        response = connection.getresponse()
        status, code, _ = _error(response, response.read())

    assert (status, code) == (404, "UnknownOperationException")
    [request] = bedrock_emulator.requests
    assert (request.operation, request.path) == ("", path)


def test_a_call_without_credentials_is_refused(bedrock_emulator: BedrockEmulator) -> None:
    with _connection(bedrock_emulator) as connection:
        response, body = _post(connection, Accept="application/json")

    assert _error(response, body) == (
        403,
        "MissingAuthenticationTokenException",
        "Missing Authentication Token",
    )


@pytest.mark.parametrize("body", [b"{not json", b"", b"[]", b"\xff"])
def test_a_body_that_is_no_json_object_cannot_be_read(bedrock_emulator: BedrockEmulator, body: bytes) -> None:
    with _connection(bedrock_emulator) as connection:
        response, answer = _post(connection, body=body)

    assert _error(response, answer)[:2] == (400, "SerializationException")


@pytest.mark.parametrize("body", [b'{"messages": 5}', b'{"messages": [7, {"role": []}], "toolConfig": "x"}'])
def test_a_body_of_the_wrong_shape_is_refused_without_harm(
    bedrock_emulator: BedrockEmulator, body: bytes
) -> None:
    with _connection(bedrock_emulator) as connection:
        response, answer = _post(connection, body=body)

    assert _error(response, answer)[:2] == (400, "ValidationException")


def test_a_chunked_request_is_read_whole(bedrock_emulator: BedrockEmulator) -> None:
    with _connection(bedrock_emulator) as connection:
        response, _ = _post(connection, body=iter([_BODY[:10], _BODY[10:]]))
        again, _ = _post(connection)

    assert (response.status, again.status) == (200, 200)
    assert bedrock_emulator.requests[0].body == _BODY


def test_an_unreadable_chunk_ends_the_connection_with_a_reason(bedrock_emulator: BedrockEmulator) -> None:
    with _connection(bedrock_emulator) as connection:
        headers = {**_AUTH, "Transfer-Encoding": "chunked"}
        response, body = _post(connection, body=b"zz\r\n", **headers)

    assert _error(response, body)[:2] == (400, "SerializationException")
    assert response.headers["Connection"] == "close"
