"""`@outcrop.trace`: a span a call, with the arguments by name and the result."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast, overload

from outcrop.capture.faults import logger
from outcrop.exceptions import ConfigurationError
from outcrop.recording.attribute_values import attribute_key, attribute_value
from outcrop.semconv import outcrop_attributes as names
from outcrop.tracing.arguments import ArgumentReader
from outcrop.tracing.gathering import Reducer
from outcrop.tracing.generator_function import GeneratorPlan, TracedGeneratorFunction
from outcrop.tracing.spans import SpanBlock

# The decorator gives back what it got, to type checkers too: overloads, generics and all.
F = TypeVar("F", bound="Callable[..., Any] | classmethod[Any, Any, Any] | staticmethod[Any, Any]")


@overload
def trace(func: F, /) -> F: ...


@overload
def trace(
    func: None = None,
    /,
    name: str | None = None,
    span_type: str | None = None,
    attributes: Mapping[str, Any] | None = None,
    output_reducer: Reducer | None = None,
) -> Callable[[F], F]: ...


def trace(
    func: Any = None,
    /,
    name: str | None = None,
    span_type: str | None = None,
    attributes: Mapping[str, Any] | None = None,
    output_reducer: Reducer | None = None,
) -> Any:
    """Traces a function: each call becomes a span, nested as the calls are.

    Use it bare (`@outcrop.trace`) or with arguments (`@outcrop.trace(span_type=SpanType.TOOL)`), on
    functions, methods, class and static methods (above or below `@classmethod`), coroutine functions,
    generators and asynchronous generators. The arguments are recorded as they are when the call begins;
    `self` and `cls` are left out. A generator's span lasts from the call to its last item, or until the
    caller stops reading; its outputs are its items.

    Args:
        func: the function, when used bare.
        name: the span's name; the function's own by default.
        span_type: a value of `outcrop.entities.SpanType` or any other text.
        attributes: set on every span.
        output_reducer: makes one value of the list of a generator's items, such as `"".join`. It gets at
            most the first 100,000.

    Returns:
        A function of the same signature, or a decorator that makes one.

    Raises:
        ConfigurationError: what is decorated is no function, or an argument is not of its type.
    """
    _check(name, span_type, attributes, output_reducer)
    fixed = {attribute_key(key): attribute_value(value) for key, value in (attributes or {}).items()}
    wrap = functools.partial(
        _wrap, name=name, span_type=span_type, attributes=fixed, output_reducer=output_reducer
    )
    return wrap if func is None else wrap(func)


def _check(
    name: str | None, span_type: str | None, attributes: Mapping[str, Any] | None, reducer: Reducer | None
) -> None:
    given: tuple[tuple[str, object, bool, str], ...] = (
        ("name", name, _is_text(name), "text"),
        ("span_type", span_type, _is_text(span_type), "text, such as outcrop.entities.SpanType.TOOL"),
        ("attributes", attributes, _is_mapping(attributes), "a mapping of names to values"),
        ("output_reducer", reducer, callable(reducer), "a function that takes the list of items"),
    )
    for argument, value, fits, wanted in given:
        if value is not None and not fits:
            raise ConfigurationError(f"outcrop.trace: {argument} is {value!r}: give {wanted}.")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_mapping(value: object) -> bool:
    return isinstance(value, Mapping)


def _wrap(
    func: Any,
    *,
    name: str | None,
    span_type: str | None,
    attributes: Mapping[str, Any],
    output_reducer: Reducer | None,
) -> Any:
    if isinstance(func, classmethod | staticmethod):
        method = cast("Any", func)
        inner = _wrap(
            method.__func__,
            name=name,
            span_type=span_type,
            attributes=attributes,
            output_reducer=output_reducer,
        )
        return type(method)(inner)
    if isinstance(func, type) or not callable(func):
        raise ConfigurationError(
            f"outcrop.trace is given {func!r}, which is no function. Use it bare above a function, or with "
            "keywords as @outcrop.trace(name=..., span_type=...); of a class or a property, decorate the "
            "functions within."
        )
    name = str(name or getattr(func, "__name__", type(func).__name__))
    reader = ArgumentReader(func)
    if _is(inspect.isgeneratorfunction, func) or _is(inspect.isasyncgenfunction, func):
        plan = GeneratorPlan(name, span_type, attributes, reader, output_reducer)
        return TracedGeneratorFunction(func, plan, is_async=_is(inspect.isasyncgenfunction, func))
    if output_reducer is not None:
        logger.warning("outcrop: %s is no generator, so its output_reducer is never called.", name)
    wrap = _coroutine_function if _is(inspect.iscoroutinefunction, func) else _function
    return wrap(func, name, span_type, attributes, reader)


def _is(kind: Callable[[Any], bool], func: Any) -> bool:
    """Whether calling it gives a coroutine or generator; an object is asked for its `__call__`."""
    return kind(func) or (not inspect.isroutine(func) and kind(getattr(func, "__call__", None)))  # noqa: B004  # the method itself is asked


def _function(
    func: Callable[..., Any],
    name: str,
    span_type: str | None,
    attributes: Mapping[str, Any],
    reader: ArgumentReader,
) -> Callable[..., Any]:
    @functools.wraps(func)
    def traced(*args: Any, **kwargs: Any) -> Any:
        inputs = reader.render(args, kwargs)
        block = SpanBlock(name, span_type, attributes)
        with block as span:
            span.set_json(names.INPUTS, inputs)
            result = func(*args, **kwargs)
            block.returned(result)
            return result

    return traced


def _coroutine_function(
    func: Callable[..., Any],
    name: str,
    span_type: str | None,
    attributes: Mapping[str, Any],
    reader: ArgumentReader,
) -> Callable[..., Any]:
    @functools.wraps(func)
    async def traced(*args: Any, **kwargs: Any) -> Any:
        inputs = reader.render(args, kwargs)
        block = SpanBlock(name, span_type, attributes)
        with block as span:
            span.set_json(names.INPUTS, inputs)
            result = await func(*args, **kwargs)
            block.returned(result)
            return result

    return traced
