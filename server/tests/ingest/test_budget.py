from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from outcrop_server.ingest import budget as budget_module
from outcrop_server.ingest.budget import Budget
from outcrop_server.model.errors import UnavailableError

PATIENT_S = 60.0


def test_a_budget_refuses_what_goes_beyond_it_and_gives_back() -> None:
    budget = Budget(100)
    with budget.reserved(60):
        with budget.reserved(40):
            pass
        with pytest.raises(UnavailableError), budget.reserved(41):
            pass
    with budget.reserved(1000):
        pass


async def read(budget: Budget, most: int, size: int, until: Awaitable[object]) -> None:
    """Reads one whose size is known when something has come."""
    async with budget.reading(most, PATIENT_S) as reading:
        await until
        reading.known(size)


def is_free(budget: Budget, size: int) -> bool:
    """Whether so many bytes could be had beside others."""
    try:
        with budget.reserved(1), budget.reserved(size - 1):
            return True
    except UnavailableError:
        return False


async def settle() -> None:
    """Lets every task go as far as it can by itself."""
    for _ in range(10):
        await asyncio.sleep(0)


def run(work: Callable[[Budget], Awaitable[None]], max_bytes: int = 100) -> Budget:
    budget = Budget(max_bytes)

    async def go() -> None:
        await work(budget)

    asyncio.run(go())
    return budget


def test_what_is_read_holds_the_most_until_its_size_is_known() -> None:
    async def work(budget: Budget) -> None:
        async with budget.reading(40, PATIENT_S) as reading:
            assert (is_free(budget, 60), is_free(budget, 61)) == (True, False)
            reading.known(5)
            assert (is_free(budget, 95), is_free(budget, 96)) == (True, False)

    assert is_free(run(work), 100)


def test_reading_leaves_room_for_one_more_and_the_next_waits_its_turn() -> None:
    async def work(budget: Budget) -> None:
        come = asyncio.Event()
        tasks = [asyncio.create_task(read(budget, 25, 1, come.wait())) for _ in range(4)]
        await settle()
        # Three of 25 at once, and the fourth not though there is room.
        assert (is_free(budget, 25), is_free(budget, 26)) == (True, False)
        come.set()
        await asyncio.gather(*tasks)

    assert is_free(run(work), 100)


def test_one_that_is_larger_than_the_budget_is_read_when_nothing_else_is() -> None:
    async def work(budget: Budget) -> None:
        with budget.reserved(1):
            task = asyncio.create_task(read(budget, 1000, 1000, asyncio.sleep(0)))
            await settle()
            assert not task.done()
        await task

    assert is_free(run(work), 100)


@pytest.mark.parametrize("ends", ["patience", "cancelled", "cancelled with its turn"])
def test_who_waits_no_longer_holds_nothing_and_holds_up_nobody(ends: str) -> None:
    async def work(budget: Budget) -> None:
        patience_s = 0.001 if ends == "patience" else PATIENT_S

        async def wait() -> None:
            async with budget.reading(90, patience_s):
                await asyncio.sleep(0)

        with budget.reserved(50):
            first = asyncio.create_task(wait())
            await settle()
            second = asyncio.create_task(read(budget, 50, 1, asyncio.sleep(0)))
            await settle()
            if ends == "cancelled":
                first.cancel()
            if ends != "cancelled with its turn":
                await asyncio.wait([first])
                await second
        if ends == "cancelled with its turn":
            # It has been given its turn, and does not know of it yet.
            first.cancel()
            await asyncio.wait([first])
            await second
        if ends == "patience":
            assert isinstance(first.exception(), UnavailableError)
        else:
            assert first.cancelled()

    assert is_free(run(work), 100)


def test_too_many_that_wait_are_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget_module, "_MOST_IN_TURN", 1)

    async def work(budget: Budget) -> None:
        with budget.reserved(100):
            waiting = asyncio.create_task(read(budget, 50, 1, asyncio.sleep(0)))
            await settle()
            with pytest.raises(UnavailableError, match="the limit"):
                async with budget.reading(50, PATIENT_S):
                    pass
        await waiting

    assert is_free(run(work), 100)
