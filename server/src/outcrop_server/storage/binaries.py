"""Finds the large binaries in a payload, so that an engine can keep each once; puts them back. Pure.

Most are base64 in the JSON of a request; those are kept decoded where encoding gives the very text again.
What is cut out is told by its place and never by a mark within the payload: no content can pass for one.
"""

from __future__ import annotations

import binascii
import itertools
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from outcrop.semconv import outcrop_attributes as names
from outcrop_server.otlp.bytes_values import bytes_values
from outcrop_server.otlp.wire import WireError, varint_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# In the payload, as text. Measured, half of it takes no more room by itself than in a frame; but a span that
# is smaller than this costs nothing but a comparison.
LEAST_BYTES = 8 * 1024
Form = Literal["as it came", "base64"]

# A run that is long enough covers one of the places that are so far apart, and this much behind it. Text of
# any language, and JSON, has other characters at every few places, so looking there is all that it costs.
_SEEN = 64
_STRIDE = LEAST_BYTES - _SEEN
_PIECE = 256 * 1024
_GROUP = 4
_LETTERS = rb"A-Za-z0-9+/"
# Its variant for URLs, line breaks, and what JSON makes of these and of a slash.
_ODD = rb"\\\r\n_-"
_CONTROL = re.compile(rb"[\0-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CHUNKS_KEY = names.STREAM_CHUNKS.encode()


class _Alphabet:
    """A set of bytes: `begins` matches where enough of them stand, `marks` turns them to 1, others to 0."""

    def __init__(self, members: bytes) -> None:
        self.begins = re.compile(rb"[%b]{%d}" % (members, _SEEN)).match
        one = re.compile(rb"[%b]" % members)
        self.marks = bytes(one.match(bytes((byte,))) is not None for byte in range(256))


_EXACT = _Alphabet(_LETTERS)
_LOOSE = _Alphabet(_LETTERS + _ODD)


class Cut(NamedTuple):
    """A binary in a payload.

    Attributes:
        start: where it begins there; never at the first byte.
        end: where it ends there.
        form: what `content` is beside what is in the payload.
        content: the bytes to keep.
    """

    start: int
    end: int
    form: Form
    content: bytes


def cuts(payload: bytes) -> list[Cut]:
    """The large binaries of a payload, in their order; they neither overlap nor are they all there is.

    Args:
        payload: any bytes; those of a request in protobuf are looked through for `bytes` values, too.
    """
    # The first byte stays, so that of two payloads end to end it is known to which a place belongs.
    places = range(1, len(payload) - _SEEN + 1, _STRIDE)
    has_text = any(map(_LOOSE.begins, itertools.repeat(payload), places))
    found = _cuts_of_text(payload) if has_text else []
    return sorted((*found, *_cuts_of_bytes(payload, found)))


def without(payload: bytes, found: Iterable[Cut]) -> bytes:
    """What is left of a payload."""
    pieces: list[bytes] = []
    position = 0
    for cut in found:
        pieces.append(payload[position : cut.start])
        position = cut.end
    return b"".join((*pieces, payload[position:]))


def whole(rest: bytes, parts: Iterable[tuple[int, bytes]]) -> bytes:
    """A payload of what was left of it, and what was cut out, each with its place in the rest."""
    pieces: list[bytes] = []
    position = 0
    for place, part in parts:
        pieces += (rest[position:place], part)
        position = place
    return b"".join((*pieces, rest[position:]))


def as_it_was(form: Form, content: bytes) -> bytes:
    """What stood in the payload."""
    return binascii.b2a_base64(content, newline=False) if form == "base64" else content


def _runs(payload: bytes, floor: int, end: int, alphabet: _Alphabet) -> Iterator[tuple[int, int]]:
    """Where at least LEAST_BYTES bytes of an alphabet stand together: start and end of each such run."""
    position = floor
    while position + _SEEN <= end:
        if alphabet.begins(payload, position, end) is None:
            position += _STRIDE
            continue
        before = max(floor, position - _STRIDE)
        start = before + payload[before:position].translate(alphabet.marks).rfind(0) + 1
        floor = _end_of_run(payload, position + _SEEN, end, alphabet)
        if floor - start >= LEAST_BYTES:
            yield start, floor
        position = floor + _STRIDE


def _end_of_run(payload: bytes, position: int, end: int, alphabet: _Alphabet) -> int:
    size = _STRIDE
    while position < end:
        piece = payload[position : min(position + size, end)]
        other = piece.translate(alphabet.marks).find(0)
        if other >= 0:
            return position + other
        position += len(piece)
        size = _PIECE
    return end


def _cuts_of_text(payload: bytes) -> list[Cut]:
    found = [_cut_of_base64(payload, *run) for run in _runs(payload, 1, len(payload), _EXACT)]
    edges = [1, *itertools.chain.from_iterable((cut.start, cut.end) for cut in found), len(payload)]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        found += [_cut_as_it_came(payload, *run) for run in _runs(payload, start, end, _LOOSE)]
    return found


def _cut_of_base64(payload: bytes, start: int, end: int) -> Cut:
    """Whole groups of four letters, and the last one with its padding if that is as an encoder writes it."""
    padded = end + -(end - start) % _GROUP
    if padded - end < _GROUP - 1 and payload[end:padded] == b"=" * (padded - end):
        cut = _decoded(payload, start, padded)
        if cut is not None:
            return cut
    return _decoded(payload, start, end - (end - start) % _GROUP) or _cut_as_it_came(payload, start, end)


def _decoded(payload: bytes, start: int, end: int) -> Cut | None:
    text = payload[start:end]
    content = binascii.a2b_base64(text)
    # Of the last letter before padding some bits mean nothing; only an encoder's own choice comes back.
    if binascii.b2a_base64(content, newline=False) != text:
        return None
    return Cut(start, end, "base64", content)


def _cut_as_it_came(payload: bytes, start: int, end: int) -> Cut:
    return Cut(start, end, "as it came", payload[start:end])


def _cuts_of_bytes(payload: bytes, found: list[Cut]) -> list[Cut]:
    """`bytes` values with no text in them, of which `found` has nothing.

    The chunks of a stream are left out: each comes once, and what they say comes again in the next request.
    """
    # Not at the beginning, where a request has its numbers.
    seen = [place for place in range(_STRIDE, len(payload), _STRIDE) if _has_control(payload, place)]
    if not seen:
        return []
    chunks = _chunks(payload)
    if all(place in chunks for place in seen):
        return []
    return [
        _cut_as_it_came(payload, start, end)
        for start, end in bytes_values(payload, LEAST_BYTES)
        if start not in chunks
        and any(_has_control(payload, start + (end - start) * part // 4) for part in range(4))
        and not any(cut.start < end and start < cut.end for cut in found)
    ]


def _has_control(payload: bytes, place: int) -> bool:
    """Whether there is a control character behind a place, as in nearly any 64 bytes of a binary."""
    return _CONTROL.search(payload, place, place + _SEEN) is not None


def _chunks(payload: bytes) -> range:
    """Where the chunks of a stream lie, if this is a span that has any; elsewhere is what is looked for."""
    key = payload.find(_CHUNKS_KEY)
    if key < 0:
        return range(0)
    try:
        length, start = varint_at(payload, key + len(_CHUNKS_KEY) + 1)
    except WireError:
        return range(0)
    return range(start, start + length)
