"""A port for a test's server that goes away and comes back, or that is named before it listens.

A free port that the system chose may be given to the next who asks, such as another test beside this one.
This one is below those that systems give away by themselves, so whoever has it asked for it.
"""

from __future__ import annotations

import random
import socket

_FIRST, _LAST = 15_000, 30_000
# Not the seeded one, which would lead all tests that run beside each other to the same ports.
_chance = random.SystemRandom()


def steady_port() -> int:
    """One that nobody listens on."""
    while True:
        port = _chance.randint(_FIRST, _LAST)
        with socket.socket() as probe:
            # As servers bind: a connection that has just ended is no obstacle.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
