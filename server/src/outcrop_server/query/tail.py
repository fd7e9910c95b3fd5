"""Live tail: who follows gets each trace that changed, in the order of the store's change numbers.

A follower is nothing but a number, how far it has come. So one that is slow holds no memory and gets, of a
trace that changed meanwhile, only the newest state; and one that comes back goes on at its number. What was
read for one follower is kept for the others, who mostly stand at the same number.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

from anyio import CapacityLimiter, to_thread

from outcrop.filter.moments import resolved
from outcrop_server.model.changes import ChangedTrace, ChangePosition
from outcrop_server.model.errors import UnavailableError
from outcrop_server.model.search import TraceSearch
from outcrop_server.storage.scoped import ScopedStore

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from outcrop.filter.ast import Condition
    from outcrop_server.model.rows import StoredTrace
    from outcrop_server.storage.api import TraceStore

K = TypeVar("K")
V = TypeVar("V")
_log = logging.getLogger(__name__)
_NS_IN_MS = 1_000_000
_MAX_FOLLOWERS = 1000
# Changes that are read at once, and how many such pages are kept for other followers.
_PAGE = 200
_PAGES = 16


class Channel(NamedTuple):
    """What a follower wants to hear of.

    Attributes:
        where: what holds for each trace.
        experiments: names; empty for all.
        allowed: the only experiments that this follower may know of; None for all.
    """

    where: Condition
    experiments: tuple[str, ...]
    allowed: frozenset[str] | None


class TailEvent(NamedTuple):
    """What a follower is told, and how far it has come with it.

    Attributes:
        kind: `ready` at the beginning; `trace` for a trace that is new or changed; `reset` where it cannot be
            known what changed since; `heartbeat` while nothing happens.
        position: where to go on after a break.
        data: the trace as `render` makes it; empty for others.
    """

    kind: Literal["ready", "trace", "reset", "heartbeat"]
    position: ChangePosition
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class _Page:
    """Some changes, and how far one has come who knows them."""

    changed: list[ChangedTrace]
    end: ChangePosition


@dataclass(frozen=True, slots=True)
class _Told:
    """The same for one channel."""

    events: list[TailEvent]
    end: ChangePosition


class Tail:
    """Watches a store for as long as somebody follows. To be used in one event loop.

    Args:
        store: where the traces are.
        render: what a follower gets of a trace.
        poll_s: seconds between two looks at the newest change.
        heartbeat_s: seconds after which a follower who was told nothing hears that the connection lives, and
            how far it has come; however much else happens in the store.
        max_s: seconds after which a follower has to come again, so that it is asked again who it is.
    """

    def __init__(
        self,
        store: TraceStore,
        render: Callable[[StoredTrace], bytes],
        *,
        poll_s: float = 0.25,
        heartbeat_s: float = 15.0,
        max_s: float = 600.0,
    ) -> None:
        self._store = store
        self._render = render
        self._poll_s = poll_s
        self._heartbeat_s = heartbeat_s
        self._max_s = max_s
        self._followers = 0
        self._newest: ChangePosition | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._is_stopped = False
        self._limiter = CapacityLimiter(2)
        self._pages: OrderedDict[ChangePosition, _Page] = OrderedDict()
        self._told: OrderedDict[tuple[ChangePosition, Channel], _Told] = OrderedDict()

    def check_room(self) -> None:
        """Refuses a follower before its answer begins.

        Raises:
            UnavailableError: too many follow, or the server is stopping.
        """
        if self._is_stopped:
            raise UnavailableError("The server is stopping. Follow again when it is back.")
        if self._followers >= _MAX_FOLLOWERS:
            raise UnavailableError(f"{self._followers} follow already, which is the limit. Try again later.")

    def stop(self) -> None:
        """Ends what every follower gets, in good order. To be called in the loop."""
        self._is_stopped = True
        self._wake()

    async def follow(self, channel: Channel, since: ChangePosition | None) -> AsyncGenerator[TailEvent, None]:
        """What happens from now on, or since a position of earlier."""
        self._come()
        ends_at = time.monotonic() + self._max_s
        try:
            newest = await self._look()
            position = newest if since is None else since
            yield TailEvent("ready", position)
            told_at = time.monotonic()
            while not self._is_stopped and time.monotonic() < ends_at:
                newest = self._newest or newest
                if position == newest:
                    if not await self._is_changed():
                        yield TailEvent("heartbeat", position)
                        told_at = time.monotonic()
                    continue
                told = await self._told_after(position, channel)
                if told is None:
                    position = newest
                    yield TailEvent("reset", position)
                    continue
                for event in told.events:
                    yield event
                position = told.end
                if told.events:
                    told_at = time.monotonic()
                elif time.monotonic() - told_at >= self._heartbeat_s:
                    yield TailEvent("heartbeat", position)
                    told_at = time.monotonic()
        finally:
            self._leave()

    async def _told_after(self, position: ChangePosition, channel: Channel) -> _Told | None:
        """What a channel is told next; None if nobody knows."""
        page = await self._page(position)
        if page is None:
            return None
        async with self._lock:
            if (position, channel) not in self._told:
                told = await to_thread.run_sync(self._matching, page, channel, limiter=self._limiter)
                _keep(self._told, (position, channel), told)
            return self._told[position, channel]

    async def _page(self, position: ChangePosition) -> _Page | None:
        async with self._lock:
            if position not in self._pages:
                page = await to_thread.run_sync(self._read, position, limiter=self._limiter)
                if page is None:
                    return None
                _keep(self._pages, position, page)
            return self._pages[position]

    def _read(self, position: ChangePosition) -> _Page | None:
        # Asked first: what is not among the changes up to here needs no second look.
        newest = self._store.last_change()
        changed = self._store.changes(position, _PAGE)
        if changed is None:
            return None
        last = changed[-1].number if changed else position.number
        number = last if len(changed) == _PAGE else max(last, newest.number)
        return _Page(changed, ChangePosition(newest.history, number))

    def _matching(self, page: _Page, channel: Channel) -> _Told:
        ids = tuple(each.trace.row.trace_id for each in page.changed)
        store = self._store if channel.allowed is None else ScopedStore(self._store, channel.allowed)
        where = resolved(channel.where, time.time_ns() // _NS_IN_MS)
        search = TraceSearch(where, experiments=channel.experiments, among=ids, limit=max(len(ids), 1))
        fitting = {found.trace.row.trace_id for found in store.search(search)} if ids else set[bytes]()
        history = page.end.history
        events = [
            TailEvent("trace", ChangePosition(history, each.number), self._render(each.trace))
            for each in page.changed
            if each.trace.row.trace_id in fitting
        ]
        return _Told(events, page.end)

    async def _look(self) -> ChangePosition:
        found = await to_thread.run_sync(self._store.last_change, limiter=self._limiter)
        if found != self._newest:
            self._newest = found
            self._wake()
        return found

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._poll_s)
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 - whatever it is, followers are told when it is over
                _log.warning("Followers wait, the store does not say what changed: %s", error)

    async def _is_changed(self) -> bool:
        """Waits until something changed or the server stops; False after a silence."""
        try:
            await asyncio.wait_for(self._changed.wait(), self._heartbeat_s)
        except asyncio.TimeoutError:
            return False
        return True

    def _come(self) -> None:
        if not self._followers:
            # Here, not where this is made: that may be in no loop.
            self._lock, self._changed = asyncio.Lock(), asyncio.Event()
            self._watcher = asyncio.create_task(self._watch())
        self._followers += 1

    def _leave(self) -> None:
        self._followers -= 1
        if not self._followers and self._watcher is not None:
            self._watcher.cancel()
            self._watcher = self._newest = None
            self._pages.clear()
            self._told.clear()

    def _wake(self) -> None:
        if self._followers:
            self._changed.set()
            self._changed = asyncio.Event()


def _keep(kept: OrderedDict[K, V], key: K, value: V) -> None:
    kept[key] = value
    if len(kept) > _PAGES:
        kept.popitem(last=False)
