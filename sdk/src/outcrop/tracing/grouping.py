"""Session, user, tags and metadata of a trace, said while it runs."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from opentelemetry import context as otel_context

from outcrop.capture.faults import logger, report_fault
from outcrop.recording.current import current_trace_span
from outcrop.recording.grouping import grouping_attributes, make_grouping_current
from outcrop.recording.span import LiveSpan
from outcrop.runtime import get_runtime


def update_current_trace(
    tags: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    *,
    session_id: str | None = None,
    user_id: str | None = None,
) -> None:
    """Says what the trace that runs here belongs to; works in any span of it, however deep.

    What was said before under another name stays; under the same name the last word counts.

    Args:
        tags: short texts to find and group traces by; they can be changed later too.
        metadata: facts about the run. `mlflow.trace.session` and `mlflow.trace.user` mean the session and
            the user.
        session_id: the conversation or job.
        user_id: on whose behalf the program runs.
    """
    span = current_trace_span()
    if not isinstance(span, LiveSpan):
        _say_that_no_trace_runs()
        return
    try:
        _carrier(span).set_attributes(grouping_attributes(tags, metadata, session_id, user_id))
    except Exception as error:  # noqa: BLE001  # a value's own __str__ may do anything
        report_fault("updating the current trace", error)


@contextmanager
def context(
    *,
    session_id: str | None = None,
    user_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Generator[None, None, None]:
    """Every trace that begins within the block belongs to this session and user and has these tags.

    It follows OpenTelemetry's context: into tasks, and into threads that are started with a copy of the
    context (`contextvars.copy_context().run`). Blocks may be nested; the inner one has the last word. A trace
    that ran before the block is not changed: see `update_current_trace`.

    Args:
        session_id: the conversation or job.
        user_id: on whose behalf the program runs.
        tags: short texts to find and group traces by.
        metadata: facts about the run.
    """
    token = None
    try:
        attributes = grouping_attributes(tags, metadata, session_id, user_id)
        get_runtime().has_grouping = True
        token = make_grouping_current(attributes)
    except Exception as error:  # noqa: BLE001  # as above: the block must run
        report_fault("grouping traces", error)
    try:
        yield
    finally:
        if token is not None:
            otel_context.detach(token)


def _carrier(span: LiveSpan) -> LiveSpan:
    """The span that speaks for the trace: its local root, or this one where the root has ended."""
    root = span.local_root
    return root if root is not None and root.is_recording() else span


@cache
def _say_that_no_trace_runs() -> None:
    logger.warning(
        "outcrop: update_current_trace() was called where no trace runs, and did nothing. "
        "Call it within @outcrop.trace or outcrop.start_span."
    )
