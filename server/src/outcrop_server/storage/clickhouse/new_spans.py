"""The rows of spans that a commit brings: spans, frames, large binaries, parents that have not come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.storage.clickhouse import rows
from outcrop_server.storage.clickhouse.client import hex_list
from outcrop_server.storage.clickhouse.days import day_of
from outcrop_server.storage.clickhouse.schema import PLACES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outcrop_server.model.rows import TraceRow
    from outcrop_server.storage.clickhouse.lives import Life
    from outcrop_server.storage.clickhouse.writer import Writer
    from outcrop_server.storage.common.blobs import NewBlob
    from outcrop_server.storage.common.prepared import PreparedTrace


class NewSpans:
    """Gathers them; for one commit.

    Args:
        writer: decides the commit.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._frames = 0
        self._anchors: dict[bytes, tuple[int, int, int]] = {}
        self._blobs: dict[tuple[int, bytes], NewBlob] = {}
        # Parents that traces wait for, or waited for before a span came: whether they still do.
        self._awaited: dict[tuple[bytes, bytes], bool] = {}
        self._come: dict[bytes, list[bytes]] = {}
        # Traces that are deleted.
        self._going: list[bytes] = []

    def anchor(self, life: Life, row: TraceRow) -> tuple[int, int, int]:
        """Where the spans of a trace lie that begins now: where it is known to begin at first."""
        known = self._anchors.get(life.trace_id)
        if known is None:
            start_ns = row.start_time_ns
            known = (day_of(start_ns), self._writer.experiment_number(row.experiment), start_ns)
            self._anchors[life.trace_id] = known
        return known

    def add(
        self, life: Life, trace: PreparedTrace, fresh: Sequence[Sequence[int]], *, is_first: bool
    ) -> None:
        """Adds the spans of frames that are new.

        Args:
            life: their trace, with its row as they make it.
            trace: the batch.
            fresh: of each frame the numbers of its spans that are new.
            is_first: whether nothing of the trace was there.
        """
        writer, number = self._writer, self._writer.number
        where = (*(anchor := writer.anchor(life)), trace.trace_id)
        for part, numbers in zip(trace.frames, fresh, strict=True):
            if not numbers:
                continue
            self._frames += 1
            frame_id = number * PLACES + self._frames
            wanted = set(numbers)
            uses = [use for use in part.frame.uses if use.span in wanted]
            writer.effects.add(
                "frame",
                (
                    *where,
                    frame_id,
                    number,
                    [
                        (
                            use.span,
                            use.taken.place,
                            use.taken.is_base64,
                            use.taken.blob.size,
                            use.taken.blob.sha256,
                        )
                        for use in uses
                    ],
                    part.frame.data,
                ),
            )
            life.kept_bytes += len(part.frame.data)
            for use in uses:
                self._blobs[anchor[1], use.taken.blob.sha256] = use.taken.blob
                writer.effects.add(
                    "blob_use",
                    (
                        anchor[1],
                        use.taken.blob.sha256,
                        trace.trace_id,
                        writer.place(),
                        0,
                        len(use.taken.blob.content),
                    ),
                )
            for at in numbers:
                *values, offset, length = part.spans[at]
                before, behind = values[: rows.BEFORE_NUMBER], values[rows.BEFORE_NUMBER :]
                writer.effects.add("span", (*where, *before, number, *behind, frame_id, offset, length))
                if not is_first:
                    self._come.setdefault(trace.trace_id, []).append(part.frame.spans[at].row.span_id)

    def await_parents(self, life: Life, parents: set[bytes], there: set[tuple[bytes, bytes]]) -> None:
        """Notes which parents have not come; those that have come since are no longer waited for."""
        for parent_id in parents:
            if (life.trace_id, parent_id) not in there:
                self._awaited[life.trace_id, parent_id] = True
        for span_id in self._come.get(life.trace_id, ()):
            if (life.trace_id, span_id) in self._awaited:
                self._awaited[life.trace_id, span_id] = False

    def forget(self, life: Life) -> None:
        """Takes away what lies beside the spans of a trace that is deleted."""
        self._going.append(life.trace_id)

    def finish(self) -> None:
        """Asks what is there of binaries and of parents, and adds what lacks."""
        self._let_go()
        self._keep_blobs()
        self._settle_parents()

    def _let_go(self) -> None:
        if not self._going:
            return
        writer = self._writer
        going = f"WHERE trace_id IN {hex_list(self._going, 16)} AND NOT gone"
        for trace_id, parent_id in writer.client.query(
            f"SELECT trace_id, parent_id FROM missing_parent FINAL {going}"  # noqa: S608 - hex
        ):
            writer.effects.add("missing_parent", (trace_id, parent_id, writer.number, 1))
        for experiment_id, sha256, trace_id, size in writer.client.query(
            f"SELECT experiment_id, sha256, trace_id, kept_bytes FROM blob_use FINAL {going}"  # noqa: S608 - hex
        ):
            writer.effects.add("blob_use", (experiment_id, sha256, trace_id, writer.place(), 1, size))

    def _keep_blobs(self) -> None:
        if not self._blobs:
            return
        writer = self._writer
        keys = ", ".join(f"({number}, unhex('{sha256.hex()}'))" for number, sha256 in self._blobs)
        # What nobody uses is about to be taken away: then it comes again.
        known = set(
            writer.client.query(
                "SELECT DISTINCT experiment_id, sha256 FROM blob_use FINAL "  # noqa: S608 - numbers and hex
                f"WHERE (experiment_id, sha256) IN ({keys}) AND NOT gone"
            )
        )
        for (experiment_id, sha256), blob in self._blobs.items():
            if (experiment_id, sha256) not in known:
                row = (experiment_id, sha256, writer.number, blob.size, blob.is_compressed, blob.content)
                writer.effects.add("blob", row)

    def _settle_parents(self) -> None:
        writer = self._writer
        come = {trace_id: span_ids for trace_id, span_ids in self._come.items() if span_ids}
        if come:
            span_ids = hex_list([each for span_ids in come.values() for each in span_ids], 8)
            for trace_id, parent_id in writer.client.query(
                "SELECT trace_id, parent_id FROM missing_parent FINAL "  # noqa: S608 - hex
                f"WHERE trace_id IN {hex_list(come, 16)} AND parent_id IN {span_ids} AND NOT gone"
            ):
                if parent_id in come[trace_id]:
                    self._awaited[trace_id, parent_id] = False
        for (trace_id, parent_id), waits in self._awaited.items():
            writer.effects.add("missing_parent", (trace_id, parent_id, writer.number, not waits))
