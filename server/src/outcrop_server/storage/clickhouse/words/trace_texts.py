"""The texts of traces' spans, read from their payloads: of many traces in few statements."""

# ruff: noqa: S608 - put together from constants, numbers and hex only.

from __future__ import annotations

import logging
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from outcrop_server.model.errors import DamagedError
from outcrop_server.model.span_text import SpanText
from outcrop_server.storage.clickhouse.client import hex_list
from outcrop_server.storage.clickhouse.lives import NOT_VOID
from outcrop_server.storage.common.blobs import whole_of
from outcrop_server.storage.common.frames import unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from outcrop_server.model.span_text import ReadText
    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.lives import Home

    Row = tuple[Any, ...]

_log = logging.getLogger(__name__)
# Frames are fetched so many at once, with so many bytes of payloads at most, the first one aside.
_FRAMES = 512
_BYTES = 16 << 20
_SPAN = "trace_id, frame_id, payload_offset, payload_length, number, name, error_type, error_message"


class StoredText(NamedTuple):
    """A span's text, with the columns that free words are looked for in."""

    name: str
    error_type: str | None
    error_message: str | None
    text: SpanText


class Frame:
    """A payload frame, unpacked, with what is needed to make its payloads whole.

    Args:
        client: asks for the binaries that it lacks.
        home: of its trace.
        uses: of each binary its place, whether it stood there as base64, and its digest.
        data: the frame.

    Raises:
        DamagedError: it cannot be read.
    """

    def __init__(
        self, client: Client, home: Home, uses: Sequence[tuple[int, int, bytes]], data: bytes
    ) -> None:
        self.home = home
        self._client = client
        self._uses = uses
        self._data = unpack(data)
        self._binaries: dict[bytes, Row] | None = None

    def payload(self, offset: int, length: int) -> bytes:
        """A payload of it; raises DamagedError if a binary of it cannot be read."""
        rest = bytes(self._data[offset : offset + length])
        uses = [use for use in self._uses if offset < use[0] <= offset + length]
        if not uses:
            return rest
        if self._binaries is None:
            self._binaries = self._read_binaries()
        lacking = (None, None, None)
        rows = [(place, is_base64, *self._binaries.get(digest, lacking)) for place, is_base64, digest in uses]
        return whole_of(rest, offset, rows)

    def _read_binaries(self) -> dict[bytes, Row]:
        digests = hex_list({digest for _, _, digest in self._uses}, 32)
        rows = self._client.query(
            f"SELECT sha256, size, is_compressed, content FROM blob "
            f"WHERE experiment_id = {self.home.anchor_experiment} AND sha256 IN {digests} AND {NOT_VOID} "
            "LIMIT 1 BY sha256",
            raw=True,
        )
        return {digest: tuple(stored) for digest, *stored in rows}


def read_texts(
    client: Client,
    homes: Sequence[Home],
    read_text: ReadText,
    *,
    after: Mapping[bytes, int] | None = None,
    on_work: Callable[[], None] = lambda: None,
) -> Iterator[tuple[Home, StoredText]]:
    """The texts of traces, one trace after the other, in the order of payloads.

    Args:
        client: asks the database.
        homes: of the traces.
        read_text: reads a payload.
        after: of traces the commit up to which spans are left out.
        on_work: called before something is asked for; may raise.
    """
    on_work()
    groups = _groups(client, homes, after or {})
    for batch in _batches(groups):
        on_work()
        frames = read_frames(client, [(home, frame_id) for home, frame_id, _ in batch])
        for home, frame_id, rows in batch:
            # Not kept: the next batch needs the room.
            frame = frames.pop((home.trace_id, frame_id), None)
            for _, _, offset, length, _, name, error_type, error_message in rows:
                text = text_of(frame, (offset, length), read_text)
                yield home, StoredText(name, error_type, error_message, text)


def read_frames(client: Client, wanted: Sequence[tuple[Home, int]]) -> dict[tuple[bytes, int], Frame]:
    """Frames of traces by trace id and number; those that cannot be read are left out.

    One that is damaged must not end every search.
    """
    if not wanted:
        return {}
    homes = {home.trace_id: home for home, _ in wanted}
    ids = ", ".join(str(frame_id) for _, frame_id in wanted)
    rows = client.query(
        f"SELECT trace_id, frame_id, uses.place, uses.is_base64, uses.sha256, frame FROM frame "
        f"WHERE {lie_at(homes.values())} AND frame_id IN ({ids})",
        raw=True,
    )
    found: dict[tuple[bytes, int], Frame] = {}
    for trace_id, frame_id, places, forms, digests, data in rows:
        try:
            uses = list(zip(places, forms, digests, strict=True))
            found[trace_id, frame_id] = Frame(client, homes[trace_id], uses, data)
        except DamagedError as error:
            _log.warning("Frame %d of trace %s cannot be searched: %s", frame_id, trace_id.hex(), error)
    return found


def text_of(frame: Frame | None, place: tuple[int, int], read_text: ReadText) -> SpanText:
    """The text of a span, by its place in a frame; nothing if it cannot be read."""
    if frame is None:
        return SpanText()
    try:
        return read_text(frame.payload(*place))
    except DamagedError as error:
        _log.warning("A span of trace %s cannot be searched: %s", frame.home.trace_id.hex(), error)
        return SpanText()


def lie_at(homes: Iterable[Home]) -> str:
    """A condition of which hold rows that lie where some traces' spans do, of whichever life."""
    wanted = list(homes)
    days = ", ".join(map(str, sorted({home.anchor_day for home in wanted})))
    keys = ", ".join(home.anchor_key for home in wanted)
    return f"day IN ({days}) AND (experiment_id, anchor_ns, trace_id) IN ({keys})"


_Group = tuple["Home", int, "list[Row]"]


def _groups(client: Client, homes: Sequence[Home], after: Mapping[bytes, int]) -> list[_Group]:
    """The spans of traces by their frames, in the order of the traces."""
    if not homes:
        return []
    rows = client.query(f"SELECT {_SPAN} FROM span WHERE {lie_at(homes)} AND {NOT_VOID}")
    by_trace: dict[bytes, list[Row]] = {home.trace_id: [] for home in homes}
    lives = {home.trace_id: home for home in homes}
    for row in rows:
        home, number = lives[row[0]], row[4]
        if home.born <= number <= home.version and number > after.get(row[0], -1):
            by_trace[row[0]].append(row)
    return [
        (home, frame_id, list(group))
        for home in lives.values()
        for frame_id, group in groupby(
            sorted(by_trace[home.trace_id], key=itemgetter(1, 2)), key=itemgetter(1)
        )
    ]


def _batches(groups: Iterable[_Group]) -> Iterator[list[_Group]]:
    batch: list[_Group] = []
    size = 0
    for group in groups:
        of_group = sum(row[3] for row in group[2])
        if batch and (size + of_group > _BYTES or len(batch) >= _FRAMES):
            yield batch
            batch, size = [], 0
        batch.append(group)
        size += of_group
    if batch:
        yield batch
