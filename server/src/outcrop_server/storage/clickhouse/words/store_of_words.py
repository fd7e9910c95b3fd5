"""The part of the store that has the index of words filled, and says what waits for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from outcrop_server.storage.clickhouse.memory import EXPERIMENT, Experiment
from outcrop_server.storage.clickhouse.records import read_records
from outcrop_server.storage.clickhouse.words import filling_process, gathering
from outcrop_server.storage.clickhouse.words.asking import Asking
from outcrop_server.storage.clickhouse.words.filler import Filler
from outcrop_server.storage.clickhouse.words.waiting import count_passed_over, read_state, read_waiting
from outcrop_server.storage.clickhouse.words.word_index import WordIndex
from outcrop_server.storage.common.filler_apart import FillerApart
from outcrop_server.storage.common.recent_texts import RecentTexts

if TYPE_CHECKING:
    from collections.abc import Callable

    from outcrop_server.model.span_text import ReadText
    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.committer import Committer


class StoreOfWords:
    """Methods of `storage.api`, by a store's parts."""

    _client: Client
    _committer: Committer

    def _open_words(self, uri: str, cluster: str | None, read_text: ReadText, *, fills_apart: bool) -> None:
        """To be called as a store opens, when its client and committer are there."""
        self._recent = RecentTexts()
        settle_s = gathering.SETTLE_S
        inside = Filler(self._client, read_text, self._is_busy, cluster, settle_s)
        self._filler: Filler | FillerApart = inside
        # Of a database within this process no other one can open the folder.
        if fills_apart and not uri.startswith("chdb:"):
            told = json.dumps([uri, cluster, settle_s])
            self._filler = FillerApart(filling_process.__name__, told, inside)

    def _is_busy(self) -> bool:
        return self._committer.waiting()[0] > 0

    def _close_words(self) -> None:
        """Ends what fills; to be called first as a store closes."""
        self._filler.stop()

    def _asking(self, *, has_index: bool = True) -> Asking:
        """What one search knows of which traces have which words.

        Args:
            has_index: whether the index can be read; if not, all is looked for in payloads, the newest first.
        """
        state = read_state(self._client) if has_index else None
        waiting = read_waiting(self._client, state, has_index=has_index)
        return Asking(WordIndex(self._client) if has_index else None, waiting)

    def words_waiting(self, experiments: tuple[str, ...] = ()) -> int:
        """How many traces searches of texts pass over."""
        state = read_state(self._client)
        waiting = read_waiting(self._client, state)
        if waiting.is_whole:
            return 0
        numbers = None
        if experiments:
            known = map(Experiment.read, read_records(self._client, EXPERIMENT).values())
            numbers = [each.experiment_id for each in known if each.name in experiments]
        return count_passed_over(self._client, state, waiting, numbers)

    def start_filling(self, give_way: Callable[[], None] | None = None) -> None:
        """Fills the index of words from now on, in a thread or a process of its own."""
        self._filler.start(give_way)

    def fill_words(self) -> None:
        """Fills it until nothing waits; UnavailableError where another server does."""
        self._filler.fill()
