"""Says of the media in a conversation where its bytes are, instead of holding them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from outcrop_server.query.media import MAX_DEPTH, blobs, media_of, results_in

if TYPE_CHECKING:
    from outcrop.genai.messages import Chat, Part


class ChatMedia:
    """The media of one conversation.

    Args:
        chat: the conversation.
        span_path: where the API has its span.
    """

    def __init__(self, chat: Chat, span_path: str) -> None:
        self._path = span_path
        # By identity: two parts may well be equal.
        self._numbers = {id(part): number for number, part in enumerate(blobs(chat))}

    def named(self, parts: list[Part]) -> list[Part]:
        """The same parts, those with media without their bytes."""
        return self._named(parts, 0)

    def _named(self, parts: list[Any], depth: int) -> list[Any]:
        return [self._part(part, depth) for part in parts]

    def _part(self, part: Any, depth: int) -> Any:
        if not isinstance(part, dict):
            return part
        members = cast("Part", part)
        number = self._numbers.get(id(members))
        if number is not None:
            return self._blob(members, number)
        held = results_in(members) if self._numbers and depth < MAX_DEPTH else None
        return members if held is None else {**members, held[0]: self._named(held[1], depth + 1)}

    def _blob(self, part: Part, number: int) -> Part:
        # A sender's own `media` would say where the page is to look.
        kept = {name: value for name, value in part.items() if name != "media"}
        found = media_of(part)
        if found is None:
            return kept
        media = {
            "path": f"{self._path}/media/{number}",
            "size_bytes": len(found.data),
            "content_type": found.content_type,
        }
        return {**kept, "content": None, "media": media}
