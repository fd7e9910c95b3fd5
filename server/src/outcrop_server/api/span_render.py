"""From one span's view to the shape of the API, within bounds. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outcrop_server.api import schemas
from outcrop_server.api.media_render import ChatMedia
from outcrop_server.api.render import span_summary
from outcrop_server.query.bounds import MEMBER_BYTES, Room
from outcrop_server.query.jsonable import jsonable, mended
from outcrop_server.query.payload_parts import payload_parts
from outcrop_server.query.said import inputs_of, outputs_of

if TYPE_CHECKING:
    from outcrop.genai.messages import Chat, Message
    from outcrop.genai.stream import Stream
    from outcrop.pricing.cost import Cost
    from outcrop_server.model.records import EventRecord
    from outcrop_server.query.reader import WholeSpan


def span_detail(whole: WholeSpan) -> schemas.SpanDetail:
    """One span with its payload."""
    view, usage, cost = whole.view, whole.view.usage, whole.quote.cost
    rooms = _Rooms(len(whole.payload))
    return schemas.SpanDetail(
        span=span_summary(whole.row, is_orphan=whole.is_orphan),
        trace_id=whole.trace_id.hex(),
        inputs=rooms.of("inputs").value(jsonable(inputs_of(view))),
        outputs=rooms.of("outputs").value(jsonable(outputs_of(view))),
        chat=None if view.chat is None else _chat(view.chat, rooms, ChatMedia(view.chat, _path(whole))),
        stream=None if view.stream is None else _stream(view.stream, rooms.of("stream")),
        events=_events(whole.events, rooms.of("events")),
        attributes=rooms.of("attributes").value(jsonable(whole.attributes)),
        raw_usage={} if usage is None else jsonable(usage.raw),
        usage_rule=None if usage is None else usage.rule,
        cost=None if cost is None else _cost(cost),
        cost_reason=whole.quote.reason,
        cut_members=rooms.cut_members(),
        payload_parts=_parts(whole),
    )


class _Rooms:
    """Room for each member; without end where the span as it came is small, whatever is read in it.

    Args:
        payload_size: bytes of the span.
    """

    def __init__(self, payload_size: int) -> None:
        # What is read from a span takes more than its bytes, but not many times as much.
        self._size = MEMBER_BYTES if payload_size > MEMBER_BYTES // 4 else 1 << 40
        self._given: list[tuple[str, Room]] = []

    def of(self, member: str) -> Room:
        """Room for a member, or for another part of it."""
        room = Room(self._size)
        self._given.append((member, room))
        return room

    def cut_members(self) -> list[str]:
        """Those that did not fit."""
        return list(dict.fromkeys(member for member, room in self._given if room.is_cut))


def _path(whole: WholeSpan) -> str:
    return f"/api/traces/{whole.trace_id.hex()}/spans/{whole.row.span_id.hex()}"


def _parts(whole: WholeSpan) -> list[schemas.PayloadPart]:
    base = f"{_path(whole)}/payload"
    return [
        schemas.PayloadPart(
            name=part.name,
            size_bytes=len(part.data),
            content_type=part.content_type,
            path=f"{base}/{part.name}",
            is_derived=part.is_derived,
        )
        for part in payload_parts(whole.attributes, whole.payload, lambda: whole.view)
    ]


def _chat(chat: Chat, rooms: _Rooms, media: ChatMedia) -> schemas.Chat:
    # The answer has room of its own: what was sent may be the longer part by far.
    sent, answered = rooms.of("chat"), rooms.of("chat")
    return schemas.Chat(
        system=sent.value(jsonable(media.named(chat.system))),
        messages=_messages(chat.messages, sent, media),
        output=_messages(chat.output, answered, media),
        tools=[
            schemas.ToolDefinition(
                name=sent.text(mended(tool.name)),
                description=None if tool.description is None else sent.text(mended(tool.description)),
                parameters=sent.value(jsonable(tool.parameters)),
            )
            for tool in chat.tools
            if sent.has_room
        ],
        parameters=sent.value(jsonable(chat.parameters)),
    )


def _messages(messages: list[Message], room: Room, media: ChatMedia) -> list[schemas.ChatMessage]:
    return [_message(message, room, media) for message in messages if room.has_room]


def _message(message: Message, room: Room, media: ChatMedia) -> schemas.ChatMessage:
    parts: list[dict[str, Any]] = room.value(jsonable(media.named(message.parts)))
    return schemas.ChatMessage(
        role=mended(message.role), parts=parts, finish_reason=_text(message.finish_reason)
    )


def _stream(stream: Stream, room: Room) -> schemas.Stream:
    chunks = [
        schemas.StreamChunk(
            index=chunk.index,
            offset_ns=chunk.offset_ns,
            type=mended(chunk.type),
            block_index=chunk.block_index,
            text=None if chunk.text is None else room.text(mended(chunk.text)),
            kind=chunk.kind,
            size_bytes=chunk.size_bytes,
            data=room.value(jsonable(chunk.data)),
        )
        for chunk in stream.chunks
        if room.has_room
    ]
    return schemas.Stream(outcome=stream.outcome, end_reason=stream.end_reason, chunks=chunks)


def _events(events: tuple[EventRecord, ...], room: Room) -> list[schemas.SpanEvent]:
    return [
        schemas.SpanEvent(
            name=event.name,
            time_ns=str(event.time_ns),
            attributes=room.value(jsonable(event.attributes)),
        )
        for event in events
        if room.has_room
    ]


def _cost(cost: Cost) -> schemas.Cost:
    parts = None if cost.is_sum_alone else cost.parts
    return schemas.Cost(
        usd=float(cost.usd),
        input=None if parts is None else float(parts.input),
        output=None if parts is None else float(parts.output),
        cache_read=None if parts is None else float(parts.cache_read),
        cache_write=None if parts is None else float(parts.cache_write),
        source=cost.source,
        model=cost.model,
    )


def _text(value: str | None) -> str | None:
    return None if value is None else mended(value)
