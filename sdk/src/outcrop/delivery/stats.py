"""How delivery goes, in numbers: what `outcrop.stats()` gives, and the line that is said at the end."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass(frozen=True)
class DeliveryStats:
    """What became of the spans that ended in this process.

    Attributes:
        sent: the endpoint has them; those that an earlier process had left on disk are among them.
        waiting: in memory, not delivered yet.
        spooled: were put on disk because the endpoint did not answer; once delivered they count as sent too.
        rejected: the endpoint refused them; they are kept in files beside the spool.
        dropped: lost.
        reasons: for the last two: how many for which reason.
    """

    sent: int = 0
    waiting: int = 0
    spooled: int = 0
    rejected: int = 0
    dropped: int = 0
    reasons: dict[str, int] = field(default_factory=dict[str, int])

    def __str__(self) -> str:
        """In one line, such as `sent 512, waiting 0, spooled 3, rejected 0, dropped 0`."""
        counts = ", ".join(
            f"{name} {getattr(self, name):,}"
            for name in ("sent", "waiting", "spooled", "rejected", "dropped")
        )
        why = "; ".join(f"{count:,}: {reason}" for reason, count in self.reasons.items())
        return f"{counts} ({why})" if why else counts


class Counters:
    """The counts behind the statistics; any thread may add."""

    def __init__(self) -> None:
        """All are 0."""
        # Reentrant: see `waiting.Waiting`.
        self._lock = threading.RLock()
        self._counts: dict[str, int] = {"sent": 0, "spooled": 0, "rejected": 0, "dropped": 0}
        self._reasons: dict[str, int] = {}

    def add(self, name: str, spans: int, reason: str | None = None) -> None:
        """Adds to a count; `reason` says why spans were refused or lost."""
        with self._lock:
            self._counts[name] += spans
            if reason is not None:
                self._reasons[reason] = self._reasons.get(reason, 0) + spans

    def stats(self, waiting: int) -> DeliveryStats:
        """The numbers now."""
        with self._lock:
            return DeliveryStats(waiting=waiting, reasons=dict(self._reasons), **self._counts)
