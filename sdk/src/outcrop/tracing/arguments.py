"""A call's arguments by the names of the function's parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from outcrop.capture.faults import report_fault
from outcrop.capture.render import to_json

_NAMED = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
_GATHERING = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}


class ArgumentReader:
    """Renders the arguments of a function's calls."""

    def __init__(self, func: Callable[..., Any]) -> None:
        """`func` is the function as the user wrote it."""
        try:
            self._signature: inspect.Signature | None = inspect.signature(func)
        except (TypeError, ValueError):  # some built-ins have none
            self._signature = None
        parameters = list(self._signature.parameters.values()) if self._signature else []
        names = [parameter.name for parameter in parameters]
        # A function in a class body takes its instance first, and only its qualified name tells.
        is_method = "." in getattr(func, "__qualname__", "").rpartition("<locals>.")[2]
        self._hidden = names[0] if is_method and names[:1] in (["self"], ["cls"]) else None
        # Most functions gather nothing (`*rest`, `**more`): then names and values need no binding.
        is_simple = parameters and not any(parameter.kind in _GATHERING for parameter in parameters)
        self._names = [p.name for p in parameters if p.kind in _NAMED] if is_simple else None
        self._all_names = frozenset(names)

    def render(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        """The arguments as a JSON object, as they are now."""
        try:
            named = self._named(args, kwargs)
            if self._hidden is not None:
                named.pop(self._hidden, None)
            return to_json(named)
        except Exception as error:  # noqa: BLE001  # the traced function must run whatever its arguments
            report_fault("recording a function's arguments", error)
            return "{}"

    def _named(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        names = self._names
        if names is not None and len(args) <= len(names) and self._all_names.issuperset(kwargs):
            return {**dict(zip(names, args, strict=False)), **kwargs}
        try:
            bound = dict(self._signature.bind(*args, **kwargs).arguments) if self._signature else {}
        except TypeError:
            # A call that does not fit the signature: the function itself will say so.
            bound = {}
        return bound if bound or not (args or kwargs) else {"args": list(args), **kwargs}
