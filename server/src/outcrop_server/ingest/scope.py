"""Holds a sender to the experiments that its token is for: of what it sends, the rest is not kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outcrop_server.model.new_span import NewSpan
    from outcrop_server.storage.api import KeptTraces

_SHOWN = 100


def within(
    store: KeptTraces, spans: Sequence[NewSpan], allowed: frozenset[str]
) -> tuple[list[NewSpan], list[str]]:
    """The spans that a sender may send, and what is said of each of the others.

    A span that belongs to a trace of another experiment is not taken either: with the id of a foreign trace
    one could change what is shown of it, or move it to an experiment of one's own.
    """
    taken: list[NewSpan] = []
    faults: list[str] = []
    is_foreign: dict[bytes, bool] = {}
    for span in spans:
        if span.experiment not in allowed:
            faults.append(_fault(span, allowed, f"belongs to the experiment '{span.experiment[:_SHOWN]}'"))
            continue
        if span.trace_id not in is_foreign:
            known = store.trace(span.trace_id)
            is_foreign[span.trace_id] = known is not None and known.row.experiment not in allowed
        if is_foreign[span.trace_id]:
            faults.append(_fault(span, allowed, "belongs to a trace of another experiment"))
        else:
            taken.append(span)
    return taken, faults


def _fault(span: NewSpan, allowed: frozenset[str], what: str) -> str:
    names = ", ".join(f"'{name[:_SHOWN]}'" for name in sorted(allowed))
    return (
        f"Span {span.row.span_id.hex()} of trace {span.trace_id.hex()} {what}; this token is for {names} "
        "alone. Name one of these with outcrop.set_experiment, or send with another token."
    )
