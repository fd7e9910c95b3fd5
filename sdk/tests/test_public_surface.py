"""The public names, and the promise that importing them costs little."""

from __future__ import annotations

import subprocess
import sys

from inline_snapshot import snapshot

import outcrop
import outcrop.testing

HEAVY = (
    "boto3",
    "botocore",
    "urllib3",
    "google",
    "fastapi",
    "pydantic",
    "outcrop_server",
    "http.client",
    "asyncio",
    "concurrent.futures",
    "opentelemetry.trace.propagation.tracecontext",
    "outcrop.vocabularies",
    # What a program needs that reads traces, or has a token: dozens of classes.
    "outcrop.assessments",
    "outcrop.delivery.memory",
    "outcrop.delivery.mlflow",
    "outcrop.delivery.query",
    "outcrop.delivery.token_sources",
    "outcrop.entities",
)


def test_the_public_names_are_these() -> None:
    assert outcrop.__all__ == sorted(outcrop.__all__)
    assert outcrop.__all__ == snapshot(
        [
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
    )


def test_every_public_name_exists() -> None:
    for module in (outcrop, outcrop.bedrock, outcrop.testing):
        assert all(hasattr(module, name) for name in module.__all__)


def test_importing_outcrop_loads_neither_boto3_nor_any_server_package() -> None:
    program = f"import sys, outcrop; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == "[]"
