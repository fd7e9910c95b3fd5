"""Blocks within a message, by the word that says what they are; each provider has its own words. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from outcrop.bedrock.bodies.anthropic_content import read_content as read_anthropic
from outcrop.bedrock.bodies.media import address_part, image_part
from outcrop.bedrock.content_blocks import read_blocks as read_converse
from outcrop.genai.messages import (
    Part,
    blob_part,
    generic_part,
    reasoning_part,
    text_part,
    tool_call_part,
    tool_result_part,
    uri_part,
)
from outcrop.json_reading import JsonObject, as_list, as_object, as_text
from outcrop.vocabularies.values import first, first_text, structured


def read_blocks(content: Any) -> list[Part]:
    """Reads text, one block or a list of them."""
    if content is None or content == "":
        return []
    if isinstance(content, str):
        return [text_part(content)]
    if isinstance(content, dict):
        return _read_block(content)
    blocks = as_list(content)
    if not blocks:
        return [] if content == [] else [generic_part(content)]
    return [part for block in blocks for part in _read_block(block)]


def read_call(call: JsonObject) -> Part:
    """A tool that the model asks for: OpenAI's `function`, LangChain's `args`, the AI SDK's `toolName`."""
    function = as_object(call.get("function")) or call
    name = first_text(function, "name", "toolName") or "unknown"
    arguments = first(function, "arguments", "args", "input")
    return tool_call_part(first_text(call, "id", "toolCallId"), name, structured(arguments))


def reasoning_words(message: JsonObject) -> list[Part]:
    """Reasoning that stands beside a message's content."""
    words = first_text(message, "reasoning_content", "reasoning")
    return [reasoning_part(words)] if words else []


def _read_block(block: Any) -> list[Part]:
    if isinstance(block, str):
        return [text_part(block)]
    source = as_object(block)
    kind = as_text(source.get("type"))
    if kind is None:
        # Converse says what a block is by its one member; so do Gemini's texts.
        return read_converse([block])
    reader = _READERS.get(kind)
    part = None if reader is None else reader(source)
    return [part] if part is not None else read_anthropic([source])


def _text(source: JsonObject) -> Part | None:
    words = source.get("content", source.get("text"))
    if not isinstance(words, str):
        return None
    rest = {name: source[name] for name in ("citations", "annotations") if source.get(name)}
    return {**text_part(words), **rest}


def _reasoning(source: JsonObject) -> Part | None:
    words = first_text(source, "content", "text", "thinking")
    redacted = first_text(source, "redacted", "data")
    if words is None and redacted is None:
        return None
    return reasoning_part(words, signature=as_text(source.get("signature")), redacted=redacted)


def _call(source: JsonObject) -> Part:
    return {**_rest(source, "function", "args", "input", "toolName", "toolCallId"), **read_call(source)}


def _response(source: JsonObject) -> Part:
    given = first(source, "response", "result", "output")
    value = as_object(given)
    # The AI SDK wraps a result in what kind of result it is.
    if "value" in value and set(value) <= {"type", "value"}:
        given = value["value"]
    call_id = first_text(source, "id", "toolCallId")
    part = tool_result_part(call_id, structured(given))
    name = first_text(source, "name", "toolName")
    return part if name is None else {**part, "name": name}


def _address(modality: str, name: str) -> Callable[[JsonObject], Part | None]:
    def read(source: JsonObject) -> Part | None:
        held = source.get(name)
        url = as_text(held) or first_text(as_object(held), "url")
        return None if url is None else address_part(modality, url)

    return read


def _image(source: JsonObject) -> Part | None:
    held = as_text(source.get("image"))
    return None if held is None else image_part(held)


def _file(source: JsonObject) -> Part | None:
    held = first_text(source, "data", "url")
    mime_type = first_text(source, "mediaType", "mimeType", "media_type")
    if held is None:
        return _known(source) if "file_id" in source else None
    modality = (mime_type or "").partition("/")[0]
    kind = modality if modality in {"image", "audio", "video"} else "document"
    if held.startswith(("http:", "https:", "s3:")):
        return uri_part(kind, mime_type, held)
    part = address_part(kind, held) if held.startswith("data:") else blob_part(kind, mime_type, held)
    name = first_text(source, "filename", "name")
    return part if name is None else {**part, "name": name}


def _audio(source: JsonObject) -> Part | None:
    held = as_object(source.get("input_audio"))
    data = as_text(held.get("data"))
    return None if data is None else blob_part("audio", f"audio/{held.get('format')}", data)


def _binary(source: JsonObject) -> Part | None:
    data, mime_type = as_text(source.get("content")), as_text(source.get("media_type"))
    if data is None:
        return None
    return blob_part((mime_type or "document").partition("/")[0], mime_type, data)


def _known(source: JsonObject) -> Part:
    return source


def _rest(source: JsonObject, *read: str) -> JsonObject:
    return {name: value for name, value in source.items() if name not in read and name != "type"}


_READERS: dict[str, Callable[[JsonObject], Part | None]] = {
    "text": _text,
    "input_text": _text,
    "output_text": _text,
    "reasoning": _reasoning,
    "thinking": _reasoning,
    "tool_call": _call,
    "tool-call": _call,
    "function": _call,
    "tool_call_response": _response,
    "tool-result": _response,
    "image_url": _address("image", "image_url"),
    "input_image": _address("image", "image_url"),
    "video_url": _address("video", "video_url"),
    "audio_url": _address("audio", "audio_url"),
    "image-url": _address("image", "url"),
    "audio-url": _address("audio", "url"),
    "video-url": _address("video", "url"),
    "document-url": _address("document", "url"),
    "input_audio": _audio,
    "image": _image,
    "file": _file,
    "binary": _binary,
    "blob": _known,
    "uri": _known,
    "generic": _known,
    "server_tool_call": _known,
    "server_tool_call_response": _known,
    "compaction": _known,
}
