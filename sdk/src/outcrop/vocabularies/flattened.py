"""Puts together what was flattened into names, such as `llm.input_messages.0.message.role`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

# Names are the sender's: none that means something is nested deeper.
_MOST_STEPS = 16
# What a name holds that others go on from, such as both `a.0` and `a.0.b`.
_ITSELF = ""


def unflattened(attributes: Mapping[str, Any], prefix: str) -> Any:
    """What lies below a prefix that ends in a dot.

    Returns:
        An object, or a list where all names are numbers, in their order; gaps are closed. An empty object
        if nothing begins so.
    """
    tree: dict[str, Any] = {}
    for name, value in attributes.items():
        if name.startswith(prefix):
            _put(tree, name[len(prefix) :].split(".", _MOST_STEPS), value)
    return _with_lists(tree)


def entries(attributes: Mapping[str, Any], prefix: str) -> list[Any]:
    """The same where a list is expected; empty if it is none."""
    found = unflattened(attributes, prefix)
    return cast("list[Any]", found) if isinstance(found, list) else []


def _put(tree: dict[str, Any], steps: list[str], value: Any) -> None:
    for step in steps[:-1]:
        below = tree.setdefault(step, {})
        if not isinstance(below, dict):
            below = tree[step] = {_ITSELF: below}
        tree = cast("dict[str, Any]", below)
    last = steps[-1]
    taken = tree.get(last)
    if isinstance(taken, dict):
        taken[_ITSELF] = value
    else:
        tree[last] = value


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    members = {name: _with_lists(member) for name, member in cast("dict[str, Any]", value).items()}
    if not members or not all(name.isdecimal() and len(name) < _MOST_STEPS for name in members):
        return members
    return [members[name] for name in sorted(members, key=int)]
