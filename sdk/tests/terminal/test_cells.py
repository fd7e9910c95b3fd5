from __future__ import annotations

import json

import pytest

from outcrop.capture.json_text import dump_json
from outcrop.terminal.cells import (
    Column,
    column_widths,
    cut,
    escaped,
    fitted,
    harmless,
    joined,
    line_width,
    table_line,
    width,
)
from outcrop.terminal.words import UNKNOWN, cost, moment, tokens

COLUMNS = (Column("ID"), Column("NAME", least=4), Column("ASKED", least=6))


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("agent", 5),
        ("天気", 4),
        ("ｶﾅ", 2),
        ("カナ", 4),
        ("e\u0301", 1),
        ("a\u200bb", 2),
        ("🙂", 2),
        ("\u1112\u1161\u11ab", 2),
        ("　", 2),
        ("", 0),
    ],
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


def test_spaces_and_joiners_of_other_scripts_do_no_harm() -> None:
    text = "東京\u3000の天気\nBonjour\u00a0!\tनमस्\u200cते 👩\u200d🚀"
    assert harmless(text) == text


@pytest.mark.parametrize(
    "sign", ["\x1b", "\x9b", "\x7f", "\r", "\b", "\x00", "\u202e", "\u2028", "\U000e0041"]
)
def test_json_with_escapes_is_the_same_json(sign: str) -> None:
    text = dump_json({"a": f"x{sign}天\u3000気"}) + "\n"
    shown = escaped(text)
    assert json.loads(shown) == json.loads(text)
    assert shown.endswith('天\u3000気"}\n')
    assert sign not in shown


def test_a_coloured_line_is_cut_in_cells_and_ends_its_colour() -> None:
    line = "\x1b[2m├─ \x1b[0m\x1b[1m天気エージェント\x1b[0m  \x1b[2m900 ms\x1b[0m"
    assert cut(line, 80) == line
    assert cut(line, 9) == "\x1b[2m├─ \x1b[0m\x1b[1m天気… \x1b[0m"
    assert cut("天気エージェント", 5) == "天気…"
    assert cut("agent", 5) == "agent"


NUMBERS = (Column("ID"), Column("COST", is_right=True), Column("NAME", least=4), Column("ASKED", least=4))


def test_a_number_is_never_cut_and_what_stands_behind_it_gives() -> None:
    widths = [4, 5, 8, 8]
    usual = table_line(NUMBERS, ["1234", "$0.01", "an agent", "a question"], widths)
    assert joined(usual) == "1234  $0.01  an agent  a quest…"
    wide = table_line(NUMBERS, ["1234", "$1,234.56", "an agent", "a question"], widths)
    assert joined(wide) == "1234  $1,234.56  an …  a quest…"
    assert width(joined(wide)) == width(joined(usual))


def test_nothing_is_cut_where_there_is_no_terminal() -> None:
    row = table_line(NUMBERS, ["1234", "$0.01", "a long name", "a question"], [4, 5, 8, 8], may_cut=False)
    assert joined(row) == "1234  $0.01  a long name  a question"


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
