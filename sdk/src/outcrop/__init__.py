"""Outcrop shows what a Python program asks of Amazon Bedrock, and what comes back.

>>> import boto3, outcrop
>>> outcrop.bedrock.autolog()
"""

from outcrop import bedrock, entities
from outcrop._autolog import autolog
from outcrop._version import __version__
from outcrop.exceptions import ConfigurationError, OutcropError
from outcrop.tracing.decorator import trace
from outcrop.tracing.keeping import configure, keeping
from outcrop.tracing.reading import (
    flush,
    get_last_active_trace_id,
    get_trace,
    get_tracking_uri,
    set_experiment,
    set_tracking_uri,
    stats,
)
from outcrop.tracing.spans import start_span

__all__ = [
    "ConfigurationError",
    "OutcropError",
    "__version__",
    "autolog",
    "bedrock",
    "configure",
    "entities",
    "flush",
    "get_last_active_trace_id",
    "get_trace",
    "get_tracking_uri",
    "keeping",
    "set_experiment",
    "set_tracking_uri",
    "start_span",
    "stats",
    "trace",
]
