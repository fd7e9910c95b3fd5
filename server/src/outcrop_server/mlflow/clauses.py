"""MLflow's filter language as plain clauses: `<entity>.<key> <comparator> <value>`, joined by AND. Pure.

Source: MLflow 3.17.2, documentation of search_traces and search_experiments, and observed answers. There
is no OR, no NOT before a clause, and a quote within a value is not escaped: the other kind is put around it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from outcrop_server.model.errors import BadRequestError

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:''|[^'])*'|"(?:""|[^"])*")
      | (?P<number>-?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?(?![\w.]))
      | (?P<operator><=|>=|!=|<>|==|=|<|>)
      | (?P<mark>[(),])
      | (?P<name>(?:`[^`]*`|[^\s'"`()=<>!,])+(?:"[^"]*")?)
    )""",
    re.VERBOSE,
)
_WORDS = ("LIKE", "ILIKE", "RLIKE", "IN")


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition.

    Attributes:
        entity: what stands before the first dot, in small letters; empty if there is no dot.
        key: what stands behind it, without quotes.
        comparator: such as `=`, `NOT IN` or `IS NULL`, in capitals.
        value: text, number, a tuple of texts, or None for IS NULL.
    """

    entity: str
    key: str
    comparator: str
    value: Any = None


def parse_clauses(text: str) -> list[Clause]:
    """The clauses of a filter.

    Raises:
        BadRequestError: it is none.
    """
    reader = _Reader(text)
    clauses: list[Clause] = []
    while not reader.is_at_end:
        if clauses:
            reader.word("AND")
        clauses.append(_clause(reader))
    return clauses


class _Reader:
    """The tokens of a filter, one after the other."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str]] = []
        place = 0
        stripped = text.rstrip()
        while place < len(stripped):
            found = _TOKEN.match(stripped, place)
            if found is None or found.lastgroup is None:
                raise _refusal(text, f"it cannot be read from {stripped[place : place + 40]!r} on")
            self._tokens.append((found.lastgroup, found.group(found.lastgroup)))
            place = found.end()
        self._place = 0

    @property
    def is_at_end(self) -> bool:
        """Whether nothing follows."""
        return self._place >= len(self._tokens)

    def take(self) -> tuple[str, str]:
        """The next token and its kind."""
        if self.is_at_end:
            raise self.refusal("it ends too early")
        self._place += 1
        return self._tokens[self._place - 1]

    def word(self, *words: str) -> str:
        """The next token, which must be one of these words."""
        kind, text = self.take()
        if kind == "name" and text.upper() in words:
            return text.upper()
        raise self.refusal(f"expected {' or '.join(words)}, found {text[:80]!r}")

    def refusal(self, why: str) -> BadRequestError:
        """The error of this filter."""
        return _refusal(self._text, why)


def _refusal(text: str, why: str) -> BadRequestError:
    return BadRequestError(f"Invalid clause(s) in filter string: {why}. The filter is: {text[:500]}")


def _clause(reader: _Reader) -> Clause:
    kind, text = reader.take()
    if kind != "name":
        raise reader.refusal(f"expected a field such as trace.status or tag.key, found {text[:80]!r}")
    entity, dot, key = text.partition(".")
    if not dot:
        entity, key = "", text
    comparator = _comparator(reader)
    where = (entity.strip("`").lower(), _unquoted_key(key))
    if comparator in {"IS NULL", "IS NOT NULL"}:
        return Clause(*where, comparator)
    if comparator.endswith("IN"):
        return Clause(*where, comparator, _texts(reader))
    return Clause(*where, comparator, _value(reader))


def _unquoted_key(key: str) -> str:
    if key.startswith("attributes."):
        return f"attributes.{_unquoted_key(key.removeprefix('attributes.'))}"
    return key[1:-1] if len(key) > 1 and key[0] == key[-1] and key[0] in '`"' else key


def _comparator(reader: _Reader) -> str:
    kind, text = reader.take()
    word = text.upper()
    if kind == "operator":
        return {"<>": "!=", "==": "="}.get(text, text)
    if kind == "name" and word == "NOT":
        return f"NOT {reader.word('IN')}"
    if kind == "name" and word == "IS":
        if reader.word("NOT", "NULL") == "NULL":
            return "IS NULL"
        reader.word("NULL")
        return "IS NOT NULL"
    if kind == "name" and word in _WORDS:
        return word
    raise reader.refusal(f"expected a comparison, found {text[:80]!r}")


def _value(reader: _Reader) -> Any:
    kind, text = reader.take()
    if kind == "text":
        return text[1:-1]
    if kind == "number":
        return int(text) if re.fullmatch(r"-?\d+", text) else float(text)
    raise reader.refusal(f"expected a quoted text or a number, found {text[:80]!r}")


def _texts(reader: _Reader) -> tuple[str, ...]:
    found: list[str] = []
    if reader.take() != ("mark", "("):
        raise reader.refusal("expected a list such as ('a', 'b')")
    while True:
        kind, text = reader.take()
        if kind != "text":
            raise reader.refusal(f"a list holds quoted texts, found {text[:80]!r}")
        found.append(text[1:-1])
        mark = reader.take()
        if mark == ("mark", ")"):
            return tuple(found)
        if mark != ("mark", ","):
            raise reader.refusal(f"expected , or ) in a list, found {mark[1][:80]!r}")
