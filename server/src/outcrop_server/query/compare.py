"""Traces side by side: spans of the same name and place are aligned, and their numbers subtracted. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outcrop.genai.usage import Usage
    from outcrop_server.model.rows import SpanRow, TraceRow


class Difference(NamedTuple):
    """How much more than the first one has; negative is less, None where one of the two is not known."""

    duration_ns: int
    input_tokens: int | None
    output_tokens: int | None
    cost_nano_usd: int | None
    has_other_status: bool


class AlignedSpan(NamedTuple):
    """A place in the tree, and each trace's span there; None where it has none.

    `name` is the first span's; `depth` is 0 for a root.
    """

    name: str
    depth: int
    spans: tuple[SpanRow | None, ...]


@dataclass
class _Node:
    """A place in the merged tree."""

    spans: list[SpanRow | None]
    depth: int
    children: dict[tuple[str, int], _Node] = field(default_factory=dict[tuple[str, int], "_Node"])


def aligned(traces: Sequence[Sequence[SpanRow]]) -> Iterator[AlignedSpan]:
    """The places of all traces' spans, parents before their children.

    Children of spans that are aligned are aligned by name: the first `chat` with the first `chat`, and so on,
    whichever model was asked.
    Roots are aligned in their order, whatever their names. What the first trace does not have comes behind
    what it has.

    Args:
        traces: each one's spans in order of start.
    """
    tree = _Node([], -1)
    for place, spans in enumerate(traces):
        _merge(tree, spans, place, len(traces))
    waiting = list(reversed(tree.children.values()))
    while waiting:
        node = waiting.pop()
        name = next(span.name for span in node.spans if span is not None)
        yield AlignedSpan(name, node.depth, tuple(node.spans))
        waiting.extend(reversed(node.children.values()))


def difference(first: SpanRow | TraceRow | None, other: SpanRow | TraceRow | None) -> Difference | None:
    """What `other` has more than `first`; None if one of them is not there."""
    if first is None or other is None:
        return None
    before, after = first.usage, other.usage
    return Difference(
        duration_ns=other.duration_ns - first.duration_ns,
        input_tokens=_less(_input(after), _input(before)),
        output_tokens=_less(_output(after), _output(before)),
        cost_nano_usd=_less(other.cost_nano_usd, first.cost_nano_usd),
        has_other_status=(first.status == "ERROR") is not (other.status == "ERROR"),
    )


def _merge(tree: _Node, spans: Sequence[SpanRow], place: int, width: int) -> None:
    children: dict[bytes | None, list[SpanRow]] = {}
    ids = {span.span_id for span in spans}
    for span in spans:
        # A parent that never came does not hide its children.
        parent = span.parent_id if span.parent_id in ids else None
        children.setdefault(parent, []).append(span)
    waiting = [(tree, children.pop(None, []))]
    roots = 0
    while waiting or children:
        if not waiting:
            # What is left are parents of each other: one of them is taken for a root.
            waiting.append((tree, children.pop(next(iter(children)))))
        node, group = waiting.pop()
        counts: Counter[str] = Counter()
        for span in group:
            name = _called(span)
            key = ("", roots) if node is tree else (name, counts[name])
            roots += node is tree
            counts[name] += 1
            child = node.children.setdefault(key, _Node([None] * width, node.depth + 1))
            child.spans[place] = span
            if span.span_id in children:
                waiting.append((child, children.pop(span.span_id)))


def _called(span: SpanRow) -> str:
    """A span's name without its model: the same step asked of two models is what one compares."""
    return span.name.removesuffix(span.model).rstrip() if span.model else span.name


def _input(usage: Usage | None) -> int | None:
    return None if usage is None else usage.input_tokens


def _output(usage: Usage | None) -> int | None:
    return None if usage is None else usage.output_tokens


def _less(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else left - right
