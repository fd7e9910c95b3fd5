"""What an export wrote, taken in again: spans through the pipeline, then tags, metadata and judgements.

Bytes come in any pieces; no more is held than one item and the few requests that are being committed.
What is there already stays as it is, so that the same file may come any number of times.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from outcrop_server.ingest.import_sending import Piece, PlacedError, Sending
from outcrop_server.ingest.judgements import read_assessment, texts
from outcrop_server.ingest.splitting import Splitter
from outcrop_server.ingest.unpacking import Unpacker
from outcrop_server.model.annotations import TraceEdit
from outcrop_server.model.errors import BadRequestError
from outcrop_server.otlp.json_form import to_protobuf
from outcrop_server.otlp.plain_form import from_plain
from outcrop_server.storage.scoped import ScopedStore

if TYPE_CHECKING:
    from collections.abc import Iterable
    from concurrent.futures import Future

    from outcrop_server.ingest.pipeline import Pipeline
    from outcrop_server.ingest.splitting import Item
    from outcrop_server.model.annotations import Assessment
    from outcrop_server.storage.api import KeptTraces, TraceStore

# So much goes through the pipeline at once.
_BATCH_BYTES = 2 << 20
_JUDGED_AT_ONCE = 100
_LOST = "a part of it was lost on the way."
_TRACE_ID_BYTES = 16


@dataclass
class ImportReport:
    """What became of a file.

    Attributes:
        new_spans: how many were not there before.
        known_spans: how many were there already.
        edited_traces: how many got tags or metadata that their spans do not carry.
        new_assessments: how many were not there before.
        rejected_spans: how many are wrong.
        faults: the first of what is wrong with them, each with its line, or its part of an OTLP file.
    """

    new_spans: int = 0
    known_spans: int = 0
    edited_traces: int = 0
    new_assessments: int = 0
    rejected_spans: int = 0
    faults: list[str] = field(default_factory=list[str])


@dataclass
class _OpenTrace:
    """A trace whose lines have not all come, or that is not judged yet.

    Attributes:
        trace_id: its id.
        was_there: before this file came.
        experiment: where its spans belong that do not say so themselves.
        tags: what the file says.
        metadata: likewise.
        assessments: likewise.
    """

    trace_id: bytes
    was_there: bool
    experiment: str | None
    tags: dict[str, str]
    metadata: dict[str, str]
    assessments: list[Assessment]


class Importer:
    """Takes in one file, in one thread at a time.

    Args:
        pipeline: takes spans in.
        store: where they go.
        experiment: where spans belong that neither they nor their line places.
        allowed: the only experiments that the sender may send to; None for all.
        max_item_bytes: most that one span or line may have.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        store: TraceStore,
        experiment: str | None,
        allowed: frozenset[str] | None,
        max_item_bytes: int,
    ) -> None:
        self._store: KeptTraces = store if allowed is None else ScopedStore(store, allowed)
        self._experiment = experiment
        self._sending = Sending(pipeline, allowed)
        self._unpacker = Unpacker()
        self._splitter = Splitter(max_item_bytes)
        # What goes through the pipeline next, and where its spans belong that do not say so.
        self._batch: list[Piece] = []
        self._batch_bytes = 0
        self._batch_experiment: str | None = None
        self._is_batch_of_traces = False
        self._open: _OpenTrace | None = None
        # Traces that are whole, by their ids: a commit for all of them takes no longer than for one.
        self._waiting: dict[bytes, _OpenTrace] = {}
        self._report = ImportReport()

    def feed(self, data: bytes) -> None:
        """Takes the next bytes of the file; waits for commits.

        Raises:
            BadRequestError: they are nothing that an export wrote. What came before is kept.
            TooLargeError: a span or line is too large.
            UnavailableError: the store takes nothing now; the whole file may be sent again.
        """
        for plain in self._unpacker.feed(data):
            self._take(self._splitter.feed(plain))

    def finish(self) -> ImportReport:
        """All has come: waits until it is durable.

        Raises:
            BadRequestError: the file ends too early.
        """
        for plain in self._unpacker.finish():
            self._take(self._splitter.feed(plain))
        for item in self._splitter.finish():
            try:
                _parsed(item.data)
            except BadRequestError as error:
                raise BadRequestError(f"The file ends within line {item.number:,}: {_LOST}") from error
            self._take([item])
        if self._open is not None:
            raise BadRequestError(f"The file ends within trace {self._open.trace_id.hex()}: {_LOST}")
        self._judge_waiting()
        return self._told()

    def stopped(self) -> ImportReport:
        """After an error: takes in what came before it, and says what has become of the file."""
        # One error ends it; what else is wrong before it changes nothing.
        with suppress(BadRequestError):
            self._send_batch()
        self._judge_waiting()
        return self._told()

    def _told(self) -> ImportReport:
        self._sending.settle()
        account, report = self._sending.account, self._report
        report.new_spans, report.known_spans = account.new, account.known
        report.rejected_spans, report.faults = account.rejected, account.faults
        return report

    def _take(self, items: Iterable[Item]) -> None:
        for item in items:
            if item.kind == "otlp":
                self._add(Piece(item.place, item.data), self._experiment)
                continue
            try:
                self._take_line(item.place, _parsed(item.data))
            except PlacedError:
                raise
            except BadRequestError as error:
                raise PlacedError(f"{item.place}: {error}") from error

    def _take_line(self, place: str, line: dict[str, Any]) -> None:
        if "resourceSpans" in line or "resource_spans" in line:
            self._add(Piece(place, to_protobuf(json.dumps(line).encode())), self._experiment)
        elif isinstance(line.get("spans"), list) and "trace_id" in line:
            self._take_trace(place, line)
        else:
            raise BadRequestError("It is neither a trace of an export nor an OTLP request.")

    def _take_trace(self, place: str, line: dict[str, Any]) -> None:
        if not self._is_batch_of_traces:
            # Spans that came in other lines may be of this trace, which is then there already.
            self._send_batch()
            self._sending.settle()
            self._is_batch_of_traces = True
        trace_id = _trace_id(line["trace_id"])
        opened = self._opened(trace_id, line)
        request = b"".join(from_plain(each) for each in cast("list[Any]", line["spans"]))
        self._add(Piece(place, request), opened.experiment, is_trace=True)
        if line.get("is_last", True):
            self._open = None
            self._waiting[trace_id] = opened
            if len(self._waiting) >= _JUDGED_AT_ONCE:
                self._judge_waiting()

    def _opened(self, trace_id: bytes, line: dict[str, Any]) -> _OpenTrace:
        """The trace that a line begins or goes on with."""
        opened = self._open
        if line.get("part", 1) == 1:
            if opened is not None:
                raise BadRequestError(f"Trace {opened.trace_id.hex()} is not at its end: {_LOST}")
            if trace_id in self._waiting:
                self._judge_waiting()
            experiment = line.get("experiment_name") or self._experiment
            info: dict[str, Any] = line.get("info") or {}
            opened = self._open = _OpenTrace(
                trace_id,
                self._store.trace(trace_id) is not None,
                str(experiment) if experiment else None,
                texts(info.get("tags") or {}),
                texts(line.get("metadata") or {}),
                _assessments(trace_id, line),
            )
        elif opened is None or opened.trace_id != trace_id:
            raise BadRequestError(
                f"Trace {trace_id.hex()} goes on in a line, and no line before it began it."
            )
        return opened

    def _judge_waiting(self) -> None:
        self._send_batch()
        self._sending.settle()
        waiting, self._waiting = self._waiting, {}
        # All are handed over before any is waited for: a commit for many takes no longer than for one.
        edits: list[Future[bool]] = []
        judgements: list[Future[bool]] = []
        for opened in waiting.values():
            self._judge(opened, edits, judgements)
        self._report.edited_traces += sum(each.result() for each in edits)
        self._report.new_assessments += sum(each.result() for each in judgements)

    def _judge(self, opened: _OpenTrace, edits: list[Future[bool]], judgements: list[Future[bool]]) -> None:
        kept = self._store.trace(opened.trace_id)
        if kept is None:
            # All of its spans were wrong, or belong to others.
            return
        edit = TraceEdit(
            _edited(kept.row.tags, opened.tags, was_there=opened.was_there),
            _edited(kept.row.metadata, opened.metadata, was_there=opened.was_there),
        )
        if edit.tags or edit.metadata:
            edits.append(self._store.edit_trace(opened.trace_id, edit))
        if not opened.assessments:
            return
        known = {each.assessment_id for each in self._store.assessments(opened.trace_id)}
        judgements.extend(
            self._store.add_assessment(each) for each in opened.assessments if each.assessment_id not in known
        )

    def _add(self, piece: Piece, experiment: str | None, *, is_trace: bool = False) -> None:
        if experiment != self._batch_experiment:
            self._send_batch()
        self._batch.append(piece)
        self._batch_bytes += len(piece.request)
        self._batch_experiment, self._is_batch_of_traces = experiment, is_trace
        if self._batch_bytes >= _BATCH_BYTES:
            self._send_batch()

    def _send_batch(self) -> None:
        pieces, self._batch, self._batch_bytes = self._batch, [], 0
        self._sending.send(pieces, self._batch_experiment)


def _edited(now: dict[str, str], wanted: dict[str, str], *, was_there: bool) -> dict[str, str | None]:
    """What has to be set and deleted. In a trace that was there before, what is there is not touched."""
    added: dict[str, str | None] = {
        name: value
        for name, value in wanted.items()
        if name not in now or (now[name] != value and not was_there)
    }
    return added if was_there else {**added, **{name: None for name in now if name not in wanted}}


def _assessments(trace_id: bytes, line: dict[str, Any]) -> list[Assessment]:
    given: object = line.get("assessments") or []
    if not isinstance(given, list):
        raise BadRequestError("`assessments` must be a list.")
    return [read_assessment(trace_id, each) for each in cast("list[Any]", given)]


def _trace_id(given: Any) -> bytes:
    try:
        trace_id = bytes.fromhex(given)
    except (TypeError, ValueError) as error:
        raise BadRequestError("Its `trace_id` must be 32 hex digits.") from error
    if len(trace_id) != _TRACE_ID_BYTES:
        raise BadRequestError("Its `trace_id` must be 32 hex digits.")
    return trace_id


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        found: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadRequestError(f"It is no JSON: {str(error)[:200]}.") from error
    if not isinstance(found, dict):
        raise BadRequestError("It is no JSON object.")
    return cast("dict[str, Any]", found)
