from __future__ import annotations

from outcrop.genai.usage import Usage
from outcrop_server.model.rows import SpanRow
from outcrop_server.query.compare import Difference, aligned, difference
from server.tests.support.spans import row

Shown = list[tuple[str, int, list[int | None]]]


def shown(*traces: list[SpanRow]) -> Shown:
    """Names, depths and the spans' numbers."""
    return [
        (each.name, each.depth, [None if span is None else span.span_id[-1] for span in each.spans])
        for each in aligned(traces)
    ]


def test_spans_are_aligned_by_name_and_order_under_their_parents() -> None:
    before = [
        row(1, name="agent"),
        row(2, 1, name="chat"),
        row(3, 1, name="tool"),
        row(4, 3, name="fetch"),
        row(5, 1, name="chat"),
    ]
    after = [
        row(11, name="agent v2"),
        row(12, 11, name="chat"),
        row(13, 11, name="chat"),
        row(14, 11, name="chat"),
        row(15, 13, name="fetch"),
    ]
    assert shown(before, after) == [
        ("agent", 0, [1, 11]),
        ("chat", 1, [2, 12]),
        ("tool", 1, [3, None]),
        ("fetch", 2, [4, None]),
        ("chat", 1, [5, 13]),
        ("fetch", 2, [None, 15]),
        ("chat", 1, [None, 14]),
    ]


def test_three_traces_have_a_column_each_and_empty_ones_too() -> None:
    one = [row(1, name="a"), row(2, 1, name="b")]
    assert shown(one, [], [row(3, name="a"), row(4, 3, name="b")]) == [
        ("a", 0, [1, None, 3]),
        ("b", 1, [2, None, 4]),
    ]


def test_no_span_is_lost_without_its_parent_or_among_parents_of_each_other() -> None:
    odd = [row(1, 99), row(2, 3), row(3, 2), row(4, 4), row(5, 4)]
    found = [(number, depth) for _, depth, (number,) in shown(odd)]
    # Of two that are each other's parents, one is taken for a root.
    assert sorted(found) == [(1, 0), (2, 0), (3, 1), (4, 0), (5, 0)]


def test_a_trace_as_deep_as_it_is_long_is_walked() -> None:
    deep = [row(number, number - 1 if number else None) for number in range(50_000)]
    assert sum(1 for _ in aligned([deep, deep])) == 50_000


def test_a_difference_is_what_the_other_has_more() -> None:
    first = row(1, usage=Usage(10, 5), cost_nano_usd=7, end_time_ns=row(1).start_time_ns + 100)
    other = row(2, usage=Usage(4, 9), cost_nano_usd=8, end_time_ns=row(2).start_time_ns + 50, status="ERROR")
    assert difference(first, other) == Difference(-50, -6, 4, 1, has_other_status=True)
    assert difference(other, first) == Difference(50, 6, -4, -1, has_other_status=True)


def test_what_is_not_known_makes_no_difference() -> None:
    first, other = row(1, usage=Usage(None, 5), status="OK"), row(2, usage=Usage(4, None))
    assert difference(first, other) == Difference(0, None, None, None, has_other_status=False)
    assert difference(first, row(3)) == Difference(0, None, None, None, has_other_status=False)
    assert difference(None, first) is difference(first, None) is None


def test_the_same_step_asked_of_two_models_is_one_place() -> None:
    def spans(model: str) -> list[SpanRow]:
        return [row(1, name="agent"), row(2, 1, name=f"chat {model}", model=model)]

    places = list(aligned([spans("nova"), spans("claude")]))
    assert [(place.name, place.depth) for place in places] == [("agent", 0), ("chat nova", 1)]
    assert [span and span.model for span in places[1].spans] == ["nova", "claude"]
