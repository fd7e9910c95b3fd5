from __future__ import annotations

import pytest

from outcrop_server.model.progress import RUNNING_WITHIN_NS, trace_state
from outcrop_server.model.summary import TraceSummary
from server.tests.support.spans import START_NS, TRACE, new_span


@pytest.mark.parametrize(
    ("parents", "later_ns", "state"),
    [
        ([None], 0, "COMPLETE"),
        ([None], 10 * RUNNING_WITHIN_NS, "COMPLETE"),
        ([9], 0, "IN_PROGRESS"),
        ([9, 9], RUNNING_WITHIN_NS - 1, "IN_PROGRESS"),
        ([9, 9], RUNNING_WITHIN_NS, "INCOMPLETE"),
        # A sender whose clock is ahead.
        ([9], -RUNNING_WITHIN_NS, "IN_PROGRESS"),
        ([9, None], 0, "COMPLETE"),
    ],
)
def test_a_trace_without_a_root_runs_until_some_time_after_its_last_end(
    parents: list[int | None], later_ns: int, state: str
) -> None:
    end_ns = START_NS + 5_000_000
    spans = [new_span(i, parent, end_time_ns=end_ns) for i, parent in enumerate(parents, 1)]
    row = TraceSummary().add_all(spans).row(TRACE)
    assert trace_state(row, end_ns + later_ns) == state
