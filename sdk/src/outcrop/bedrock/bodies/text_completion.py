"""Prompt-in, text-out families, plain and streamed; `text_family` names them and their sources.

They differ only in where things stand, and that table says where.
"""

from __future__ import annotations

from typing import Any

from outcrop.bedrock.bodies.codec import (
    BEDROCK_PREFIX,
    BodyClues,
    BodyRead,
    ChunkWords,
    without,
    without_metrics,
)
from outcrop.bedrock.bodies.media import image_part
from outcrop.bedrock.bodies.openai_usage import read_openai_usage
from outcrop.bedrock.bodies.prompt_turns import read_prompt
from outcrop.bedrock.bodies.reasoning_tags import THINKING_OPENED, read_answer_text
from outcrop.bedrock.bodies.text_family import TextFamily
from outcrop.genai.messages import Chat, Message, Part
from outcrop.genai.usage import Usage, UsageRule
from outcrop.json_reading import JsonObject, as_int, as_list, as_object, as_text

# Members of a chunk that stand beside the results in the plain answer, not within one.
_BESIDE = frozenset({"id", "object", "created", "model", "usage", "prompt", "inputTextTokenCount"})


class TextCompletionCodec:
    """Reads any family of the table."""

    def __init__(self, family: TextFamily) -> None:
        self._family = family

    def is_of_vendor(self, clues: BodyClues) -> bool:
        """By vendor and the prompt's name."""
        return clues.vendor in self._family.vendors and self._has_prompt(clues)

    def has_shape(self, clues: BodyClues) -> bool:
        """By the prompt's name and a member that others do not have."""
        return self._has_prompt(clues) and clues.has_any(self._family.marks)

    def read(self, request: JsonObject, response: JsonObject) -> BodyRead:
        """Reads a request and its answer."""
        family = self._family
        prompt = as_text(request.get(family.prompt)) or ""
        system, messages = read_prompt(prompt, family.markup)
        # Llama's multimodal models take pictures beside the prompt.
        pictures = [image_part(image) for image in as_list(request.get("images")) if isinstance(image, str)]
        if pictures:
            messages = _with_pictures(messages, pictures)
        is_thinking = prompt.rstrip().endswith(THINKING_OPENED)
        results = self._results(response)
        output: list[Message] = []
        for result in results:
            text = self._text(result)
            if text is not None:
                parts = read_answer_text(text, is_thinking=is_thinking)
                output.append(Message("assistant", parts, self._reason(result)))
        chat = Chat(
            system=system,
            messages=messages,
            output=output,
            parameters=without(request, {family.prompt, "images"} if pictures else {family.prompt}),
        )
        reason = next((reason for reason in map(self._reason, results) if reason), None)
        return BodyRead(chat, self._usage(response, results), reason)

    def merge(self, chunks: list[Any]) -> JsonObject:
        """Joins each result's texts; of all else the last value stands."""
        beside: JsonObject = {}
        results: dict[int, _Result] = {}
        for chunk in map(without_metrics, chunks):
            entries, rest = self._taken_apart(chunk)
            for position, entry in enumerate(entries):
                index = as_int(entry.get("index"))
                results.setdefault(position if index is None else index, _Result(self._family)).add(entry)
            beside.update({name: value for name, value in rest.items() if value is not None})
        merged = [results[index].whole() for index in sorted(results)]
        if not merged:
            return beside
        return {**beside, self._family.results: merged} if self._family.results else {**beside, **merged[0]}

    def describe(self, chunk: JsonObject) -> ChunkWords:
        """The chunk's words."""
        results = self._results(chunk)
        return "chunk", "text", self._text(results[0]) if results else None, None

    def _has_prompt(self, clues: BodyClues) -> bool:
        return isinstance(clues.request.get(self._family.prompt), str)

    def _taken_apart(self, chunk: JsonObject) -> tuple[list[JsonObject], JsonObject]:
        """A chunk's results, wrapped or flat, and what stands beside them."""
        wrapped = as_list(chunk.get(self._family.results)) if self._family.results else []
        rest = without(chunk, {self._family.results or ""})
        if wrapped:
            return list(map(as_object, wrapped)), rest
        beside = {n: v for n, v in rest.items() if n in _BESIDE or n.startswith(BEDROCK_PREFIX)}
        flat = without(rest, beside)
        return [flat] if flat else [], beside

    def _results(self, response: JsonObject) -> list[JsonObject]:
        results = as_list(response.get(self._family.results)) if self._family.results else []
        return list(map(as_object, results)) or ([response] if response else [])

    def _text(self, result: JsonObject) -> str | None:
        holder = as_object(result.get(self._family.holder)) if self._family.holder else result
        return as_text(holder.get(self._family.text))

    def _reason(self, result: JsonObject) -> str | None:
        for name in self._family.reasons:
            value = result.get(name)
            reason = as_text(value) or as_text(as_object(value).get("reason"))
            if reason is not None:
                return reason
        return None

    def _usage(self, response: JsonObject, results: list[JsonObject]) -> Usage | None:
        if "usage" in response:
            return read_openai_usage(response["usage"])
        names = [self._family.input_tokens, self._family.output_tokens]
        raw = {
            name: source[name] for source in (*results, response) for name in names if name and name in source
        }
        if not raw:
            return None
        counts = [as_int(raw.get(name)) if name else None for name in names]
        return Usage(counts[0], counts[1], raw=raw, rule=UsageRule.INCLUSIVE)


def _with_pictures(messages: list[Message], pictures: list[Part]) -> list[Message]:
    """The pictures go to the newest words of the user, which speak of them."""
    for message in reversed(messages):
        if message.role == "user":
            message.parts.extend(pictures)
            return messages
    return [*messages, Message("user", pictures)]


class _Result:
    """One result as it grows."""

    def __init__(self, family: TextFamily) -> None:
        self._family = family
        self._texts: list[str] = []
        self._members: JsonObject = {}

    def add(self, entry: JsonObject) -> None:
        for name, value in entry.items():
            kept = self._family.renamed.get(name, name)
            if name == self._family.text and isinstance(value, str):
                self._texts.append(value)
            elif kept is not None and (value is not None or kept not in self._members):
                self._members[kept] = value

    def whole(self) -> JsonObject:
        # The words come first, as in the vendors' own answers.
        return {self._family.text: "".join(self._texts), **self._members} if self._texts else self._members
