"""Which texts a pattern cannot be found without, so that an index can be asked for them. Pure."""

from __future__ import annotations

from outcrop.filter.patterns.syntax import Choice, Node, One, Repeat, Sequence

# One of each of these must be there.
Required = tuple[tuple[str, ...], ...]


def required(node: Node) -> Required:
    """What must stand in a text, ASCII letters small; nothing where that cannot be said."""
    found: list[tuple[str, ...]] = []
    run = ""
    for item in _items(node):
        sign = _only(item)
        if sign is not None:
            run += sign
            continue
        if run:
            found.append((run,))
        run = ""
        found += _of_one(item)
    return tuple([*found, (run,)] if run else found)


def _items(node: Node) -> list[Node]:
    """What stands one after the other, groups opened."""
    if not isinstance(node, Sequence):
        return [node]
    return [item for each in node.items for item in _items(each)]


def _only(node: Node) -> str | None:
    """The one character that is there, whatever the text; None if there may be others."""
    if not isinstance(node, One) or node.is_negated or node.characters.classes:
        return None
    signs = {first if first == last else "" for first, last in node.characters.ranges}
    small = {sign.lower() if sign.isascii() else sign for sign in signs}
    return small.pop() if len(small) == 1 and "" not in small else None


def _of_one(node: Node) -> list[tuple[str, ...]]:
    if isinstance(node, Repeat):
        return list(required(node.item)) if node.least else []
    if isinstance(node, Choice):
        branches = [required(branch) for branch in node.branches]
        if all(branches):
            longest = [max(branch, key=lambda each: min(map(len, each))) for branch in branches]
            return [tuple(dict.fromkeys(text for texts in longest for text in texts))]
    return []
