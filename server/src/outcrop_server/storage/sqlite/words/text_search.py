"""Searches of texts in one store: the index behind it, who fills it, and what a search asks of both."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from outcrop.filter.texts import has_pattern, looks_for_text
from outcrop_server.storage.common.filler_apart import FillerApart
from outcrop_server.storage.common.recent_texts import RecentTexts
from outcrop_server.storage.sqlite import changes
from outcrop_server.storage.sqlite.words import filling_process
from outcrop_server.storage.sqlite.words.asking import Asking, Sources
from outcrop_server.storage.sqlite.words.filler import Filler
from outcrop_server.storage.sqlite.words.index_file import (
    IndexFaultError,
    IndexReaders,
    IndexRows,
    index_path,
)
from outcrop_server.storage.sqlite.words.index_schema import read_state
from outcrop_server.storage.sqlite.words.index_view import IndexView
from outcrop_server.storage.sqlite.words.waiting import NOTHING_WAITS, count_passed_over, read_waiting

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Generator
    from pathlib import Path

    from outcrop.filter.ast import Condition
    from outcrop_server.model.span_text import ReadText
    from outcrop_server.storage.sqlite.connections import ReaderPool
    from outcrop_server.storage.sqlite.words.index_schema import State
    from outcrop_server.storage.sqlite.words.waiting import Waiting

_log = logging.getLogger(__name__)


class TextSearch:
    """What is asked of texts.

    Args:
        path: the store.
        readers: connections to it.
        read_text: reads a payload.
        is_busy: whether the filler is to leave the processor to others.
        seconds: after which a search that reads payloads ends with an error.
        fills_apart: whether another process is to fill the index.
    """

    def __init__(
        self,
        path: Path,
        readers: ReaderPool,
        read_text: ReadText,
        is_busy: Callable[[], bool],
        seconds: float,
        *,
        fills_apart: bool = False,
    ) -> None:
        self._readers = readers
        self._seconds = seconds
        self._index = IndexReaders(index_path(path))
        self._sources = Sources(readers, read_text, RecentTexts())
        inside = Filler(path, readers, read_text, is_busy)
        self.filler = FillerApart(filling_process.__name__, str(path), inside) if fills_apart else inside

    @contextmanager
    def asked(
        self, where: Condition, seconds: float | None = None
    ) -> Generator[tuple[sqlite3.Connection, Asking | None], None, None]:
        """A connection on which statements about a condition run, and what they ask of texts, if they do.

        Args:
            where: the condition.
            seconds: after which it ends; None for what is usual.

        Raises:
            SearchTooLongError: it took too long.
        """
        with self._readers.reading() as connection:
            is_of_text = looks_for_text(where)
            if not is_of_text and not has_pattern(where):
                yield connection, None
                return
            # The index first: what is committed behind its moment is among what waits.
            with self._index.reading() as index:
                state, waiting = self._waiting(index, connection) if is_of_text else (None, NOTHING_WAITS)
                view = None if index is None or state is None else IndexView(index, self._damaged)
                until = self._seconds if seconds is None else seconds
                asking = Asking(view, waiting, self._sources, until)
                with asking.within(connection):
                    yield connection, asking

    def passed_over(self, experiments: tuple[str, ...]) -> int:
        """How many traces searches of texts do not look at now; see `storage.api`."""
        with self._readers.reading() as connection, self._index.reading() as index:
            _, waiting = self._waiting(index, connection)
            return count_passed_over(connection, waiting, experiments)

    def close(self) -> None:
        """Ends the filler, then lets go of the index."""
        self.filler.stop()
        self._index.close()

    def _waiting(self, index: IndexRows | None, store: sqlite3.Connection) -> tuple[State | None, Waiting]:
        if index is not None:
            try:
                state = read_state(index, changes.last(store).history)
                return state, read_waiting(store, index, state)
            except IndexFaultError as error:
                self._damaged(error)
        return None, read_waiting(store, None, None)

    def _damaged(self, error: Exception) -> None:
        _log.warning("The index of words cannot be read: %s", error)
        self.filler.report_damage()
