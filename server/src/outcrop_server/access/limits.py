"""How often: failures that an address may have, and requests that a token may send. Kept in memory.

Times are seconds of a clock that never goes back. Each limiter forgets the oldest of too many keys, so that
nobody fills the memory by asking under many names.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_KEYS = 10_000
_FAILURES = 10
_WINDOW_S = 60.0
# The part of a minute's requests that may come at once.
_BURST = 0.1
_IPV6_NETWORK = 64
V = TypeVar("V")


class FailureLimit:
    """At most ten failures a minute from one address.

    Args:
        clock: the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = _Recent[deque[float]]()

    def wait_s(self, client: str) -> int:
        """Seconds until this address may try again; 0 if it may now."""
        with self._lock:
            failures = self._failures.get(_network(client))
            if failures is None or len(failures) < _FAILURES:
                return 0
            return max(0, math.ceil(failures[0] + _WINDOW_S - self._clock()))

    def failed(self, client: str) -> None:
        """Counts a failure."""
        with self._lock:
            failures = self._failures.get(_network(client))
            if failures is None:
                failures = deque[float](maxlen=_FAILURES)
                self._failures.put(_network(client), failures)
            failures.append(self._clock())


class RequestLimit:
    """Each token's requests a minute, a tenth of them at once.

    Args:
        clock: the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # What is left, and when that was so.
        self._left = _Recent[tuple[float, float]]()

    def wait_s(self, token_id: str, per_minute: int) -> int:
        """Takes a request; seconds to wait if there is none left, else 0."""
        now = self._clock()
        burst = max(1.0, per_minute * _BURST)
        a_second = per_minute / 60
        with self._lock:
            left, then = self._left.get(token_id) or (burst, now)
            left = min(burst, left + (now - then) * a_second)
            if left < 1:
                self._left.put(token_id, (left, now))
                return max(1, math.ceil((1 - left) / a_second))
            self._left.put(token_id, (left - 1, now))
            return 0


class _Recent(Generic[V]):
    """The newest keys; not safe for threads by itself."""

    def __init__(self) -> None:
        self._values: OrderedDict[str, V] = OrderedDict()

    def get(self, key: str) -> V | None:
        return self._values.get(key)

    def put(self, key: str, value: V) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > _MOST_KEYS:
            self._values.popitem(last=False)


def _network(client: str) -> str:
    """One machine has a whole /64 of IPv6 addresses to ask from."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if address.version == 4:  # noqa: PLR2004  # IP's own number
        return client
    return str(ipaddress.ip_network((address, _IPV6_NETWORK), strict=False))
