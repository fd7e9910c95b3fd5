"""What an export wrote, taken in again: spans through the pipeline, then tags, metadata and judgements.

Bytes come in any pieces; no more is held than one item and the few requests that are being committed.
What is there already stays as it is, so that the same file may come any number of times.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from outcrop_server.ingest.judgements import read_assessment, texts
from outcrop_server.ingest.splitting import Splitter
from outcrop_server.ingest.unpacking import Unpacker
from outcrop_server.model.annotations import TraceEdit
from outcrop_server.model.errors import BadRequestError, StoreFullError
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

# So much goes through the pipeline at once, and so many of these may wait for their commit.
_BATCH_BYTES = 2 << 20
_IN_WORK = 4
_FAULTS_SAID = 20
_TRACE_ID_BYTES = 16


@dataclass
class ImportReport:
    """What became of a file.

    Attributes:
        new_spans: how many were not there before.
        edited_traces: how many got tags or metadata that their spans do not carry.
        new_assessments: how many were not there before.
        rejected_spans: how many are wrong.
        faults: the first of what is wrong with them.
    """

    new_spans: int = 0
    edited_traces: int = 0
    new_assessments: int = 0
    rejected_spans: int = 0
    faults: list[str] = field(default_factory=list[str])


@dataclass
class _OpenTrace:
    """A trace whose lines have not all come.

    Attributes:
        was_there: before this file came.
    """

    trace_id: bytes
    was_there: bool
    head: dict[str, Any]


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
        self._pipeline = pipeline
        self._store: KeptTraces = store if allowed is None else ScopedStore(store, allowed)
        self._experiment = experiment
        self._allowed = allowed
        self._unpacker = Unpacker()
        self._splitter = Splitter(max_item_bytes)
        self._batch = bytearray()
        self._in_work: deque[Future[int]] = deque()
        self._open: _OpenTrace | None = None
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
        self._take(self._splitter.finish())
        self._send_batch()
        self._settle()
        return self._report

    def _take(self, items: Iterable[Item]) -> None:
        for item in items:
            if item.kind == "otlp":
                self._add(item.data)
            else:
                self._take_line(_parsed(item.data))

    def _take_line(self, line: dict[str, Any]) -> None:
        if "resourceSpans" in line or "resource_spans" in line:
            self._add(to_protobuf(json.dumps(line).encode()))
        elif isinstance(line.get("spans"), list) and "trace_id" in line:
            self._take_trace(line)
        else:
            raise BadRequestError("A line is neither a trace of an export nor an OTLP request.")

    def _take_trace(self, line: dict[str, Any]) -> None:
        self._send_batch()
        trace_id = _trace_id(line["trace_id"])
        if line.get("part", 1) == 1:
            self._settle()
            self._open = _OpenTrace(trace_id, self._store.trace(trace_id) is not None, line)
        opened = self._open
        if opened is None or opened.trace_id != trace_id:
            raise BadRequestError(
                f"Trace {trace_id.hex()} goes on in a line, and no line before it began it."
            )
        spans = cast("list[Any]", line.pop("spans"))
        experiment = opened.head.get("experiment_name") or self._experiment
        self._send(b"".join(from_plain(each) for each in spans), str(experiment) if experiment else None)
        if line.get("is_last", True):
            self._settle()
            self._judge(opened)
            self._open = None

    def _judge(self, opened: _OpenTrace) -> None:
        kept = self._store.trace(opened.trace_id)
        if kept is None:
            # All of its spans were wrong, or belong to others.
            return
        info: dict[str, Any] = opened.head.get("info") or {}
        edit = TraceEdit(
            _edited(kept.row.tags, texts(info.get("tags") or {}), was_there=opened.was_there),
            _edited(kept.row.metadata, texts(opened.head.get("metadata") or {}), was_there=opened.was_there),
        )
        if edit.tags or edit.metadata:
            self._report.edited_traces += self._store.edit_trace(opened.trace_id, edit).result()
        known = {each.assessment_id for each in self._store.assessments(opened.trace_id)}
        for assessment in _assessments(opened):
            if assessment.assessment_id not in known:
                self._report.new_assessments += self._store.add_assessment(assessment).result()

    def _add(self, request: bytes) -> None:
        self._batch += request
        if len(self._batch) >= _BATCH_BYTES:
            self._send_batch()

    def _send_batch(self) -> None:
        if self._batch:
            self._send(bytes(self._batch), self._experiment)
            self._batch.clear()

    def _send(self, request: bytes, experiment: str | None) -> None:
        while len(self._in_work) >= _IN_WORK:
            self._wait_for_one()
        while True:
            try:
                accepted = self._pipeline.accept(request, experiment, self._allowed)
                break
            except StoreFullError:
                # What waits there may be our own.
                if not self._in_work:
                    raise
                self._wait_for_one()
        self._in_work.append(accepted.stored)
        self._report.rejected_spans += len(accepted.faults)
        self._report.faults = [*self._report.faults, *accepted.faults][:_FAULTS_SAID]

    def _settle(self) -> None:
        while self._in_work:
            self._wait_for_one()

    def _wait_for_one(self) -> None:
        self._report.new_spans += self._in_work.popleft().result()


def _edited(now: dict[str, str], wanted: dict[str, str], *, was_there: bool) -> dict[str, str | None]:
    """What has to be set and deleted. In a trace that was there before, what is there is not touched."""
    added: dict[str, str | None] = {
        name: value
        for name, value in wanted.items()
        if name not in now or (now[name] != value and not was_there)
    }
    return added if was_there else {**added, **{name: None for name in now if name not in wanted}}


def _assessments(opened: _OpenTrace) -> list[Assessment]:
    given: object = opened.head.get("assessments") or []
    if not isinstance(given, list):
        raise BadRequestError("`assessments` must be a list.")
    return [read_assessment(opened.trace_id, each) for each in cast("list[Any]", given)]


def _trace_id(given: Any) -> bytes:
    try:
        trace_id = bytes.fromhex(given)
    except (TypeError, ValueError) as error:
        raise BadRequestError("A line's `trace_id` must be 32 hex digits.") from error
    if len(trace_id) != _TRACE_ID_BYTES:
        raise BadRequestError("A line's `trace_id` must be 32 hex digits.")
    return trace_id


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        found: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadRequestError(f"A line of the file is no JSON: {str(error)[:200]}.") from error
    if not isinstance(found, dict):
        raise BadRequestError("A line of the file is no JSON object.")
    return cast("dict[str, Any]", found)
