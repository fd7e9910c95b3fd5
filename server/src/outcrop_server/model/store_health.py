"""How a store is: what `/readyz` decides by and `/metrics` shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """A store at one moment.

    Attributes:
        is_open: whether it takes anything; a closed one does not.
        writer_fault: why the writer cannot work, in words; None if it can, as far as is known.
        disk_fault: why its files cannot be written to, in words; None if they can.
        free_bytes: what is free on its disk for this user; None if that is not known.
        waiting_items: pieces of writing that wait to be committed.
        waiting_bytes: what they hold in memory.
        max_waiting_bytes: the most that may wait.
        file_bytes: sizes on disk by what they are: `database`, `log`, `words`.
    """

    is_open: bool
    writer_fault: str | None
    disk_fault: str | None
    free_bytes: int | None
    waiting_items: int
    waiting_bytes: int
    max_waiting_bytes: int
    file_bytes: dict[str, int] = field(default_factory=dict[str, int])


# Told of each commit: how long it took in seconds, how many bytes it held, and whether it succeeded.
CommitWatch = Callable[[float, int, bool], None]


def watch_nothing(_duration_s: float, _size_bytes: int, _is_done: bool) -> None:
    """A watch for stores that nobody watches."""
