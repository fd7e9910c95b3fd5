"""A captured stream as events that can be changed and written again.

Frames are written with valid checksums, and each piece keeps its arrival time. What came of a frame that
never came whole is left out but for its lengths: nobody can say what is in it.
"""

from __future__ import annotations

import base64
import binascii
import codecs
from typing import Any, cast

from outcrop.bedrock.chunks import replace_pieces, unpack_chunks
from outcrop.bedrock.frames import Frame, FrameError, FrameReader, with_header_text, write_frame
from outcrop.capture.json_text import dump_json, load_json
from outcrop.capture.lanes import Document
from outcrop.capture.rewriting import Change, rewrite_bytes, rewrite_text

# A prelude with a wrong checksum: readers say the same of it as of what it stands for.
_UNREADABLE = bytes(12)
_BYTES = "bytes"
_PADDING, _PADDING_LETTERS = "p", "x"


class Event:
    """One event of a stream.

    Attributes:
        piece: number of the piece with which it was whole.
        payload: its JSON or text; None for one that is binary.
        inner: what the payload's `bytes` hold, in base64, as JSON or text; None where they hold neither.
    """

    def __init__(self, piece: int, frame: Frame) -> None:
        """Reads the frame's payload."""
        self.piece = piece
        self.inner: Document | None = None
        self._frame = frame
        self._bytes = frame.payload
        self._is_json, value = load_json(frame.payload)
        if not self._is_json:
            value = _text_of(frame.payload)
        self.payload = None if value is None and frame.payload else Document(value, frame.type)

    def open_bytes(self, decoders: dict[str, codecs.IncrementalDecoder]) -> None:
        """Reads `bytes`; a character may lie across two events of a kind."""
        wrapped = self._wrapped()
        if wrapped is None:
            return
        kind = f"{self._frame.type}.{_BYTES}"
        is_json, value = load_json(wrapped)
        if not is_json or not isinstance(value, dict | list):
            decoder = decoders.setdefault(kind, codecs.getincrementaldecoder("utf-8")())
            try:
                value = decoder.decode(wrapped)
            except UnicodeDecodeError:
                decoder.reset()
                return
        self.inner = Document(value, kind)
        # What stands in the inner document must not be read as base64 beside it.
        payload = cast("Document", self.payload)
        payload.value[_BYTES] = ""

    def close_bytes(self) -> None:
        """Puts `bytes` back."""
        if self.inner is None:
            return
        payload = cast("Document", self.payload)
        value = self.inner.value
        shown = value if isinstance(value, str) else dump_json(value)
        # Text is always written again: a character may have moved into another event.
        if self.inner.is_changed or isinstance(value, str):
            payload.is_changed = True
            payload.value[_BYTES] = base64.b64encode(shown.encode("utf-8", "replace")).decode()
        else:
            payload.value[_BYTES] = self._original_bytes
        self.inner = None

    def drop_binary(self) -> None:
        """Leaves a payload out that is no text."""
        if self.payload is None:
            self._bytes = b""

    def frame(self, change: Change | None, *, keeps_size: bool) -> bytes:
        """The event's bytes, each of its strings changed by itself once more."""
        payload = self._bytes
        if self.payload is not None and self.payload.is_changed:
            value = self.payload.value
            shown = dump_json(value) if self._is_json else str(value)
            payload = shown.encode("utf-8", "replace")
            if keeps_size and isinstance(value, dict):
                payload = _padded(cast("dict[str, Any]", value), payload, len(self._frame.payload))
        block = self._frame.header_block
        if change is not None:
            payload = rewrite_bytes(payload, change)
            for text in self._frame.headers.values():
                if isinstance(text, str) and (changed := rewrite_text(text, change)) != text:
                    block = with_header_text(block, text, changed)
        return write_frame(block, payload)

    def _wrapped(self) -> bytes | None:
        value = None if self.payload is None else self.payload.value
        text = cast("dict[str, Any]", value).get(_BYTES) if isinstance(value, dict) else None
        if not isinstance(text, str):
            return None
        self._original_bytes = text
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error:
            return None


class CapturedStream:
    """A stream as it was captured.

    Attributes:
        events: its events, in their order.
    """

    def __init__(self, packed: bytes) -> None:
        """Reads the attribute `outcrop.stream.chunks`.

        Raises:
            ValueError: it was not written by Outcrop.
        """
        self._packed = packed
        self._tails: dict[int, bytes] = {}
        self._count = 0
        self.events: list[Event] = []
        reader = FrameReader()
        for number, (_, data) in enumerate(unpack_chunks(packed)):
            self._count = number + 1
            if self._tails:
                continue  # what follows an unreadable frame cannot be read either
            try:
                self.events.extend(Event(number, frame) for frame in reader.feed(data))
            except FrameError:
                self._tails[number] = _UNREADABLE
        if self._count and not self._tails and reader.pending_bytes:
            self._tails[self._count - 1] = reader.pending_prelude
        decoders: dict[str, codecs.IncrementalDecoder] = {}
        for event in self.events:
            event.open_bytes(decoders)

    @property
    def documents(self) -> list[Document]:
        """Everything that can be changed."""
        return [
            document
            for event in self.events
            for document in (event.payload, event.inner)
            if document is not None
        ]

    def packed(self, change: Change | None = None, *, keeps_size: bool = False) -> bytes:
        """The stream as it is to be sent; to be called once.

        Args:
            change: put to work on each event by itself, after what was changed across events.
            keeps_size: whether an event that has become shorter is padded, as Bedrock pads events, so that
                its size still tells what came.
        """
        pieces: list[list[bytes]] = [[] for _ in range(self._count)]
        for event in self.events:
            event.close_bytes()
            pieces[event.piece].append(event.frame(change, keeps_size=keeps_size))
        for number, tail in self._tails.items():
            pieces[number].append(tail)
        return replace_pieces(self._packed, [b"".join(frames) for frames in pieces])


def _text_of(payload: bytes) -> str | None:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return None


def _padded(value: dict[str, Any], payload: bytes, size: int) -> bytes:
    bare = {name: member for name, member in value.items() if name != _PADDING}
    room = size - len(dump_json({**bare, _PADDING: ""}).encode())
    return payload if room < 0 else dump_json({**bare, _PADDING: _PADDING_LETTERS * room}).encode()
