"""A filter's tokens, read one after the other."""

from __future__ import annotations

from outcrop.filter.lexer import Token, tokens


class Cursor:
    """Where reading stands."""

    def __init__(self, source: str) -> None:
        """Begins with the first token of `source`; raises FilterError where a sign means nothing."""
        self._tokens = list(tokens(source))
        self._position = 0

    @property
    def next(self) -> Token:
        """The token that comes next; at the end the `end`."""
        return self._tokens[self._position]

    def after_next(self, count: int = 1) -> Token:
        """The one `count` behind the next."""
        return self._tokens[min(self._position + count, len(self._tokens) - 1)]

    def take(self) -> Token:
        """The next token, which is then behind us; the `end` stays."""
        token = self.next
        if token.kind != "end":
            self._position += 1
        return token
