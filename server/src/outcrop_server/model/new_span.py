"""A span on its way into the store: its row, its payload, and what it adds to its trace's summary."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outcrop_server.model.rows import SpanRow

DEFAULT_EXPERIMENT = "Default"
NO_TEXTS: Mapping[str, str] = MappingProxyType({})


class NewSpan(NamedTuple):
    """One span as `ingest` hands it to a store; a tuple, since many are made.

    Attributes:
        trace_id: 16 bytes.
        row: its hot columns.
        payload: the span as it came, resource and scope included, as one `ExportTraceServiceRequest`;
            requests joined end to end are again a request, which is how a trace is exported.
        experiment: the experiment it belongs to.
        is_experiment_named: the sender said so; False when `experiment` is the default.
        attempts: HTTP attempts that the call took; 0 if unknown.
        request_preview: first words of what went in.
        response_preview: first words of what came out.
        tools: tools called, in order: the span itself if it is one, else what the answer asks for.
        session_id: the session it names, if any.
        user_id: the user it names, if any.
        tags: the trace tags it sets.
        metadata: the trace metadata it sets.
    """

    trace_id: bytes
    row: SpanRow
    payload: bytes
    experiment: str = DEFAULT_EXPERIMENT
    is_experiment_named: bool = False
    attempts: int = 0
    request_preview: str | None = None
    response_preview: str | None = None
    tools: tuple[str, ...] = ()
    session_id: str | None = None
    user_id: str | None = None
    tags: Mapping[str, str] = NO_TEXTS
    metadata: Mapping[str, str] = NO_TEXTS

    @property
    def is_model_call(self) -> bool:
        """Whether a model was asked."""
        return self.row.usage is not None or self.row.span_type in {"LLM", "CHAT_MODEL"}
