"""Which traces have to go by the limits on age, count and size, and their removal in small steps."""

from __future__ import annotations

import heapq
import itertools
import math
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from outcrop_server.configuration.retention import EVERY_OTHER, Limits, RetentionRule, rule_of
from outcrop_server.model.rows import TracePosition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from outcrop_server.model.rows import ExperimentRow, OldTrace
    from outcrop_server.settings import Settings
    from outcrop_server.storage.api import TraceStore

RuleSource = Literal["option", "page", "none"]
_NS_IN_S = 1_000_000_000
_DAY_S = 86_400
_DAY_NS = _DAY_S * _NS_IN_S
# From this age on a day more or less is none, and days go whole where the engine keeps them apart.
_BY_DAYS_FROM_S = 7 * _DAY_S
_PAGE = 200
_BYTES_A_STEP = 2 << 20
# The store's size is known exactly only after deleting; it comes closer with each round.
_MOST_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """The limits.

    Attributes:
        general: age of every trace; count and bytes of the whole store.
        rules: of single experiments; an age that a rule names goes before the general one.
    """

    general: Limits = field(default_factory=Limits)
    rules: Sequence[RetentionRule] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is ever removed."""
        return self.general.is_empty and all(rule.limits.is_empty for rule in self.rules)

    def rule_for(self, row: ExperimentRow) -> tuple[RetentionRule, RuleSource]:
        """The rule of an experiment, and who says so.

        An option that names it, by a name that it had too, goes before what was said on the page, and that
        before the option for every other one.
        """
        by_name = {rule.experiment: rule for rule in self.rules}
        for name in (row.name, *row.former_names):
            if name in by_name:
                return by_name[name], "option"
        if row.retention is not None:
            return rule_of(row.name, row.retention), "page"
        if EVERY_OTHER in by_name:
            return by_name[EVERY_OTHER], "option"
        return RetentionRule(row.name, Limits()), "none"

    def limits_of(self, rule: RetentionRule) -> Limits:
        """What holds by itself for an experiment of this rule."""
        own = rule.limits
        age_s = self.general.age_s if own.age_s is None else own.age_s
        return Limits(None if age_s == math.inf else age_s, own.traces, own.bytes)


def policy_of(settings: Settings) -> RetentionPolicy:
    """What the settings say."""
    general = Limits(settings.retain_age_s, settings.retain_traces, settings.retain_bytes)
    return RetentionPolicy(general, settings.retain_experiments)


class Expired(NamedTuple):
    """A trace that has to go, and by which limit: `age`, `traces`, `bytes`, `all traces`, `all bytes`."""

    trace: OldTrace
    limit: str


@dataclass(slots=True)
class Removed:
    """What was removed: traces by experiment and limit, and bytes given back to the system."""

    traces: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    given_back_bytes: int = 0


class Retention:
    """Applies a policy to a store.

    Args:
        store: the store.
        policy: the limits.
        now_ns: the time, in nanoseconds since the epoch.
    """

    def __init__(
        self, store: TraceStore, policy: RetentionPolicy, now_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self._store = store
        self._policy = policy
        self._now_ns = now_ns

    def expired(self) -> Iterator[Expired]:
        """The traces that have to go now, of each experiment the oldest first. Deletes nothing.

        By the limit on the store's size these are about as many as have to go: what a trace takes is known
        only about, what the store takes exactly.
        """
        experiments = self._store.experiments()
        if self._policy.is_empty and all(row.retention is None for row in experiments):
            return
        left: dict[str, int] = {}
        last: dict[str, TracePosition] = {}
        gone_bytes = 0
        for row in experiments:
            rule, _ = self._policy.rule_for(row)
            if rule.is_kept:
                continue
            left[row.name] = row.trace_count
            for expired in self._of_experiment(row.name, row.trace_count, self._policy.limits_of(rule)):
                left[row.name] -= 1
                last[row.name] = expired.trace.position
                gone_bytes += expired.trace.kept_bytes
                yield expired
        yield from self._of_all(left, last, gone_bytes)

    def alone(self) -> AbstractContextManager[bool]:
        """Says whether who enters may run it: one process of all with the store open."""
        return self._store.keeping()

    def run(self, is_stopping: threading.Event, removed: Removed) -> None:
        """Removes what has to go, then gives the room back; stops early when told to.

        Between two steps it waits as long as a step took: at least half of the writer's time is others'.

        Args:
            is_stopping: set by who wants it to stop.
            removed: told each step when it is done, so that it is right after an error, too.

        Raises:
            RequestError: the store could not do it now; what was removed before stays removed.
        """
        self._remove_days(removed, is_stopping)
        for _ in range(_MOST_ROUNDS):
            before = removed.traces.total()
            self._remove(removed, is_stopping)
            if removed.traces.total() == before or is_stopping.is_set():
                break
        while not is_stopping.is_set():
            began_s = time.monotonic()
            given = self._store.give_back(_BYTES_A_STEP)
            if not given:
                break
            removed.given_back_bytes += given
            is_stopping.wait(time.monotonic() - began_s)

    def _remove(self, removed: Removed, is_stopping: threading.Event) -> None:
        expired = self.expired()
        count = self._store.capabilities.traces_a_step
        while not is_stopping.is_set() and (step := list(itertools.islice(expired, count))):
            began_s = time.monotonic()
            self._store.delete_traces([each.trace.trace_id for each in step]).result()
            removed.traces.update((each.trace.experiment, each.limit) for each in step)
            is_stopping.wait(time.monotonic() - began_s)

    def _remove_days(self, removed: Removed, is_stopping: threading.Event) -> None:
        """Removes days of which every trace is too old, where the store can do that at once."""
        before_ns: dict[str, int] = {}
        for row in self._store.experiments():
            rule, _ = self._policy.rule_for(row)
            limits = self._policy.limits_of(rule)
            if not rule.is_kept and limits.age_s is not None:
                before_ns[row.name] = self._oldest_kept_ns(limits.age_s)
        while not is_stopping.is_set():
            began_s = time.monotonic()
            gone = self._store.delete_day(before_ns)
            if not gone:
                return
            removed.traces.update({(name, "age"): count for name, count in gone.items()})
            is_stopping.wait(time.monotonic() - began_s)

    def _oldest_kept_ns(self, age_s: float) -> int:
        """The first moment that is not yet too long ago.

        Days that are kept apart go whole: a trace then stays until its day is over, too.
        """
        before_ns = self._now_ns() - int(age_s) * _NS_IN_S
        if self._store.capabilities.ages_by_days and age_s >= _BY_DAYS_FROM_S:
            return before_ns - before_ns % _DAY_NS
        return before_ns

    def _of_experiment(self, name: str, count: int, limits: Limits) -> Iterator[Expired]:
        if limits.is_empty:
            return
        # A trace of exactly this age stays, as do exactly so many traces and bytes.
        before_ns = -math.inf if limits.age_s is None else self._oldest_kept_ns(limits.age_s)
        traces = 0 if limits.traces is None else count - limits.traces
        size = 0 if limits.bytes is None else self._store.experiment_bytes(name) - limits.bytes
        for trace in self._oldest_first(name, None):
            if trace.start_time_ns < before_ns:
                limit = "age"
            elif traces > 0:
                limit = "traces"
            elif size > 0:
                limit = "bytes"
            else:
                return
            traces -= 1
            size -= trace.kept_bytes
            yield Expired(trace, limit)

    def _of_all(
        self, left: dict[str, int], last: dict[str, TracePosition], gone_bytes: int
    ) -> Iterator[Expired]:
        """What has to go of all experiments together, after what went by the limits of each."""
        general = self._policy.general
        traces = 0 if general.traces is None else sum(left.values()) - general.traces
        size = 0 if general.bytes is None else self._store.used_bytes() - gone_bytes - general.bytes
        if traces <= 0 and size <= 0:
            return
        by_experiment = [self._oldest_first(name, last.get(name)) for name, count in left.items() if count]
        for trace in heapq.merge(*by_experiment, key=lambda trace: trace.position):
            if traces <= 0 and size <= 0:
                return
            yield Expired(trace, "all traces" if traces > 0 else "all bytes")
            traces -= 1
            size -= trace.kept_bytes

    def _oldest_first(self, name: str, after: TracePosition | None) -> Iterator[OldTrace]:
        while page := self._store.oldest(name, after, _PAGE):
            yield from page
            after = page[-1].position
