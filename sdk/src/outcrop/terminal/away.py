"""What is said of a server that goes and comes while its traces are followed; once each time."""

from __future__ import annotations

from collections.abc import Callable


class Away:
    """Whether the server is away.

    Args:
        say: takes a line for the user.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        """It is taken to be there."""
        self._say = say
        self._is_away = False

    def went(self, error: Exception) -> None:
        """It does not answer."""
        if not self._is_away:
            self._say(f"{error} Waiting for it.")
        self._is_away = True

    def came(self) -> None:
        """It answers."""
        if self._is_away:
            self._say("The server is back.")
        self._is_away = False

    def lost(self) -> None:
        """What happened meanwhile is not known for certain."""
        self._say(
            "There may be a gap: the server cannot say what came meanwhile. Its newest traces were read "
            "again; `outcrop traces list` has all of them."
        )
