from __future__ import annotations

import json
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from outcrop.genai.usage import Usage
from outcrop_server.model.annotations import TraceEdit
from outcrop_server.model.new_span import NewSpan
from outcrop_server.model.rows import Failure, TraceRow
from outcrop_server.model.summary import MAX_NAMES, TraceSummary, restored
from server.tests.support.spans import START_NS, TRACE, model_call, new_span, row


def summary_row(*spans: NewSpan) -> TraceRow:
    return TraceSummary().add_all(spans).row(TRACE)


words = st.none() | st.sampled_from(["a", "b", "c"])


def span_of(number: int, parent: int | None, start: int, *, is_call: bool, **rest: Any) -> NewSpan:
    make = model_call if is_call else new_span
    times: dict[str, Any] = {
        "start_time_ns": START_NS + start,
        "end_time_ns": START_NS + start + number % 1000,
    }
    return make(number, parent, **times, **rest)


any_span = st.builds(
    span_of,
    number=st.integers(1, 2**64 - 1),
    parent=st.none() | st.just(1),
    start=st.integers(0, 3),
    is_call=st.booleans(),
    name=st.sampled_from(["x", "y"]),
    request_preview=words,
    response_preview=words,
    session_id=words,
    user_id=words,
    time_to_first_chunk_ns=st.none() | st.integers(0, 9),
    model=words,
    tools=st.lists(st.sampled_from(["t", "u", "v"]), unique=True).map(tuple),
    tags=st.dictionaries(st.sampled_from(["k", "l"]), st.sampled_from(["1", "2"])),
    metadata=st.dictionaries(st.sampled_from(["m", "n"]), st.sampled_from(["1", "2"])),
    attempts=st.integers(0, 3),
    experiment=st.sampled_from(["E", "F"]),
    is_experiment_named=st.booleans(),
    cost_nano_usd=st.none() | st.integers(0, 9),
    cost_reason=st.none() | st.sampled_from(["no-usage", "unknown-model", "refused", "a newer word"]),
)
any_trace = st.lists(any_span, min_size=1, max_size=8, unique_by=lambda span: span.row.span_id)


@given(any_trace, st.randoms(), st.integers(0, 8))
def test_order_and_pieces_of_arrival_change_nothing(spans: list[NewSpan], random: Random, cut: int) -> None:
    expected = summary_row(*spans)
    shuffled = list(spans)
    random.shuffle(shuffled)
    first = TraceSummary().add_all(shuffled[:cut] or shuffled[:1])
    kept_row, kept_keys = first.row(TRACE), first.keys()
    rest = shuffled[cut:] if cut else shuffled[1:]
    assert restored(kept_row, kept_keys).add_all(rest).row(TRACE) == expected


def test_the_root_speaks_for_the_trace_wherever_it_starts() -> None:
    failed = Failure("Boom", "no")
    found = summary_row(
        new_span(1, 9, name="earlier"), new_span(2, name="root", status="ERROR", error=failed)
    )
    assert (found.name, found.status, found.error) == ("root", "ERROR", failed)
    assert (found.start_time_ns, found.duration_ns) == (START_NS + 2000, 500)


def test_a_cost_sums_what_is_known_and_counts_what_is_not() -> None:
    known, free = model_call(1, cost_nano_usd=5), model_call(2, 1, cost_nano_usd=0)
    unknown = model_call(3, 1, cost_reason="no-usage")
    refused = model_call(4, 1, cost_reason="refused")
    found = summary_row(known, free, unknown, refused, model_call(5, 1, cost_reason="unknown-model"))
    assert (found.cost_nano_usd, found.unpriced_calls, found.cost_reason) == (5, 2, "unknown-model")
    assert summary_row(free).cost_nano_usd == 0
    none = summary_row(refused)
    assert (none.cost_nano_usd, none.unpriced_calls, none.cost_reason) == (None, 0, "refused")


def test_a_failed_child_does_not_fail_the_trace() -> None:
    found = summary_row(new_span(1, status="OK"), new_span(2, 1, status="ERROR", error=Failure("Boom", "")))
    assert (found.status, found.error) == ("OK", None)


def test_without_a_root_the_earliest_span_names_the_trace_and_all_of_them_measure_it() -> None:
    found = summary_row(new_span(5, 1), new_span(2, 1), new_span(9, 1))
    assert (found.name, found.start_time_ns) == ("span 2", START_NS + 2000)
    assert found.duration_ns == 7500


def test_without_a_root_the_first_call_asks_and_the_last_one_answers() -> None:
    found = summary_row(
        model_call(2, 1, request_preview="first question", response_preview="let me look"),
        model_call(4, 1, request_preview="tool result", response_preview="final answer"),
        new_span(3, 1, request_preview="a tool's input", response_preview="a tool's output"),
    )
    assert (found.request_preview, found.response_preview) == ("first question", "final answer")


def test_the_roots_words_go_before_those_of_its_calls() -> None:
    call = model_call(2, 1, request_preview="inner", response_preview="inner answer")
    found = summary_row(call, new_span(1, request_preview="outer"))
    assert (found.request_preview, found.response_preview) == ("outer", "inner answer")


def test_models_and_tools_are_in_order_of_first_use() -> None:
    found = summary_row(
        model_call(6, 1, model="nova"),
        model_call(2, 1, model="claude", tools=("weather", "time")),
        model_call(4, 1, model="claude", tools=("time", "map")),
        new_span(3, 1, span_type="TOOL", tools=("weather",)),
    )
    assert found.models == ("claude", "nova")
    assert found.tools == ("weather", "time", "map")


def test_usage_is_the_sum_of_what_is_known() -> None:
    found = summary_row(
        new_span(1), model_call(2, 1, usage=Usage(10, 5, 3, None)), model_call(3, 1, usage=Usage(1, None))
    )
    assert found.usage == Usage(11, 5, 3, None)


def test_a_sender_that_names_its_experiment_goes_before_one_that_does_not() -> None:
    root = new_span(1)
    child = new_span(2, 1, experiment="mine", is_experiment_named=True)
    assert summary_row(root, child).experiment == "mine"
    assert summary_row(root).experiment == "Default"


def test_very_many_names_are_cut_to_the_first() -> None:
    spans = [new_span(i, 1, tags={f"k{i}": "v"}, tools=(f"t{i}",)) for i in range(2, 200)]
    found = summary_row(*reversed(spans))
    assert found.tools == tuple(f"t{i}" for i in range(2, 2 + MAX_NAMES))
    # Of tags the last word counts.
    assert list(found.tags) == [f"k{i}" for i in range(199, 199 - MAX_NAMES, -1)]


def test_of_session_user_tags_and_metadata_the_span_that_ended_last_has_the_word() -> None:
    said: dict[str, Any] = {
        "tags": {"k": "root"},
        "metadata": {"m": "root"},
        "session_id": "r",
        "user_id": "r",
    }
    later: dict[str, Any] = {
        "tags": {"k": "late"},
        "metadata": {"m": "late"},
        "session_id": "l",
        "user_id": "l",
    }
    root = new_span(1, end_time_ns=START_NS + 50_000, **said)
    straggler = new_span(2, 1, end_time_ns=START_NS + 90_000, **later)
    found = summary_row(straggler, root)
    assert (found.tags, found.metadata) == ({"k": "late"}, {"m": "late"})
    assert (found.session_id, found.user_id) == ("l", "l")
    early = new_span(3, 1, end_time_ns=START_NS + 10_000, **later)
    assert summary_row(early, root).tags == {"k": "root"}


@given(any_trace, st.integers(0, 8))
def test_an_edit_has_the_last_word_whenever_it_comes(spans: list[NewSpan], cut: int) -> None:
    before, after = spans[:cut], spans[cut:]
    summary = TraceSummary().add_all(before)
    summary.edit(TraceEdit({"k": "edited", "l": None}, {"m": "set", "n": None}))
    found = restored(summary.row(TRACE), summary.keys()).add_all(after).row(TRACE)
    assert found.tags == {"k": "edited"}
    assert found.metadata == {"m": "set"}


def test_what_was_deleted_can_be_set_again_and_the_other_way_round() -> None:
    summary = TraceSummary().add_all([new_span(1, tags={"k": "span"})])
    for value, expected in ((None, {}), ("a", {"k": "a"}), (None, {}), ("", {"k": ""})):
        summary = restored(summary.row(TRACE), summary.keys())
        summary.edit(TraceEdit({"k": value}))
        assert summary.row(TRACE).tags == expected


def test_what_an_older_outcrop_wrote_beside_a_row_is_read() -> None:
    summary = TraceSummary().add_all([new_span(1, tags={"k": "v"})])
    first, last, singles, (models, tools, tags, _metadata) = json.loads(summary.keys())
    old = json.dumps([first, last, singles, [models, tools, tags]])
    assert restored(summary.row(TRACE), old).add_all([new_span(2, 1, metadata={"m": "v"})]).row(TRACE) == (
        summary_row(new_span(1, tags={"k": "v"}), new_span(2, 1, metadata={"m": "v"}))
    )


def test_a_row_knows_its_duration() -> None:
    assert row(1).duration_ns == 500
