"""A request waits for all of it; who gives up, or comes when the server stops, is told so."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import Any

import pytest

from outcrop_server.ingest.intake import Intake
from outcrop_server.ingest.pipeline import Accepted
from outcrop_server.model.errors import BadRequestError, StoreFullError, UnavailableError


class Pipeline:
    """Takes in nothing by itself: a test says when what was taken in is durable."""

    def __init__(self) -> None:
        self.stored: Future[int] = Future()
        self.bodies: list[bytes] = []
        self.has_come = threading.Event()

    def accept(self, body: bytes, *_: Any) -> Accepted:
        self.bodies.append(body)
        self.has_come.set()
        return Accepted(self.stored, ["one is wrong"])


def intake_of(pipeline: Any) -> Intake:
    return Intake(pipeline, 1000, 1000)


def test_the_answer_waits_until_the_spans_are_durable() -> None:
    pipeline = Pipeline()
    intake = intake_of(pipeline)

    async def taken() -> str:
        waiting = asyncio.create_task(intake.take(lambda: b"body", None, None))
        await asyncio.to_thread(pipeline.has_come.wait, 60)
        assert not waiting.done()
        pipeline.stored.set_result(3)
        return (await waiting).partial_success.error_message

    assert asyncio.run(taken()) == "one is wrong"
    assert pipeline.bodies == [b"body"]
    intake.close()


def test_what_reading_or_storing_raises_is_raised_where_the_request_waits() -> None:
    pipeline = Pipeline()
    pipeline.stored.set_exception(StoreFullError("full"))
    intake = intake_of(pipeline)

    def wrong() -> bytes:
        raise BadRequestError("no gzip")

    with pytest.raises(BadRequestError, match="no gzip"):
        asyncio.run(intake.take(wrong, None, None))
    with pytest.raises(StoreFullError, match="full"):
        asyncio.run(intake.take(lambda: b"body", None, None))
    intake.close()


def test_what_nobody_waits_for_any_more_is_not_read() -> None:
    pipeline = Pipeline()
    intake = intake_of(pipeline)
    may_go_on = threading.Event()

    def slow() -> bytes:
        assert may_go_on.wait(120)
        return b"slow"

    async def given_up() -> None:
        # As many as are read at once, and one that waits for them.
        running = [asyncio.create_task(intake.take(slow, None, None)) for _ in range(2)]
        waiting = asyncio.create_task(intake.take(lambda: b"given up", None, None))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled()
        may_go_on.set()
        pipeline.stored.set_result(1)
        await asyncio.gather(*running)

    asyncio.run(given_up())
    intake.close()
    assert pipeline.bodies == [b"slow", b"slow"]


def test_a_closed_one_takes_nothing_and_says_that_it_will_be_back() -> None:
    intake = intake_of(Pipeline())
    intake.close()
    with pytest.raises(UnavailableError, match="stopping"):
        asyncio.run(intake.take(lambda: b"body", None, None))
