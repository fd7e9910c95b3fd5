"""Who goes first: people who ask, or programs that send.

Python runs one thread at a time. A question gives that turn up at every row that it reads, and gets it back
after a millisecond at best while another thread reads a request of spans: a page of fifty would take fifty
milliseconds instead of five. So who has much to read looks now and then whether somebody asks, and sleeps for
a moment if so; a sender does not notice a few milliseconds more, and nobody waits for the index of words.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from outcrop_server.in_process import Message

# A question that runs for longer is a large one: nobody waits for it any more.
_QUICK_S = 0.05
# For what nobody waits for, any question of the last second goes first.
_PATIENT_S = 1.0
# Each time that somebody is seen asking; and in all, for one piece of work.
_STEP_S = 0.0003
_MOST_S = 0.02
_PATH = "/api/"
# Answers that go on for as long as somebody listens.
_ENDLESS = frozenset({"/api/traces/tail"})
# Programs that send under this path, too; the first of them wait for the very spans that would be put off.
_SENT = (("POST", "/api/3.0/mlflow/traces"), ("POST", "/api/import"), ("PUT", "/api/2.0/mlflow-artifacts/"))


class Turns:
    """Counts the questions that are being answered. They come and go on one thread, the event loop's."""

    def __init__(self) -> None:
        self._asked = 0
        self._newest_s = 0.0

    def begin(self) -> None:
        """A question comes."""
        self._asked += 1
        self._newest_s = time.monotonic()

    def end(self) -> None:
        """It is answered."""
        self._asked -= 1

    def is_asked(self, within_s: float = _QUICK_S) -> bool:
        """Whether somebody waits for an answer, and the newest question is not older than this."""
        return self._asked > 0 and time.monotonic() - self._newest_s < within_s


class Work:
    """A piece of work that can wait a little: a request to be read. One thread's own.

    Args:
        turns: knows who asks; None where nobody does.
        most_s: how long it waits in all.
        within_s: how old the newest question may be for which it waits.
    """

    def __init__(self, turns: Turns | None, most_s: float = _MOST_S, within_s: float = _QUICK_S) -> None:
        self._turns = turns
        self._left_s = most_s if turns is not None else 0.0
        self._within_s = within_s

    @classmethod
    def patient(cls, turns: Turns) -> Work:
        """Work in the background: it goes on slowly as long as somebody asks."""
        return cls(turns, math.inf, _PATIENT_S)

    def give_way(self) -> None:
        """Sleeps for a moment if somebody asks, until this work has waited long enough."""
        if self._left_s > 0 and self._turns is not None and self._turns.is_asked(self._within_s):
            self._left_s -= _STEP_S
            time.sleep(_STEP_S)


class CountedQuestions:
    """Wraps an ASGI application: tells `Turns` of each question.

    Args:
        app: what answers.
        turns: told.
    """

    def __init__(self, app: Callable[..., Awaitable[None]], turns: Turns) -> None:
        self._app = app
        self._turns = turns

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Answers one request, as ASGI has it."""
        if not _is_question(scope):
            await self._app(scope, receive, send)
            return
        self._turns.begin()
        try:
            await self._app(scope, receive, send)
        finally:
            self._turns.end()


def _is_question(scope: Message) -> bool:
    path = scope.get("path", "")
    if scope["type"] != "http" or not path.startswith(_PATH) or path in _ENDLESS:
        return False
    return not any(
        scope["method"] == method and (path == sent or (sent.endswith("/") and path.startswith(sent)))
        for method, sent in _SENT
    )
