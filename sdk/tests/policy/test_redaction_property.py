"""Whatever the cuts: a secret that lies across the pieces of a stream is nowhere in what is sent."""

from __future__ import annotations

import base64
import itertools
import json
import re
import struct
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from outcrop.bedrock.chunks import Pieces, unpack_chunks
from outcrop.bedrock.exchange import read_exchange
from outcrop.bedrock.frames import FrameReader
from outcrop.capture.redaction import Redactor
from outcrop.capture.rewriting import Change
from outcrop.json_reading import as_list, as_object, parse_json
from outcrop.otlp.records import SpanRecord
from outcrop.policy.redact import redact_span, redact_stream
from outcrop.testing.event_stream import encode_event
from outcrop.views import read_span

AWS_KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
CARD = "4242424242424242"
EMAIL = "josé.o'neill+x@exämple.co.jp"
TOKEN = "abc123.DEF-456_ghi~789"
WORDS: dict[str, str] = {
    AWS_KEY: AWS_KEY,
    SECRET_KEY: f"secret={SECRET_KEY}",
    CARD: "4242 4242-4242 4242",
    "neill+x@exämple": EMAIL,
    TOKEN: f"Bearer {TOKEN}",
}
AROUND = st.text(st.sampled_from('ab \n\t"\\/{}[]:,é日😀.'), max_size=12)


def _redactor() -> Redactor:
    return Redactor(("aws_keys", "bearer_tokens", "email_addresses", "card_numbers"))


def _change() -> Change:
    redactor = _redactor()
    return Change(redactor, redactor.in_key)


def _cut(text: str, places: list[int]) -> list[str]:
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(edges)]


def _packed(events: list[tuple[str, Any]], cuts: list[int]) -> bytes:
    """Frames as a network would bring them: cut anywhere."""
    wire = b"".join(encode_event(kind, payload) for kind, payload in events)
    edges = [0, *sorted(cut % (len(wire) + 1) for cut in cuts), len(wire)]
    pieces = Pieces()
    for number, (start, end) in enumerate(itertools.pairwise(edges)):
        pieces.kept += [wire[start:end], 100.0 + number / 8]
    return pieces.packed(100.0)


def _converse(kind: str, pieces: list[str]) -> list[tuple[str, Any]]:
    def delta(piece: str) -> Any:
        if kind == "text":
            return {"text": piece}
        return {"toolUse": {"input": piece}} if kind == "tool" else {"reasoningContent": {"text": piece}}

    deltas = [("contentBlockDelta", {"contentBlockIndex": 0, "delta": delta(piece)}) for piece in pieces]
    # Another block's words come in between.
    other = [("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"text": "-"}}) for _ in pieces]
    mixed = [event for pair in zip(deltas, other, strict=True) for event in pair]
    start: Any = {"toolUse": {"toolUseId": "t", "name": "n"}}
    opening = [("contentBlockStart", {"contentBlockIndex": 0, "start": start})] if kind == "tool" else []
    return [("messageStart", {"role": "assistant"}), *opening, *mixed, ("messageStop", {"stopReason": "end"})]


def _anthropic(kind: str, pieces: list[str]) -> list[tuple[str, Any]]:
    member = {"text": "text", "tool": "partial_json", "reasoning": "thinking"}[kind]
    start: Any = {"type": member, member: pieces[0]} if kind != "tool" else {"type": "tool_use", "input": {}}
    rest = pieces if kind == "tool" else pieces[1:]
    chunks: list[Any] = [{"type": "content_block_start", "index": 0, "content_block": start}]
    chunks += [{"type": "content_block_delta", "index": 0, "delta": {"type": "d", member: p}} for p in rest]
    return [("chunk", {"bytes": base64.b64encode(json.dumps(c).encode()).decode()}) for c in chunks]


def _openai(kind: str, pieces: list[str]) -> list[tuple[str, Any]]:
    def delta(piece: str) -> Any:
        if kind == "tool":
            return {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}
        return {"content" if kind == "text" else "reasoning_content": piece}

    # The same choice may stand at any place of the list; its index says which it is.
    chunks: list[Any] = []
    for number, piece in enumerate(pieces):
        entries = [{"index": 0, "delta": delta(piece)}, {"index": 1, "delta": {"content": "-"}}]
        chunks.append({"choices": entries if number % 2 else entries[::-1]})
    return [("chunk", {"bytes": base64.b64encode(json.dumps(c).encode()).decode()}) for c in chunks]


def _agent(_: str, pieces: list[str]) -> list[tuple[str, Any]]:
    whole = "".join(pieces).encode()
    step = max(1, len(whole) // max(1, len(pieces)))
    # Cut between bytes: a character may lie across two events.
    parts = [whole[place : place + step] for place in range(0, len(whole), step)]
    return [("chunk", {"bytes": base64.b64encode(part).decode()}) for part in parts]


SHAPES = {"converse": _converse, "anthropic": _anthropic, "openai": _openai, "agent": _agent}


class _Reader:
    """All that a reader could find in a stream: raw, decoded, and strings put together as they grow."""

    def __init__(self, packed: bytes) -> None:
        self.seen = [packed.decode("latin-1")]
        self._lanes: dict[str, str] = {}
        self._bytes = b""
        reader = FrameReader()
        for _, data in unpack_chunks(packed):
            for frame in reader.feed(data):
                self._read(as_object(json.loads(frame.payload)))
        self.seen += [*self._lanes.values(), self._bytes.decode()]
        for text in list(self.seen):
            # JSON without its escapes, such as the input of a tool.
            parsed = parse_json(text)
            self.seen.append(text if isinstance(parsed, str) else json.dumps(parsed, ensure_ascii=False))

    def _read(self, payload: dict[str, Any]) -> None:
        payload.pop("p", None)
        wrapped = payload.pop("bytes", None)
        self._gather(f"{payload.get('contentBlockIndex')}", payload)
        if wrapped is None:
            return
        inner = base64.b64decode(wrapped)
        document = parse_json(inner)
        if not isinstance(document, dict):
            self._bytes += inner
            return
        for entry in as_list(as_object(document).pop("choices", [])):
            self._gather(f"choice {entry['index']}", entry)
        self._gather("inner", document)

    def _gather(self, path: str, value: Any) -> None:
        for name, member in as_object(value).items():
            # A block's beginning and its growth are read as one text.
            self._gather(path if name in {"delta", "content_block"} else f"{path}.{name}", member)
        for member in as_list(value):
            self._gather(path, member)
        if isinstance(value, str):
            self._lanes[path] = self._lanes.get(path, "") + value
            self.seen.append(value)


def _everything_in(packed: bytes) -> str:
    return "\n".join(_Reader(packed).seen)


@given(
    shape=st.sampled_from(sorted(SHAPES)),
    kind=st.sampled_from(["text", "tool", "reasoning"]),
    secret=st.sampled_from(sorted(WORDS)),
    before=AROUND,
    after=AROUND,
    places=st.lists(st.integers(0, 400), max_size=30),
    cuts=st.lists(st.integers(0, 20_000), max_size=20),
    is_ascii=st.booleans(),
)
def test_a_secret_split_over_a_stream_is_nowhere_in_what_is_sent(  # noqa: PLR0917  # Hypothesis names them
    shape: str,
    kind: str,
    secret: str,
    before: str,
    after: str,
    places: list[int],
    cuts: list[int],
    is_ascii: bool,
) -> None:
    said = f"{before} {WORDS[secret]} {after}"
    if kind == "tool":
        said = json.dumps({"to": said, "n": 5, "list": [said]}, ensure_ascii=is_ascii)
    packed = _packed(SHAPES[shape](kind, _cut(said, places)), cuts)
    redacted = redact_stream(packed, _change())

    assert redacted is not None
    found = re.sub(r"[ -]", "", _everything_in(redacted)) if secret == CARD else _everything_in(redacted)
    assert secret not in found
    # The times of the pieces, and every frame with its checksums, are there.
    assert [at for at, _ in unpack_chunks(redacted)] == [at for at, _ in unpack_chunks(packed)]
    exchange = read_exchange({"outcrop.aws.operation": "ConverseStream", "outcrop.stream.chunks": redacted})
    assert exchange.problem is None
    assert exchange.pieces is not None
    original = read_exchange({"outcrop.aws.operation": "ConverseStream", "outcrop.stream.chunks": packed})
    assert original.pieces is not None
    assert [(p.type, p.offset_ns) for p in exchange.pieces] == [
        (p.type, p.offset_ns) for p in original.pieces
    ]


@given(
    places=st.lists(st.integers(0, 400), max_size=30),
    before=AROUND,
    after=AROUND,
    secret=st.sampled_from(sorted(WORDS)),
    is_ascii=st.booleans(),
)
def test_a_streamed_tool_input_stays_json_with_its_numbers(
    places: list[int], before: str, after: str, secret: str, is_ascii: bool
) -> None:
    said = f"{before} {WORDS[secret]} {after}"
    whole = json.dumps({"to": said, "n": 5, "flags": [True, None]}, ensure_ascii=is_ascii)
    redacted = redact_stream(_packed(_converse("tool", _cut(whole, places)), []), _change())
    view = read_span({"outcrop.aws.operation": "ConverseStream", "outcrop.stream.chunks": redacted})
    tool_input = view.outputs["output"]["message"]["content"][0]["toolUse"]["input"]
    assert {name: tool_input[name] for name in ("n", "flags")} == {"n": 5, "flags": [True, None]}
    assert "[hidden" in tool_input["to"]


@given(st.binary(max_size=300))
def test_a_stream_that_ends_within_a_frame_or_is_damaged_keeps_nothing_unread(noise: bytes) -> None:
    whole = _packed(_converse("text", [f"key {AWS_KEY}"]), [])
    (wire,) = (data for _, data in unpack_chunks(whole))
    for end in (len(wire) - 5, len(wire) // 2, 20):
        pieces = Pieces()
        pieces.kept += [wire[:end] + noise, 100.5, noise, 101.0]
        packed = pieces.packed(100.0)
        redacted = redact_stream(packed, _change())
        assert redacted is not None
        assert AWS_KEY.encode() not in redacted
        assert struct.unpack_from("<I", redacted, 3) == (2,)


@given(
    secret=st.sampled_from(sorted(WORDS)),
    before=AROUND,
    after=AROUND,
    places=st.lists(st.integers(0, 400), max_size=20),
    end=st.sampled_from(["\n", "\r\n"]),
    form=st.sampled_from(["text", "string", "object"]),
)
def test_a_secret_split_over_server_sent_events_is_found(  # noqa: PLR0917  # as above
    secret: str, before: str, after: str, places: list[int], end: str, form: str
) -> None:
    said = f"{before} {WORDS[secret]} {after}".replace("\n", " ") if form == "text" else WORDS[secret]
    data: dict[str, Callable[[str], str]] = {
        "text": str,
        "string": json.dumps,
        "object": lambda piece: json.dumps({"event": {"delta": {"text": piece}}, "n": 1}),
    }
    lines = [f"data: {data[form](piece)}{end}{end}" for piece in _cut(said, places)]
    body = f"event: x{end}{''.join(lines)}: ping{end}".encode()
    record = SpanRecord(
        b"t" * 16, b"s" * 8, b"", "n", 1, 1, 2, 1, "", {"outcrop.response.body": body}, [], "", ""
    )
    redact_span(record, _redactor())

    redacted = record.attributes["outcrop.response.body"].decode()
    assert redacted.count(f"{end}data:") == len(lines)
    shown = "".join(_text_of(line, form) for line in redacted.split(end) if line.startswith("data:"))
    assert secret not in (re.sub(r"[ -]", "", shown) if secret == CARD else shown)
    assert "[hidden" in shown


def _text_of(line: str, form: str) -> str:
    said = line.removeprefix("data: ")
    if form == "text":
        return said
    return str(json.loads(said)) if form == "string" else str(json.loads(said)["event"]["delta"]["text"])
