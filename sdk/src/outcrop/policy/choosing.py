"""Which spans are recorded, where somebody asked for sampling or for another content mode within a block.

The root of a trace in this process decides, by the trace's id or by the parent that another process or
library gave it; what is under it follows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

from outcrop.capture.faults import logger
from outcrop.capture.sampling import is_kept
from outcrop.kept_settings import KeptSettings, check_ratio
from outcrop.otlp.records import SpanGroup
from outcrop.recording.held import HeldTrace, Waiting
from outcrop.recording.ids import child_ids, ids_under, root_ids
from outcrop.recording.span import LiveSpan, SpanSink
from outcrop.recording.unsampled import HeldSpan, UnsampledSpan

if TYPE_CHECKING:
    from outcrop.recording.ids import SpanIds

_NS_IN_S = 1_000_000_000


class Override(NamedTuple):
    """What a block asks for, where it differs: a content mode, a share of traces."""

    content: str | None
    sample: float | None


NO_OVERRIDE = Override(None, None)
# What the block that runs asks for.
OVERRIDE: ContextVar[Override] = ContextVar("outcrop_kept_override", default=NO_OVERRIDE)


class Choosing:
    """Starts spans in the way that fits each."""

    def __init__(self, kept: KeptSettings, *, is_disabled: bool, on_lost: Callable[[int], None]) -> None:
        """`kept` has been checked; `is_disabled` records nothing at all; `on_lost`: see `held.Waiting`."""
        self._kept = kept
        self._is_disabled = is_disabled
        self._waiting = Waiting(on_lost)
        self._has_warned = False
        seconds = kept.keeps_slower_than_s
        self._slower_than_ns = None if seconds is None else round(seconds * _NS_IN_S)

    def start(
        self,
        sink: SpanSink,
        name: str,
        group: SpanGroup,
        kind: int,
        *,
        current: Any,
        attributes: Mapping[str, Any] | None,
    ) -> LiveSpan:
        """Starts a span.

        Args:
            sink: takes spans that are kept.
            name: the span's name.
            group: its experiment and scope.
            kind: OTLP's number of its kind.
            current: the span that is current, whoever made it; None if there is none.
            attributes: what a sampler may look at.
        """
        override = OVERRIDE.get()
        ids, is_sampled_before = _identify(current)
        make, where, is_root = self._choose(sink, name, ids, current, is_sampled_before, override, attributes)
        local_root = None if is_root or current is None else current.local_root or current
        span = make(where, name, ids, group, kind, local_root)
        if override.content is not None:
            span.content_mode = override.content
        return span

    def _choose(  # noqa: PLR0917  # one step of `start`
        self,
        sink: SpanSink,
        name: str,
        ids: SpanIds,
        current: Any,
        is_sampled_before: bool | None,
        override: Override,
        attributes: Mapping[str, Any] | None,
    ) -> tuple[type[LiveSpan], SpanSink, bool]:
        """The kind of span, where it goes when it ends, and whether it is a root in this process."""
        above = current if isinstance(current, LiveSpan) else None
        if self._is_disabled:
            return UnsampledSpan, sink, above is None
        if override.sample is not None:
            if not is_kept(ids[0], override.sample):
                return UnsampledSpan, sink, above is None
            return LiveSpan, sink, type(above) is not LiveSpan
        if above is not None:
            return type(above), above.sink, False
        if self._kept.sampler is None:
            # Nobody asked for sampling: a block that does must change nothing for the rest of the program.
            kept = True
        elif is_sampled_before is not None and self._kept.is_parent_based:
            kept = is_sampled_before
        else:
            kept = is_kept(ids[0], self._share(name, attributes))
        if kept:
            return LiveSpan, sink, True
        if not self._kept.holds_traces:
            return UnsampledSpan, sink, True
        held = HeldTrace(
            sink,
            self._waiting,
            keeps_errors=self._kept.keeps_errors,
            slower_than_ns=self._slower_than_ns,
        )
        return HeldSpan, held, True

    def _share(self, name: str, attributes: Mapping[str, Any] | None) -> float:
        sampler = self._kept.sampler
        if sampler is None:
            return 1.0
        if not callable(sampler):
            return sampler
        try:
            return check_ratio("What the sampler gave", float(sampler(name, attributes or {})))
        except Exception as error:  # noqa: BLE001  # a user's own function; the program's call comes first
            if not self._has_warned:
                self._has_warned = True
                logger.warning("outcrop: the sampler failed; the trace is kept.", exc_info=error)
            return 1.0


def _identify(current: Any) -> tuple[SpanIds, bool | None]:
    """A new span's ids, and whether another process's or library's parent is sampled; None without one."""
    if isinstance(current, LiveSpan):
        return child_ids(*current.ids[:2]), None
    parent = None if current is None else current.get_span_context()
    if parent is None or not parent.is_valid:
        return root_ids(), None
    return ids_under(parent), parent.trace_flags.sampled
