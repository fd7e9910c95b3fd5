"""`@outcrop.lambda_handler`: a span an invocation of an AWS Lambda function, delivered before it ends.

A Lambda function is frozen when its handler has returned, so nothing can be delivered in the background;
it is done while the invocation still runs, within the time that it has left.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar, overload

from opentelemetry import context as otel_context

from outcrop.capture.faults import report_fault
from outcrop.otlp.records import KIND_SERVER
from outcrop.recording.current import make_current
from outcrop.recording.span import LiveSpan
from outcrop.runtime import get_runtime
from outcrop.semconv import faas
from outcrop.tracing.incoming import parent_in
from outcrop.tracing.spans import SCOPE

P = ParamSpec("P")
R = TypeVar("R")

# An invocation is paid for by its time; what is not taken by then goes with the next one.
_LONGEST_FLUSH_S = 5.0
# What is left to the handler's own return.
_MARGIN_S = 0.5
# Members of HTTP events and answers in which credentials travel, and who asks from where.
_NOT_KEPT = frozenset(
    {
        "authorizationToken",
        "cookies",
        "headers",
        "identity",
        "identitySource",
        "multiValueHeaders",
        "requestContext",
    }
)

_is_cold = True


@overload
def lambda_handler(func: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def lambda_handler(
    func: None = None, /, *, name: str | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def lambda_handler(func: Callable[P, R] | None = None, /, *, name: str | None = None) -> Any:
    """Traces an AWS Lambda function: each invocation becomes a span, delivered before the handler returns.

    Spans and Bedrock calls within it become its children. The event and the answer are recorded without
    HTTP headers, cookies and what says who asked. Delivery takes no longer than the invocation has time
    left, and 5 seconds at most; what did not get out goes with the next invocation. The answer and the
    exceptions are the handler's own. No Lambda extension or layer is needed.

    An invocation belongs to the trace that the event's headers name (`traceparent`, or `X-Amzn-Trace-Id`
    with a parent), unless a span is current already.

    Args:
        func: the handler, when used bare.
        name: the span's name; the function's name in Lambda by default.

    Returns:
        A handler that Lambda can call, or a decorator that makes one.
    """
    if func is None:
        return functools.partial(_wrap, name=name)
    return _wrap(func, name=name)


def _wrap(func: Callable[..., Any], *, name: str | None) -> Callable[..., Any]:
    @functools.wraps(func)
    def handler(*args: Any, **kwargs: Any) -> Any:
        event = args[0] if args else kwargs.get("event")
        context = args[1] if len(args) > 1 else kwargs.get("context")
        invocation = _Invocation(name or _function_name(context) or func.__name__, event, context)
        try:
            result = func(*args, **kwargs)
        except BaseException as error:
            invocation.failed(error)
            raise
        else:
            invocation.answered(result)
            return result
        finally:
            invocation.over()

    return handler


class _Invocation:
    """One run of the handler. Faults of ours stay within."""

    def __init__(self, name: str, event: Any, context: Any) -> None:
        self._context = context
        self._span = _begin(name, event)
        self._token = make_current(self._span)
        try:
            self._span.set_attributes(_attributes(name, context))
            self._span.set_inputs(_without_credentials(event))
        except Exception as error:  # noqa: BLE001  # the handler runs whatever its event is
            report_fault("recording a Lambda function's event", error)

    def answered(self, result: Any) -> None:
        """The handler has returned."""
        try:
            self._span.set_outputs(_without_credentials(result))
            self._span.mark_ok()
        except Exception as error:  # noqa: BLE001  # as above
            report_fault("recording a Lambda function's answer", error)

    def failed(self, error: BaseException) -> None:
        """The handler has raised."""
        try:
            self._span.fail(error)
        except Exception as fault:  # noqa: BLE001  # the handler's own exception goes on
            report_fault("recording a Lambda function's failure", fault)

    def over(self) -> None:
        """Ends the span and delivers it."""
        otel_context.detach(self._token)
        self._span.end()
        try:
            get_runtime().flush(_time_to_flush_s(self._context))
        except Exception as error:  # noqa: BLE001  # as above
            report_fault("delivering a Lambda function's spans", error)


def _begin(name: str, event: Any) -> LiveSpan:
    try:
        parent = parent_in(event)
    except Exception as error:  # noqa: BLE001  # an event may hold anything
        report_fault("reading an event's headers", error)
        parent = None
    return get_runtime().start_span(name, SCOPE, KIND_SERVER, parent)


def _function_name(context: Any) -> str | None:
    found = getattr(context, "function_name", None) or os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
    return found if isinstance(found, str) else None


def _attributes(name: str, context: Any) -> dict[str, Any]:
    found = {
        faas.NAME: _function_name(context) or name,
        faas.INVOCATION_ID: getattr(context, "aws_request_id", None),
        faas.RESOURCE_ID: getattr(context, "invoked_function_arn", None),
        faas.COLD_START: _was_cold(),
    }
    return {key: value for key, value in found.items() if value is not None}


def _was_cold() -> bool:
    """Whether somebody waited for this process to begin; with provisioned concurrency nobody did."""
    global _is_cold  # a process starts once
    was_cold, _is_cold = _is_cold, False
    return was_cold and os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") != "provisioned-concurrency"


def _without_credentials(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {key: item for key, item in value.items() if key not in _NOT_KEPT}  # pyright: ignore[reportUnknownVariableType]  # an event of any kind


def _time_to_flush_s(context: Any) -> float:
    remaining_ms = getattr(context, "get_remaining_time_in_millis", None)
    if not callable(remaining_ms):
        return _LONGEST_FLUSH_S
    remaining: Any = remaining_ms()
    return min(max(float(remaining) / 1000 - _MARGIN_S, 0.0), _LONGEST_FLUSH_S)
