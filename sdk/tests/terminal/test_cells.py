from __future__ import annotations

import pytest

from outcrop.terminal.cells import Column, column_widths, fitted, harmless, line_width, width
from outcrop.terminal.words import UNKNOWN, cost, moment, tokens

COLUMNS = (Column("ID"), Column("NAME", least=4), Column("ASKED", least=6))


@pytest.mark.parametrize(
    ("text", "cells"),
    [("agent", 5), ("天気", 4), ("ｶﾅ", 2), ("カナ", 4), ("e\u0301", 1), ("a\u200bb", 2), ("🙂", 2), ("", 0)],
)
def test_width_counts_cells_and_not_signs(text: str, cells: int) -> None:
    assert width(text) == cells


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("agent", "agent   "),
        ("東京の天気は?", "東京の… "),
        ("東京の天", "東京の天"),
        ("long words here", "long wo…"),
    ],
)
def test_a_text_is_cut_or_filled_to_just_so_many_cells(text: str, shown: str) -> None:
    assert fitted(text, 8) == shown
    assert width(fitted(text, 8)) == 8


def test_numbers_end_at_the_right() -> None:
    assert fitted("天", 5, is_right=True) == "   天"


def test_columns_take_what_they_need_where_there_is_room() -> None:
    rows = [["1234", "an agent", "天気は?"]]
    assert column_widths(COLUMNS, rows, None) == column_widths(COLUMNS, rows, 100) == [4, 8, 7]


def test_the_widest_column_gives_first_where_room_is_short() -> None:
    rows = [["1234", "an agent", "a long question " * 10]]
    widths = column_widths(COLUMNS, rows, 40)
    assert line_width(widths) == 40
    assert widths[:2] == [4, 8]
    assert column_widths(COLUMNS, rows, 10) == [4, 4, 6]


def test_nothing_that_a_terminal_obeys_comes_through() -> None:
    assert harmless("a\nb\t\x1b[2J\r\u202e") == "a\nb\t\ufffd[2J\ufffd\ufffd"


def test_costs_and_tokens_are_told_from_unknown_ones() -> None:
    assert [cost(value) for value in (None, 0, 0.00001, 0.01234, 1234.5)] == [
        UNKNOWN,
        "$0.0000",
        "<$0.0001",
        "$0.0123",
        "$1,234.5000",
    ]
    assert cost(0.5, is_partial=True) == "≥$0.5000"
    assert tokens({"input_tokens": 1200, "output_tokens": None}) == f"1,200 → {UNKNOWN}"
    assert tokens({}) == moment(None) == moment("9" * 19 + "9") == UNKNOWN
