"""The ClickHouse store: the contract of `storage.api`, from its parts."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING

from outcrop_server.model.capabilities import StoreCapabilities
from outcrop_server.model.store_health import CommitWatch, watch_nothing
from outcrop_server.otlp.text import read_text
from outcrop_server.storage.clickhouse.address import read_address
from outcrop_server.storage.clickhouse.choices import StoreOfChoices
from outcrop_server.storage.clickhouse.client import Client
from outcrop_server.storage.clickhouse.committer import Committer
from outcrop_server.storage.clickhouse.opening import make_tables
from outcrop_server.storage.clickhouse.reading_store import ReadingStore
from outcrop_server.storage.clickhouse.rows import span_values
from outcrop_server.storage.clickhouse.searching import SearchingStore
from outcrop_server.storage.common.prepared import prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outcrop_server.model.new_span import NewSpan
    from outcrop_server.model.span_text import ReadText

DEFAULT_MAX_WAITING_BYTES = 256 << 20
DEFAULT_SEARCH_S = 10.0
# A commit takes about as long whether it has a span or some thousands.
DEFAULT_GATHER_S = 0.5
DEFAULT_PATIENCE_S = 5.0
# A commit that deletes takes hardly longer for many traces than for one.
_TRACES_A_STEP = 1000


class ClickhouseStore(ReadingStore, SearchingStore, StoreOfChoices):
    """Keeps traces in a ClickHouse database; see `storage.api.TraceStore` for what its methods promise.

    Args:
        uri: of the database; it and its tables are made if missing, brought to the newest version if older.
        max_waiting_bytes: most prepared bytes that may wait to be committed.
        on_commit: told of each commit, in the committing thread.
        read_text: reads a payload's text.
        search_s: seconds after which a search that has to look into payloads ends with an error.
        fills_apart: whether the index of words is filled by a process of its own, as a server wants it.
        cluster: the name of the nodes among which the database lies; None for one server.
        gather_s: how long spans wait for others to come, in seconds.
        patience_s: how long a commit of another server that does not go on is left alone, in seconds.
        is_durable: whether a row is on the disk when its insert is answered.

    Raises:
        StoreError: the database cannot be used; says why and what to do.
    """

    def __init__(
        self,
        uri: str,
        *,
        max_waiting_bytes: int = DEFAULT_MAX_WAITING_BYTES,
        on_commit: CommitWatch = watch_nothing,
        read_text: ReadText = read_text,
        search_s: float = DEFAULT_SEARCH_S,
        fills_apart: bool = False,
        cluster: str | None = None,
        gather_s: float = DEFAULT_GATHER_S,
        patience_s: float = DEFAULT_PATIENCE_S,
        is_durable: bool = True,
    ) -> None:
        self._uri = uri
        self._cluster = cluster
        self._max_waiting_bytes = max_waiting_bytes
        address = read_address(uri)
        self._client = Client(address, cluster)
        make_tables(self._client, cluster=cluster, is_durable=is_durable)
        self._capabilities = StoreCapabilities(
            f"ClickHouse {self._client.version_text}",
            is_file=False,
            traces_a_step=_TRACES_A_STEP,
            ages_by_days=True,
        )
        self._committer = Committer(
            self._client,
            max_bytes=max_waiting_bytes,
            gather_s=gather_s,
            patience_s=patience_s,
            has_keeper=cluster is not None,
            on_commit=on_commit,
        )
        self._is_closed = False
        self._open_reading()
        self._open_search(read_text, search_s, fills_apart=fills_apart)

    @property
    def capabilities(self) -> StoreCapabilities:
        """A database of a server's."""
        return self._capabilities

    def append(self, spans: Sequence[NewSpan], give_way: Callable[[], None] | None = None) -> Future[int]:
        """Compresses here, commits in the committer's thread."""
        self._committer.check_room()
        if not spans:
            nothing = Future[int]()
            nothing.set_result(0)
            return nothing
        return self._committer.submit_spans(prepare(spans, give_way, span_values))

    def delete_traces(self, trace_ids: Sequence[bytes]) -> Future[int]:
        """Deletes traces by their ids."""
        wanted = tuple(trace_ids)
        return self._committer.submit(lambda writer: writer.delete_traces(wanted), is_alone=True)

    def close(self) -> None:
        """Commits what waits and lets go of everything."""
        if self._is_closed:
            return
        self._is_closed = True
        self._close_search()
        self._committer.close()
        self._client.close()
