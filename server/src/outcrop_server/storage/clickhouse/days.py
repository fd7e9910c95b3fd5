"""The days that traces lie in, which are the partitions of the tables. Pure."""

from __future__ import annotations

import time

NS_IN_DAY = 86_400 * 1_000_000_000
# Of what began longer ago, or later than this, no partition is made: a sender whose clock is wild would make
# thousands.
PAST_DAYS = 400
AHEAD_DAYS = 2
# Where that lies.
ELSEWHEN = 0


def day_of(start_ns: int, now_ns: int | None = None) -> int:
    """The day of what began at a moment, if it comes now."""
    day = start_ns // NS_IN_DAY
    today = (time.time_ns() if now_ns is None else now_ns) // NS_IN_DAY
    return day if today - PAST_DAYS <= day <= today + AHEAD_DAYS else ELSEWHEN
