"""Judgements of traces, as rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from outcrop_server.model.annotations import Assessment, AssessmentContent
from outcrop_server.storage.clickhouse.client import fixed, hex_list
from outcrop_server.storage.clickhouse.records import text_list

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outcrop_server.model.annotations import AssessmentKind, SourceType
    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.writer import Writer

_SELECT = (
    "SELECT trace_id, place, assessment_id, version, gone, kind, name, value, source_type, source_id, "
    "rationale, metadata, span_id, author, created_at_ns, updated_at_ns FROM assessment WHERE"
)
_NEWEST = "ORDER BY version DESC LIMIT 1 BY trace_id, place"


class _Row(NamedTuple):
    """The columns of the table."""

    trace_id: bytes
    place: int
    assessment_id: str
    version: int
    gone: int
    kind: AssessmentKind
    name: str
    value: str
    source_type: SourceType
    source_id: str
    rationale: str | None
    metadata: str
    span_id: bytes | None
    author: str | None
    created_at_ns: int
    updated_at_ns: int


def read_assessments(client: Client, trace_id: bytes) -> list[Assessment]:
    """A trace's judgements in the order in which they came."""
    rows = _read(client, f"trace_id = {fixed(trace_id)}")
    return [_assessment(row) for row in sorted(rows, key=lambda row: row.place)]


def read_some_assessments(client: Client, trace_ids: Iterable[bytes]) -> dict[bytes, list[Assessment]]:
    """The judgements of those of some traces that have any."""
    wanted = list(trace_ids)
    found: dict[bytes, list[Assessment]] = {}
    rows = _read(client, f"trace_id IN {hex_list(wanted, 16)}") if wanted else []
    for row in sorted(rows, key=lambda row: row.place):
        found.setdefault(row.trace_id, []).append(_assessment(row))
    return found


class Judgements:
    """Judgements in a commit: as they were before it, with what it has changed so far.

    Args:
        writer: of the commit.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        # By id, the one that lives.
        self._now: dict[str, _Row | None] = {}
        self._changed: dict[tuple[bytes, int], _Row] = {}
        self._coming: list[Assessment] = []

    def expect(self, assessments: Iterable[Assessment]) -> None:
        """Takes judgements that notes bring; they are looked at together, when something asks for one."""
        self._coming += assessments

    def insert(self, assessment: Assessment) -> bool:
        """Keeps a judgement; False if there is no such trace, or its id is known."""
        self.settle()
        return self._insert(assessment)

    def update(
        self, trace_id: bytes, assessment_id: str, content: AssessmentContent, updated_at_ns: int
    ) -> bool:
        """Replaces what a judgement says; False if the trace has none of this id."""
        row = self._of(trace_id, assessment_id)
        if row is None:
            return False
        return self._keep(row._replace(**_content(content), updated_at_ns=updated_at_ns))

    def delete(self, trace_id: bytes, assessment_id: str) -> bool:
        """Deletes a judgement; False if the trace has none of this id."""
        row = self._of(trace_id, assessment_id)
        return row is not None and self._keep(row._replace(gone=1))

    def forget(self, trace_ids: Iterable[bytes]) -> None:
        """Takes the judgements of traces away that are deleted."""
        self.settle()
        wanted = list(trace_ids)
        if not wanted:
            return
        found = {
            (row.trace_id, row.place): row
            for row in _read(self._writer.client, f"trace_id IN {hex_list(wanted, 16)}")
        }
        going = set(wanted)
        found.update((key, row) for key, row in self._changed.items() if row.trace_id in going)
        for row in found.values():
            self._put(row._replace(gone=1))

    def settle(self) -> None:
        """Looks at what notes have brought."""
        coming, self._coming = self._coming, []
        self._load(each.assessment_id for each in coming)
        for each in coming:
            self._insert(each)

    def finish(self) -> None:
        """Turns what has changed into rows."""
        self._writer.effects.add("assessment", *self._changed.values())

    def _insert(self, assessment: Assessment) -> bool:
        if self._writer.life(assessment.trace_id).row is None:
            return False
        self._load([assessment.assessment_id])
        if self._now[assessment.assessment_id] is not None:
            return False
        row = _Row(
            trace_id=assessment.trace_id,
            place=self._writer.place(),
            assessment_id=assessment.assessment_id,
            version=self._writer.number,
            gone=0,
            kind=assessment.kind,
            author=assessment.author,
            created_at_ns=assessment.created_at_ns,
            updated_at_ns=assessment.updated_at_ns,
            **_content(assessment.content),
        )
        return self._keep(row)

    def _of(self, trace_id: bytes, assessment_id: str) -> _Row | None:
        self.settle()
        if self._writer.life(trace_id).row is None:
            return None
        self._load([assessment_id])
        row = self._now[assessment_id]
        return row if row is not None and row.trace_id == trace_id else None

    def _keep(self, row: _Row) -> bool:
        self._put(row)
        self._writer.touch(self._writer.life(row.trace_id))
        return True

    def _put(self, row: _Row) -> None:
        self._changed[row.trace_id, row.place] = row._replace(version=self._writer.number)
        self._now[row.assessment_id] = None if row.gone else row

    def _load(self, assessment_ids: Iterable[str]) -> None:
        unknown = [each for each in dict.fromkeys(assessment_ids) if each not in self._now]
        if not unknown:
            return
        self._now.update(dict.fromkeys(unknown))
        rows = _read(self._writer.client, f"assessment_id IN {text_list(unknown)}")
        self._now.update((row.assessment_id, row) for row in rows)


def _read(client: Client, condition: str) -> list[_Row]:
    found = [_Row(*row) for row in client.query(f"{_SELECT} {condition} {_NEWEST}")]
    return [row for row in found if not row.gone]


def _content(content: AssessmentContent) -> dict[str, Any]:
    return {
        "name": content.name,
        # Compact, so that searches can compare its text.
        "value": json.dumps(content.value, ensure_ascii=False, separators=(",", ":")),
        "source_type": content.source_type,
        "source_id": content.source_id,
        "rationale": content.rationale,
        "metadata": json.dumps(content.metadata, ensure_ascii=False),
        "span_id": content.span_id,
    }


def _assessment(row: _Row) -> Assessment:
    content = AssessmentContent(
        name=row.name,
        value=json.loads(row.value),
        source_type=row.source_type,
        source_id=row.source_id,
        rationale=row.rationale,
        metadata=json.loads(row.metadata),
        span_id=row.span_id,
    )
    return Assessment(
        assessment_id=row.assessment_id,
        trace_id=row.trace_id,
        kind=row.kind,
        content=content,
        created_at_ns=row.created_at_ns,
        updated_at_ns=row.updated_at_ns,
        author=row.author,
    )
