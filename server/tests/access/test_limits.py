from __future__ import annotations

from outcrop_server.access.limits import FailureLimit, RequestLimit


def test_ten_failures_a_minute_are_borne_and_then_the_address_waits() -> None:
    now = [0.0]
    limit = FailureLimit(lambda: now[0])
    for second in range(10):
        now[0] = float(second)
        assert limit.wait_s("10.0.0.1") == 0
        limit.failed("10.0.0.1")
    assert limit.wait_s("10.0.0.1") == 51
    assert limit.wait_s("10.0.0.2") == 0
    now[0] = 60.0
    assert limit.wait_s("10.0.0.1") == 0


def test_one_machines_many_ipv6_addresses_count_as_one() -> None:
    limit = FailureLimit(lambda: 0.0)
    for number in range(10):
        limit.failed(f"2001:db8:1:2::{number}")
    assert limit.wait_s("2001:db8:1:2:ffff::1") > 0
    assert limit.wait_s("2001:db8:1:3::1") == 0


def test_a_token_has_a_tenth_of_its_minute_at_once_and_more_with_time() -> None:
    now = [0.0]
    limit = RequestLimit(lambda: now[0])
    assert [limit.wait_s("a", 60) for _ in range(7)] == [0, 0, 0, 0, 0, 0, 1]
    assert limit.wait_s("b", 60) == 0
    now[0] = 2.0
    assert [limit.wait_s("a", 60) for _ in range(3)] == [0, 0, 1]
    now[0] = 1000.0
    assert [limit.wait_s("a", 60) for _ in range(7)].count(0) == 6


def test_the_wait_that_is_named_is_enough() -> None:
    now = [0.0]
    limit = RequestLimit(lambda: now[0])
    assert limit.wait_s("slow", 1) == 0
    wait_s = limit.wait_s("slow", 1)
    assert wait_s == 60
    now[0] = float(wait_s)
    assert limit.wait_s("slow", 1) == 0


def test_many_addresses_do_not_fill_the_memory_and_the_newest_are_remembered() -> None:
    limit = FailureLimit(lambda: 0.0)
    for number in range(20_000):
        limit.failed(f"client {number}")
    for _ in range(10):
        limit.failed("client 19999")
    assert limit.wait_s("client 19999") > 0
    assert len(limit._failures._values) == 10_000  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - the bound itself
