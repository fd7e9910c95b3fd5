"""What `@outcrop.trace` makes of a generator function: an object that is called as the function is.

It cannot be a generator function itself: nothing of one runs before the first item is asked for, and the span
belongs under whoever makes the call. A web framework reads the items long after.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import CodeType, MethodType
from typing import Any

from outcrop.semconv import outcrop_attributes as names
from outcrop.tracing.arguments import ArgumentReader
from outcrop.tracing.gathering import ReducedItems, Reducer, RenderedItems
from outcrop.tracing.generator_run import GeneratorRun, drive, drive_async
from outcrop.tracing.spans import begin_span


@dataclass(frozen=True)
class GeneratorPlan:
    """What each span of a generator function is made from."""

    name: str
    span_type: str | None
    attributes: Mapping[str, Any]
    reader: ArgumentReader
    reducer: Reducer | None


class TracedGeneratorFunction:
    """A traced generator function, synchronous or not.

    `inspect` takes it for a generator function, by the attributes that it shares with one: frameworks ask.
    """

    __wrapped__: Callable[..., Any]
    __qualname__: str
    __code__: CodeType

    def __init__(self, func: Callable[..., Any], plan: GeneratorPlan, *, is_async: bool) -> None:
        """Made by `outcrop.trace`."""
        functools.update_wrapper(self, func)
        for name in ("__code__", "__defaults__", "__kwdefaults__"):
            if hasattr(func, name):
                setattr(self, name, getattr(func, name))
        self._plan = plan
        self._drive: Any = drive_async if is_async else drive

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Starts the span and gives the generator; a call that does not fit raises at once, as ever."""
        plan = self._plan
        inputs = plan.reader.render(args, kwargs)
        span = begin_span(plan.name, plan.span_type, plan.attributes)
        span.set_json(names.INPUTS, inputs)
        try:
            body = self.__wrapped__(*args, **kwargs)
        except BaseException as error:
            span.fail(error)
            span.end()
            raise
        gathering = RenderedItems() if plan.reducer is None else ReducedItems(plan.reducer)
        return self._drive(GeneratorRun(span, gathering), body)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __reduce__(self) -> str:
        # As functions are pickled and copied: by the name they have in their module.
        return self.__qualname__

    def __repr__(self) -> str:
        return f"<traced {self.__wrapped__!r}>"
