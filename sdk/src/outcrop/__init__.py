"""Outcrop shows what a Python program asks of Amazon Bedrock, and what comes back.

>>> import boto3, outcrop
>>> outcrop.bedrock.autolog()
"""

import importlib
from typing import TYPE_CHECKING, Any

from outcrop import bedrock
from outcrop._autolog import autolog
from outcrop._version import __version__
from outcrop.exceptions import ConfigurationError, OutcropError
from outcrop.tracing.aws_lambda import lambda_handler
from outcrop.tracing.decorator import trace
from outcrop.tracing.grouping import context, update_current_trace
from outcrop.tracing.judging import (
    delete_assessment,
    delete_trace_tag,
    log_assessment,
    log_expectation,
    log_feedback,
    set_trace_tag,
    update_assessment,
)
from outcrop.tracing.keeping import configure, keeping
from outcrop.tracing.propagation import (
    carry_context,
    get_tracing_context_headers_for_http_request,
    propagate_to_threads,
    set_tracing_context_from_http_request_headers,
)
from outcrop.tracing.reading import (
    flush,
    flush_trace_async_logging,
    get_last_active_trace_id,
    get_trace,
    get_tracking_uri,
    set_experiment,
    set_tracking_uri,
    stats,
)
from outcrop.tracing.search import delete_traces, search_traces
from outcrop.tracing.spans import (
    get_active_trace_id,
    get_current_active_span,
    start_span,
    start_span_no_context,
)

if TYPE_CHECKING:
    from outcrop import entities

__all__ = [
    "ConfigurationError",
    "OutcropError",
    "__version__",
    "autolog",
    "bedrock",
    "carry_context",
    "configure",
    "context",
    "delete_assessment",
    "delete_trace_tag",
    "delete_traces",
    "entities",
    "flush",
    "flush_trace_async_logging",
    "get_active_trace_id",
    "get_current_active_span",
    "get_last_active_trace_id",
    "get_trace",
    "get_tracing_context_headers_for_http_request",
    "get_tracking_uri",
    "keeping",
    "lambda_handler",
    "log_assessment",
    "log_expectation",
    "log_feedback",
    "propagate_to_threads",
    "search_traces",
    "set_experiment",
    "set_trace_tag",
    "set_tracing_context_from_http_request_headers",
    "set_tracking_uri",
    "start_span",
    "start_span_no_context",
    "stats",
    "trace",
    "update_assessment",
    "update_current_trace",
]


def __getattr__(name: str) -> Any:
    """`outcrop.entities`, loaded when it is first asked for: a program that only traces never does."""
    if name == "entities":
        return importlib.import_module("outcrop.entities")
    raise AttributeError(f"module 'outcrop' has no attribute {name!r}")
