"""The spans of a file on their way through the pipeline: several requests at once, and an account of them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from outcrop_server.model.errors import BadRequestError, StoreFullError
from outcrop_server.otlp.parse import parse_export
from outcrop_server.otlp.wire import WireError, groups

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from outcrop_server.ingest.pipeline import Pipeline

# So many requests may wait for their commit.
_IN_WORK = 4
_FAULTS_SAID = 20


class PlacedError(BadRequestError):
    """Something is wrong with a file; the message begins with the place."""


class Piece(NamedTuple):
    """Spans of one place of a file.

    Attributes:
        place: such as `Line 17`.
        request: an `ExportTraceServiceRequest`.
    """

    place: str
    request: bytes


@dataclass
class SpanAccount:
    """What became of spans.

    Attributes:
        new: how many were not there before.
        known: how many were there already, so that nothing was done.
        rejected: how many are wrong, or not for this sender.
        faults: the first of what is wrong with them, each with its place.
    """

    new: int = 0
    known: int = 0
    rejected: int = 0
    faults: list[str] = field(default_factory=list[str])


class Sending:
    """Hands requests to the pipeline, in one thread at a time.

    Args:
        pipeline: takes spans in.
        allowed: the only experiments that the sender may send to; None for all.
    """

    def __init__(self, pipeline: Pipeline, allowed: frozenset[str] | None) -> None:
        self._pipeline = pipeline
        self._allowed = allowed
        self._in_work: deque[tuple[int, Future[int]]] = deque()
        self.account = SpanAccount()

    def send(self, pieces: Sequence[Piece], experiment: str | None) -> None:
        """Takes in the spans of some places in one request; waits where too many are in work.

        Args:
            pieces: where spans come from, in the file's order.
            experiment: where they belong if they do not say so.

        Raises:
            PlacedError: a piece is no request.
            UnavailableError: the store takes nothing now.
        """
        request = b"".join(piece.request for piece in pieces)
        if not request:
            return
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
            except BadRequestError:
                self._reject(_faults(pieces))
                return
        if accepted.faults:
            self._reject(_placed(pieces, accepted.faults))
        self._in_work.append((_count(request) - len(accepted.faults), accepted.stored))

    def settle(self) -> None:
        """Waits until everything is durable."""
        while self._in_work:
            self._wait_for_one()

    def _reject(self, faults: list[str]) -> None:
        account = self.account
        account.rejected += len(faults)
        account.faults = [*account.faults, *faults][:_FAULTS_SAID]

    def _wait_for_one(self) -> None:
        count, stored = self._in_work.popleft()
        new = stored.result()
        self.account.new += new
        self.account.known += count - new


def _faults(pieces: Sequence[Piece]) -> list[str]:
    """What is wrong with the spans of each piece, read by itself.

    Raises:
        PlacedError: a piece is no request.
    """
    found: list[str] = []
    for piece in pieces:
        try:
            faults = parse_export(piece.request).faults
        except BadRequestError as error:
            raise PlacedError(f"{piece.place}: {error}") from error
        found += [f"{piece.place}: {fault}" for fault in faults]
    return found


def _placed(pieces: Sequence[Piece], faults: list[str]) -> list[str]:
    """The faults with their places; what only the pipeline knows of is somewhere among the pieces."""
    found = _faults(pieces)
    where = pieces[0].place if len(pieces) == 1 else f"{pieces[0].place} or behind"
    # What is wrong in itself comes first from the pipeline, too.
    return [*found, *(f"{where}: {fault}" for fault in faults[len(found) :])]


def _count(request: bytes) -> int:
    try:
        return sum(len(group.spans) for group in groups(request))
    except WireError:
        # A form that nobody uses, and that was read all the same.
        message = ExportTraceServiceRequest.FromString(request)
        return sum(len(scope.spans) for each in message.resource_spans for scope in each.scope_spans)
