"""The current span across threads and across HTTP.

Threads: a new one begins with an empty context, so the span that is current must be carried into it. HTTP:
the header `traceparent` of W3C Trace Context (https://www.w3.org/TR/trace-context/). asyncio needs nothing: a
task begins with a copy of its maker's context.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from opentelemetry import context as otel_context

from outcrop.capture.faults import logger
from outcrop.recording.current import current_span, leave
from outcrop.tracing.trace_context import with_caller

if TYPE_CHECKING:
    from opentelemetry.context import Context

P = ParamSpec("P")
R = TypeVar("R")

_HEADERS = ("traceparent", "tracestate")

Headers = Mapping[str, Any] | Iterable[tuple[Any, Any]]


def carry_context(func: Callable[P, R], /) -> Callable[P, R]:
    """Makes a function that runs in the trace that is current now, in whatever thread it is called.

    `executor.submit(outcrop.carry_context(work), item)`, or `Thread(target=outcrop.carry_context(work))`.
    It may be called from several threads at once.

    Args:
        func: a function or a coroutine function.

    Returns:
        A function of the same signature.
    """
    context = otel_context.get_current()
    if inspect.iscoroutinefunction(func):
        coroutine_function = cast("Callable[P, Any]", func)

        async def carried_coroutine(*args: P.args, **kwargs: P.kwargs) -> Any:
            with _in(context):
                return await coroutine_function(*args, **kwargs)

        return cast("Callable[P, R]", _named_as(func, carried_coroutine))

    def carried(*args: P.args, **kwargs: P.kwargs) -> R:
        with _in(context):
            return func(*args, **kwargs)

    return _named_as(func, carried)


def propagate_to_threads(enabled: bool = True) -> None:
    """Carries the current span into the threads of every `ThreadPoolExecutor`, or stops doing so.

    For all executors of the process, those made earlier too: what is submitted while a span is current runs
    under it. Of the context, only OpenTelemetry's part is carried.

    Args:
        enabled: False gives `concurrent.futures` its own function back.
    """
    # Programs without threads need not load it.
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    with _Patch.lock:
        if enabled and _Patch.ours is None:
            _Patch.put_on(ThreadPoolExecutor)
        elif not enabled and _Patch.ours is not None and ThreadPoolExecutor.submit is _Patch.ours:
            _Patch.take_off(ThreadPoolExecutor)
        _Patch.is_on = enabled


class _Patch:
    """Our `submit` over the executor's. Where another library has wrapped ours, it stays and passes on."""

    lock = threading.Lock()
    is_on = False
    ours: Any = None
    original: Any = None

    @classmethod
    def put_on(cls, executor: Any) -> None:
        original = cls.original = executor.submit

        @functools.wraps(original)
        def submit(self: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
            if cls.is_on and current_span() is not None:
                fn = carry_context(fn)
            return original(self, fn, *args, **kwargs)

        cls.ours = executor.submit = submit

    @classmethod
    def take_off(cls, executor: Any) -> None:
        executor.submit = cls.original
        cls.ours = cls.original = None


def get_tracing_context_headers_for_http_request() -> dict[str, str]:
    """The headers that let the service which is called go on with this trace.

    Returns:
        `traceparent`, and `tracestate` if there is one; empty while no span is current.
    """
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415  # for those who speak HTTP
        TraceContextTextMapPropagator,
    )

    headers: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(headers)
    return headers


@contextmanager
def set_tracing_context_from_http_request_headers(headers: Headers) -> Generator[None, None, None]:
    """Lets the spans of a block belong to the trace of the service that sent a request.

    Without a valid `traceparent` the block runs as it would have without this.

    Args:
        headers: the request's headers as any framework gives them: a mapping, or pairs; text or bytes; in
            upper or lower case.

    Yields:
        Nothing.
    """
    context = _context_from(headers)
    if context is None:
        yield
        return
    with _in(context):
        yield


def _context_from(headers: Headers) -> Context | None:
    try:
        found = _tracing_headers(headers)
        context = with_caller(found, otel_context.get_current())
        if context is not None:
            return context
        logger.debug("outcrop: no valid traceparent in the request's headers: %r", found)
    except Exception as error:  # noqa: BLE001  # whatever was given as headers, the request must be served
        logger.debug("outcrop: a request's headers cannot be read: %r", error)
    return None


def _tracing_headers(headers: Headers) -> dict[str, str]:
    untyped: Any = headers
    pairs: Any = untyped.items() if hasattr(untyped, "items") else untyped
    found: dict[str, str] = {}
    for key, value in pairs:
        name = _as_text(key).lower()
        if name in _HEADERS:
            # Sent twice it is no valid header; joined it will be found to be none.
            found[name] = f"{found[name]},{_as_text(value)}" if name in found else _as_text(value)
    return found


def _as_text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


@contextmanager
def _in(context: Context) -> Generator[None, None, None]:
    token = otel_context.attach(context)
    try:
        yield
    finally:
        leave(token, current_span(context))


def _named_as(func: Callable[..., Any], carried: Callable[P, R]) -> Callable[P, R]:
    return functools.wraps(func)(carried)
