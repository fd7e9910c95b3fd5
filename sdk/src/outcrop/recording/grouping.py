"""What groups traces (session, user, tags, metadata), as the attributes that carry it.

`outcrop.context` puts it into OpenTelemetry's context, so it goes wherever that goes: into tasks, and into
threads that are given the context. Runtime reads it when a trace begins, once somebody has used it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import Token
from typing import Any, cast

from opentelemetry import context as otel_context
from opentelemetry.context import Context

from outcrop.semconv import outcrop_attributes as names

_KEY = otel_context.create_key("outcrop-grouping")
# What MLflow's programs say under these names of metadata.
_MLFLOW_METADATA = {"mlflow.trace.session": names.SESSION_ID, "mlflow.trace.user": names.USER_ID}


def grouping_attributes(
    tags: Mapping[str, Any] | None,
    metadata: Mapping[str, Any] | None,
    session_id: str | None,
    user_id: str | None,
) -> dict[str, str]:
    """The attributes of a span that carries these; values become text."""
    found = {names.TAG_PREFIX + str(key): str(value) for key, value in (tags or {}).items()}
    for key, value in (metadata or {}).items():
        found[_MLFLOW_METADATA.get(key) or names.METADATA_PREFIX + str(key)] = str(value)
    if session_id is not None:
        found[names.SESSION_ID] = str(session_id)
    if user_id is not None:
        found[names.USER_ID] = str(user_id)
    return found


def current_grouping(context: Context | None = None) -> dict[str, str]:
    """What applies to a trace that begins now; empty where nothing does."""
    values = otel_context.get_current() if context is None else context
    return cast("dict[str, str]", values.get(_KEY) or {})


def make_grouping_current(attributes: Mapping[str, str]) -> Token[Context]:
    """Adds to what applies; the token is for `opentelemetry.context.detach`."""
    return otel_context.attach(otel_context.set_value(_KEY, {**current_grouping(), **attributes}))
