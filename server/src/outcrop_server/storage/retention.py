"""The part of the storage contract by which old traces are removed: what there is to remove, and its room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from outcrop_server.model.rows import OldTrace, TracePosition


class RetainingStore(Protocol):
    """What `upkeep.retention` asks of a store beside counts and deletions.

    All methods here MAY take seconds, and are for threads that nobody waits for.
    """

    def keeping(self) -> AbstractContextManager[bool]:
        """Says whether who enters may remove what is old: one at a time of all processes with the store open.

        MUST NOT wait for who has it. MUST let go of it when the process ends, however that happens, at the
        latest a minute after.
        """
        ...

    def oldest(self, experiment: str, after: TracePosition | None, limit: int) -> list[OldTrace]:
        """A page of an experiment's traces, by start time and then trace id, both ascending.

        As `KeptTraces.traces`, in the other direction.
        """
        ...

    def experiment_bytes(self, experiment: str) -> int:
        """What an experiment takes: MUST be the sum of the `kept_bytes` of its traces.

        What several traces share MUST count once, to the one of them that came last: this is about what
        deleting the oldest frees.
        """
        ...

    def used_bytes(self) -> int:
        """What the whole store takes on its disk, about, without what was deleted and can be given back."""
        ...

    def delete_day(self, before_ns: Mapping[str, int]) -> dict[str, int]:
        """Deletes a whole day of traces at once, where that costs less than one trace after the other.

        A day (UTC) MAY go only where every trace that began on it is of an experiment in `before_ns` and
        began before the moment that is said of it. MUST be as `KeptTraces.delete_traces` for all of them, and
        SHOULD keep others waiting for no more than a moment. An engine that has no use for it does nothing.

        Args:
            before_ns: moments by the names of experiments.

        Returns:
            How many traces of each experiment were deleted; empty when no day may go, or none can now.

        Raises:
            UnavailableError: it could not be done now.
        """
        ...

    def give_back(self, max_bytes: int, *, is_thorough: bool = False) -> int:
        """Gives room of what was deleted back to the system, in about as many bytes.

        MUST NOT keep other writers waiting for longer than that much takes.

        Args:
            max_bytes: about how many.
            is_thorough: whether it is worth it for little, too, and for what deleted traces left beside their
                own rows: for when nothing of them may stay.

        Returns:
            About how many bytes were given back; 0 when there is nothing left that is worth it.

        Raises:
            UnavailableError: it could not be done now.
        """
        ...
