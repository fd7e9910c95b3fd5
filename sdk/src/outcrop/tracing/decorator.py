"""`@outcrop.trace`: a span a call, with the arguments by name and the result."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar, overload

from outcrop.capture.faults import report_fault
from outcrop.recording.span import LiveSpan
from outcrop.tracing.spans import start_span

P = ParamSpec("P")
R = TypeVar("R")


@overload
def trace(func: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def trace(
    func: None = None,
    /,
    name: str | None = None,
    span_type: str | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def trace(
    func: Callable[P, R] | None = None,
    /,
    name: str | None = None,
    span_type: str | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Any:
    """Traces a function: each call becomes a span, nested as the calls are.

    Use it bare (`@outcrop.trace`) or with arguments (`@outcrop.trace(span_type=SpanType.TOOL)`), on
    plain functions, methods and coroutine functions. The arguments are recorded as they are when the
    call begins; `self` and `cls` are left out.

    Args:
        func: the function, when used bare.
        name: the span's name; the function's own by default.
        span_type: a value of `outcrop.entities.SpanType` or any other text.
        attributes: set on every span.

    Returns:
        A function of the same signature, or a decorator that makes one.
    """
    if func is None:
        return functools.partial(_wrap, name=name, span_type=span_type, attributes=attributes)
    return _wrap(func, name=name, span_type=span_type, attributes=attributes)


def _wrap(
    func: Callable[..., Any], *, name: str | None, span_type: str | None, attributes: Mapping[str, Any] | None
) -> Callable[..., Any]:
    span_name = name or func.__name__
    read_inputs = _InputReader(func)

    if inspect.iscoroutinefunction(func):

        @functools.wraps(func)
        async def traced_coroutine(*args: Any, **kwargs: Any) -> Any:
            with start_span(span_name, span_type, attributes) as span:
                read_inputs(span, args, kwargs)
                result = await func(*args, **kwargs)
                span.set_outputs(result)
                return result

        return traced_coroutine

    @functools.wraps(func)
    def traced(*args: Any, **kwargs: Any) -> Any:
        with start_span(span_name, span_type, attributes) as span:
            read_inputs(span, args, kwargs)
            result = func(*args, **kwargs)
            span.set_outputs(result)
            return result

    return traced


class _InputReader:
    """Records a call's arguments by parameter name."""

    def __init__(self, func: Callable[..., Any]) -> None:
        try:
            self._signature: inspect.Signature | None = inspect.signature(func)
        except (TypeError, ValueError):  # some built-ins have none
            self._signature = None
        parameters = list(self._signature.parameters) if self._signature else []
        # A function in a class body takes its instance first, and only its qualified name tells.
        is_method = "." in getattr(func, "__qualname__", "").rpartition("<locals>.")[2]
        self._hidden = parameters[0] if is_method and parameters[:1] in (["self"], ["cls"]) else None

    def __call__(self, span: LiveSpan, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        try:
            span.set_inputs(self._bind(args, kwargs))
        except Exception as error:  # noqa: BLE001  # the traced function must run whatever its arguments
            report_fault("recording a function's arguments", error)

    def _bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        try:
            bound = self._signature.bind(*args, **kwargs).arguments if self._signature else {}
        except TypeError:
            # A call that does not fit the signature: the function itself will say so.
            bound = {}
        named = bound or {"args": list(args), **kwargs} if args or kwargs else bound
        return {key: value for key, value in named.items() if key != self._hidden}
