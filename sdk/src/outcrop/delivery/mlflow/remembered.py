"""What was sent of the last traces, for places that want a trace as a whole. Bounded."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from outcrop.delivery.mlflow.span_form import SpanForm
from outcrop.delivery.mlflow.trace_form import TraceParts

_MAX_TRACES = 10_000
_MAX_SPANS = 20_000


@dataclass
class Sofar:
    """A trace as far as it was sent.

    Attributes:
        parts: what its spans said.
        forms: its spans, where they are wanted again.
        seen: the ids of all of them: what is sent again counts once.
        is_new: nothing of it was sent by this process.
        is_partial: some of its spans are not in `forms` any more.
        is_begun: its summary was sent.
        root: its root, once that has come.
    """

    parts: TraceParts = field(default_factory=TraceParts)
    forms: dict[bytes, SpanForm] = field(default_factory=dict[bytes, SpanForm])
    seen: frozenset[bytes] = frozenset()
    is_new: bool = True
    is_partial: bool = False
    is_begun: bool = False
    root: SpanForm | None = None

    def plus(self, forms: Sequence[SpanForm]) -> Sofar:
        """This and more spans; it is left as it is, since sending them may fail."""
        wider = Sofar(
            copy.deepcopy(self.parts),
            {**self.forms, **{form.record.span_id: form for form in forms}},
            self.seen | {form.record.span_id for form in forms},
            self.is_new,
            self.is_partial,
            self.is_begun,
            next((form for form in forms if form.is_root), self.root),
        )
        wider.parts.add([form for form in forms if form.record.span_id not in self.seen])
        return wider


class Remembered:
    """The traces that were sent last."""

    def __init__(self, *, keeps_spans: bool) -> None:
        """`keeps_spans` says whether spans are wanted again."""
        self._keeps_spans = keeps_spans
        self._traces: OrderedDict[bytes, Sofar] = OrderedDict()
        self._spans = 0

    def of(self, trace_id: bytes) -> Sofar:
        """What was sent of a trace."""
        return self._traces.get(trace_id) or Sofar()

    def keep(self, trace_id: bytes, sofar: Sofar) -> None:
        """This was sent by now."""
        self._spans -= len(self._drop(trace_id).forms)
        sofar.is_new = False
        if not self._keeps_spans:
            sofar.forms = {}
            if sofar.root is not None:
                return  # all is said
        self._traces[trace_id] = sofar
        self._spans += len(sofar.forms)
        for old in list(self._traces):
            if self._spans <= _MAX_SPANS:
                break
            trace = self._traces[old]
            self._spans -= len(trace.forms)
            trace.is_partial = trace.is_partial or bool(trace.forms)
            trace.forms = {}
        while len(self._traces) > _MAX_TRACES:
            self._traces.popitem(last=False)

    def _drop(self, trace_id: bytes) -> Sofar:
        return self._traces.pop(trace_id, None) or Sofar()
