"""Media of a conversation over HTTP: each by itself, in ranges, and with no type that runs anything."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from outcrop_server.query.media import BINARY, media_of
from outcrop_server.serve import BackgroundServer
from server.tests.support.http import ask, send
from server.tests.support.spans import TRACE, otlp_span, request, span_id

PATH = f"/api/traces/{TRACE.hex()}/spans/{span_id(1).hex()}"
# Large enough to be kept apart from its span.
SOUND = b"RIFF\0\0\0\0WAVE" + bytes(number * number % 251 for number in range(300_000))
PAGE = b"<script>alert(1)</script>"


def blob(modality: str, mime_type: str | None, data: bytes, **more: Any) -> dict[str, Any]:
    content = base64.b64encode(data).decode()
    return {"type": "blob", "modality": modality, "mime_type": mime_type, "content": content, **more}


def put(server: BackgroundServer, *messages: dict[str, Any]) -> Any:
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": json.dumps(messages)}
    assert send(server.url, request(otlp_span(1, attributes=attributes))).status == 200
    return ask(server.url, PATH).json


def test_media_is_named_in_the_chat_and_comes_by_itself_and_in_ranges(server: BackgroundServer) -> None:
    parts = [{"type": "text", "content": "Listen"}, blob("audio", "audio/x-wav", SOUND, name="a.wav")]
    detail = put(server, {"role": "user", "parts": parts})
    _, part = detail["chat"]["messages"][0]["parts"]
    media = {"path": f"{PATH}/media/0", "size_bytes": len(SOUND), "content_type": "audio/wav"}
    assert (part["content"], part["media"], part["name"]) == (None, media, "a.wav")

    whole = ask(server.url, part["media"]["path"])
    assert (whole.status, whole.body) == (200, SOUND)
    headers = ("content-type", "accept-ranges", "content-disposition", "x-content-type-options")
    assert [whole.headers[name] for name in headers] == ["audio/wav", "bytes", "attachment", "nosniff"]
    assert "media-src 'self'" in whole.headers["content-security-policy"]

    for asked, first, last in (
        ("bytes=0-", 0, len(SOUND) - 1),
        ("bytes=100-199", 100, 199),
        ("bytes=-50", len(SOUND) - 50, len(SOUND) - 1),
    ):
        answer = ask(server.url, part["media"]["path"], headers={"range": asked})
        assert (answer.status, answer.body) == (206, SOUND[first : last + 1])
        assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(SOUND)}"
    beyond = ask(server.url, part["media"]["path"], headers={"range": f"bytes={len(SOUND)}-"})
    assert (beyond.status, beyond.headers["content-range"]) == (416, f"bytes */{len(SOUND)}")
    same = ask(server.url, part["media"]["path"], headers={"if-none-match": whole.headers["etag"]})
    assert (same.status, same.body) == (304, b"")


def test_media_within_a_tools_result_is_found_behind_what_came_before(server: BackgroundServer) -> None:
    inner = [{"type": "text", "content": "done"}, blob("video", "video/mp4", b"\0\0\0\x18ftypmp42")]
    result = {"type": "tool_call_response", "id": "t1", "response": inner}
    detail = put(
        server,
        {"role": "user", "parts": [blob("image", "image/png", b"\x89PNG first")]},
        {"role": "tool", "parts": [result]},
    )
    first, second = detail["chat"]["messages"]
    assert first["parts"][0]["media"]["path"] == f"{PATH}/media/0"
    held = second["parts"][0]["response"][1]["media"]
    assert (held["path"], held["content_type"]) == (f"{PATH}/media/1", "video/mp4")
    assert ask(server.url, held["path"]).body == b"\0\0\0\x18ftypmp42"


def test_what_is_not_whole_has_no_bytes_of_its_own(server: BackgroundServer) -> None:
    broken = {"type": "blob", "modality": "video", "mime_type": "video/mp4", "content": "AAAA… (9 more)"}
    lies = blob("image", "image/png", b"\x89PNG", media={"path": "https://example.com/"})
    detail = put(server, {"role": "user", "parts": [{**broken, "media": {"path": "x"}}, lies]})
    first, second = detail["chat"]["messages"][0]["parts"]
    assert (first["content"], "media" in first) == ("AAAA… (9 more)", False)
    assert second["media"]["path"] == f"{PATH}/media/1"
    for number in (0, 2):
        answer = ask(server.url, f"{PATH}/media/{number}")
        assert (answer.status, f"no media {number}" in answer.detail) == (404, True)
    assert ask(server.url, f"{PATH}/media/-1").status == 400


@pytest.mark.parametrize(
    ("modality", "stated", "data", "shown"),
    [
        ("audio", "audio/mp3", b"x", "audio/mpeg"),
        ("audio", "AUDIO/WAV; codecs=1", b"x", "audio/wav"),
        ("video", "video/three_gp", b"x", "video/3gpp"),
        ("image", None, b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("image", "image/*", b"RIFF\0\0\0\0WEBP", "image/webp"),
        ("audio", "audio/None", b"OggS", "audio/ogg"),
        ("video", BINARY, b"\x1aE\xdf\xa3", "video/webm"),
        ("audio", "audio/pcm", b"\0\1\0\1", BINARY),
        ("image", "image/svg+xml", b"<svg onload='alert(1)'/>", BINARY),
        ("document", "text/html", PAGE, BINARY),
        ("image", "text/html", b"GIF89a" + PAGE, BINARY),
        ("video", "video/html", PAGE, BINARY),
        ("document", "application/pdf", b"%PDF-1.7", BINARY),
        ("image", None, b"", None),
    ],
)
def test_only_what_runs_nothing_has_a_type_of_its_own(
    modality: str, stated: str | None, data: bytes, shown: str | None
) -> None:
    found = media_of(blob(modality, stated, data))
    assert (found and found.content_type) == shown


@pytest.mark.parametrize("content", ["-_8A", "-_8", "+/8A", " +/8\nA ", "+/8"])
def test_base64_of_any_kind_is_read(content: str) -> None:
    found = media_of({"type": "blob", "modality": "image", "content": content})
    assert found is not None
    assert found.data[:2] == b"\xfb\xff"
