"""Pictures, sound, video and documents in a conversation, as bytes by themselves. Pure.

A browser is told of a media type only where it shows or plays it and runs nothing by it: what else was
captured, HTML and SVG among it, is bytes to keep in a file.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from outcrop.json_reading import as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from outcrop.genai.messages import Chat, Part

BINARY = "application/octet-stream"
# Results in results: no sender nests them as deep.
MAX_DEPTH = 16
_BLANKS = str.maketrans("-_", "+/", " \t\r\n")

_SHOWN = frozenset(
    {
        *(f"image/{name}" for name in ("png", "jpeg", "gif", "webp", "avif", "bmp")),
        *(f"audio/{name}" for name in ("wav", "mpeg", "mp4", "ogg", "webm", "flac", "aac")),
        *(f"video/{name}" for name in ("mp4", "webm", "ogg", "quicktime", "x-matroska", "mpeg", "3gpp")),
    }
)
# What senders call them; Bedrock's formats among it, which are no media types.
_OTHER_NAMES = {
    "image/jpg": "image/jpeg",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/mp3": "audio/mpeg",
    "audio/mpga": "audio/mpeg",
    "audio/m4a": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "audio/opus": "audio/ogg",
    "audio/x-flac": "audio/flac",
    "audio/x-aac": "audio/aac",
    "video/mov": "video/quicktime",
    "video/mkv": "video/x-matroska",
    "video/mpg": "video/mpeg",
    "video/three_gp": "video/3gpp",
    "video/x-m4v": "video/mp4",
}


class Media(NamedTuple):
    """Bytes that were part of a message.

    Attributes:
        data: the bytes, decoded.
        content_type: one that a browser shows or plays; `application/octet-stream` for every other.
    """

    data: bytes
    content_type: str


def blobs(chat: Chat) -> Iterator[Part]:
    """The parts of a conversation that hold media, also those within a tool's result, in their order."""
    yield from _blobs(chat.system, 0)
    for message in (*chat.messages, *chat.output):
        yield from _blobs(message.parts, 0)


def media_of(part: Part) -> Media | None:
    """The bytes of such a part; None where they are not whole, or are no base64."""
    content = as_text(part.get("content"))
    if not content:
        return None
    try:
        data = base64.b64decode(_padded(content), validate=True)
    except (binascii.Error, ValueError):
        return None
    if not data:
        return None
    return Media(data, _content_type(as_text(part.get("modality")), as_text(part.get("mime_type")), data))


def results_in(part: Part) -> tuple[str, list[Any]] | None:
    """Under which name a tool's result holds a list, and the list."""
    if part.get("type") != "tool_call_response":
        return None
    name = "response" if "response" in part else "result"
    held = part.get(name)
    return (name, cast("list[Any]", held)) if isinstance(held, list) else None


def _blobs(parts: Iterable[Any], depth: int) -> Iterator[Part]:
    for each in parts:
        if not isinstance(each, dict):
            continue
        part = cast("Part", each)
        if part.get("type") == "blob":
            yield part
        held = results_in(part)
        if held is not None and depth < MAX_DEPTH:
            yield from _blobs(held[1], depth + 1)


def _padded(content: str) -> str:
    """Base64 of any kind as the strict one."""
    if content.isascii() and len(content) % 4 == 0 and not any(sign in content for sign in "-_ \t\r\n"):
        return content
    plain = content.translate(_BLANKS).rstrip("=")
    return plain + "=" * (-len(plain) % 4)


def _content_type(modality: str | None, stated: str | None, data: bytes) -> str:
    name = (stated or "").partition(";")[0].strip().lower()
    name = _OTHER_NAMES.get(name, name)
    if name in _SHOWN:
        return name
    found = _look(data, "audio" if modality == "audio" or name.startswith("audio/") else "video")
    # Words, scripts and pages are none of these, whatever they begin with.
    is_other = name.startswith(("text/", "application/")) and name != BINARY
    return BINARY if found is None or is_other else found


def _look(data: bytes, kind: str) -> str | None:
    """What bytes are by how they begin, among what is shown."""
    beginnings = {
        b"\x89PNG\r\n\x1a\n": "image/png",
        b"\xff\xd8\xff": "image/jpeg",
        b"GIF8": "image/gif",
        b"ID3": "audio/mpeg",
        b"OggS": f"{kind}/ogg",
        b"fLaC": "audio/flac",
        b"\x1aE\xdf\xa3": f"{kind}/webm",
    }
    found = next((name for start, name in beginnings.items() if data.startswith(start)), None)
    if found is not None:
        return found
    if data.startswith(b"RIFF"):
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(data[8:12])
    return f"{kind}/mp4" if data[4:8] == b"ftyp" else None
