"""Prompt-in, text-out families: Titan text, Llama, Mistral text.

They differ only in where the words and the counts stand, so a table says where.
Sources: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-text.html,
model-parameters-meta.html and model-parameters-mistral-text-completion.html beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from outcrop.bedrock.bodies.codec import BodyRead
from outcrop.genai.messages import Chat, Message, text_part
from outcrop.genai.stream import ChunkKind
from outcrop.genai.usage import Usage
from outcrop.json_reading import JsonObject, as_int, as_list, as_object, as_text


@dataclass(frozen=True)
class TextFamily:
    """Where a family keeps things. `results` names the list that wraps the answer, if one does."""

    vendor: str
    prompt: str
    text: str
    stream_text: str
    stop_reason: str
    results: str | None = None
    input_tokens: str | None = None
    output_tokens: str | None = None


TITAN_TEXT = TextFamily(
    "amazon",
    "inputText",
    "outputText",
    "outputText",
    "completionReason",
    results="results",
    input_tokens="inputTextTokenCount",
    output_tokens="tokenCount",
)
LLAMA = TextFamily(
    "meta",
    "prompt",
    "generation",
    "generation",
    "stop_reason",
    input_tokens="prompt_token_count",
    output_tokens="generation_token_count",
)
MISTRAL_TEXT = TextFamily("mistral", "prompt", "text", "text", "stop_reason", results="outputs")


class TextCompletionCodec:
    """Reads any family of the table."""

    def __init__(self, family: TextFamily) -> None:
        self._family = family

    def matches(self, vendor: str | None, request: JsonObject) -> bool:
        """By vendor and the prompt's name."""
        return vendor == self._family.vendor and isinstance(request.get(self._family.prompt), str)

    def read(self, request: JsonObject, response: JsonObject) -> BodyRead:
        """Reads a request and its answer."""
        family = self._family
        prompt = as_text(request.get(family.prompt)) or ""
        result = self._result(response)
        reason = as_text(result.get(family.stop_reason))
        text = as_text(result.get(family.text))
        chat = Chat(
            messages=[Message("user", [text_part(prompt)])],
            output=[] if text is None else [Message("assistant", [text_part(text)], reason)],
            parameters={name: value for name, value in request.items() if name != family.prompt},
        )
        return BodyRead(chat, self._usage(response, result), reason)

    def merge(self, chunks: list[Any]) -> JsonObject:
        """Joins the texts; of all else the last value stands."""
        texts: list[str] = []
        merged: JsonObject = {}
        for chunk in map(as_object, chunks):
            inner = self._result(chunk)
            texts.append(as_text(inner.get(self._family.stream_text)) or "")
            merged.update({name: value for name, value in inner.items() if value is not None})
        if not chunks:
            return {}
        merged[self._family.text] = "".join(texts)
        merged.pop("amazon-bedrock-invocationMetrics", None)
        return {self._family.results: [merged]} if self._family.results else merged

    def describe(self, chunk: JsonObject) -> tuple[str, ChunkKind, str | None, int | None]:
        """The chunk's words."""
        return "chunk", "text", as_text(self._result(chunk).get(self._family.stream_text)), None

    def _result(self, response: JsonObject) -> JsonObject:
        results = as_list(response.get(self._family.results)) if self._family.results else []
        return as_object(results[0]) if results else response

    def _usage(self, response: JsonObject, result: JsonObject) -> Usage | None:
        family = self._family
        names = [name for name in (family.input_tokens, family.output_tokens) if name]
        raw = {name: source[name] for source in (response, result) for name in names if name in source}
        # A streamed Titan answer says its total under another name.
        if family is TITAN_TEXT and "totalOutputTextTokenCount" in result:
            raw["tokenCount"] = result["totalOutputTextTokenCount"]
        if not raw:
            return None
        counts = [as_int(raw.get(name)) for name in names]
        return Usage(counts[0], counts[1], raw=raw)
