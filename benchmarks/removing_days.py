"""How long does it take to remove days that are too old: whole where the engine can, and trace by trace?

A week of traces in each engine (`_million.py`; PostgreSQL and ClickHouse's engine as in `engines_beside.py`).
Retention removes the first half trace by trace and then, where the engine drops days, the other half by days.
It waits after each step as long as the step took; that is in the times. Giving the room back is
apart. OUTCROP_BENCHMARK_SPANS
says how many spans (100,000), OUTCROP_BENCHMARK_ENGINES which engines.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))
os.environ.setdefault("OUTCROP_BENCHMARK_SPANS", "100000")

from _million import START_NS, WEEK_NS, fill
from engines_beside import SPANS, engines_of

from outcrop_server.configuration.retention import Limits
from outcrop_server.upkeep.retention import Removed, Retention, RetentionPolicy

if TYPE_CHECKING:
    from engines_beside import Engine

    from outcrop_server.storage.api import TraceStore

_DAY_NS = WEEK_NS // 7
_AGE_S = 7 * 86_400


def remove(engine: Engine, store: TraceStore, until_ns: int, how: str) -> None:
    """Lets retention remove what began before, and tells what that took."""
    policy = RetentionPolicy(Limits(age_s=_AGE_S))
    retention = Retention(store, policy, lambda: until_ns + _AGE_S * 10**9)
    removed = Removed()
    give_back = store.give_back
    store.give_back = lambda _max_bytes, **_: 0  # type: ignore[method-assign]
    of_database = 0.0 if engine.database is None else engine.database.cpu_s()
    began = time.perf_counter()
    retention.run(threading.Event(), removed)
    seconds, traces = time.perf_counter() - began, removed.traces.total()
    theirs = 0.0 if engine.database is None else engine.database.cpu_s() - of_database
    began = time.perf_counter()
    given = sum(iter(lambda: give_back(64 << 20), 0))
    store.give_back = give_back  # type: ignore[method-assign]
    print(
        f"{engine.name}, {how}: {traces:,} traces in {seconds:.1f} s, {traces / seconds:,.0f} a second; "
        f"{theirs / traces * 1e6:,.0f} us of the database's CPU each; "
        f"{given:,} bytes given back in {time.perf_counter() - began:.1f} s more",
        flush=True,
    )


def main() -> None:
    """Prints each way of each engine."""
    half_ns = START_NS // _DAY_NS * _DAY_NS + 4 * _DAY_NS
    with tempfile.TemporaryDirectory() as folder, ExitStack() as ending:
        for engine in engines_of(folder, ending):
            with closing(engine.open()) as store:
                fill(store, SPANS)
                drop = store.delete_day
                store.delete_day = lambda _: {}  # type: ignore[method-assign]
                remove(engine, store, half_ns, "trace by trace")
                store.delete_day = drop  # type: ignore[method-assign]
                remove(engine, store, half_ns + 4 * _DAY_NS, "by days")


if __name__ == "__main__":
    main()
