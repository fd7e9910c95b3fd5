"""Terms: what is looked for has pieces in the terms of every text that holds it."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from outcrop.filter.folding import folded
from outcrop_server.storage.common.text_terms import TERM_BYTES, is_pair, needle_of, terms_of

SIGNS = "aB1é東京タ한กา _-.\n"
texts = st.text(SIGNS, max_size=14) | st.text(SIGNS, min_size=1, max_size=9).map(lambda text: text * 15)


def has_pieces(text: str, sought: str) -> bool:
    terms = terms_of(text)
    return all(
        piece in terms if is_pair(piece) else any(piece in term for term in terms)
        for piece in needle_of(sought).pieces
    )


@settings(max_examples=150, deadline=None)
@given(st.data(), texts)
def test_any_part_of_a_text_has_its_pieces_there(data: st.DataObject, text: str) -> None:
    start = data.draw(st.integers(0, len(text)))
    part = text[start : data.draw(st.integers(start, len(text)))]
    assert has_pieces(text, part)
    assert has_pieces(text, part.swapcase()) or not part.isascii()


@settings(max_examples=150, deadline=None)
@given(texts, st.text(SIGNS, min_size=1, max_size=4))
@example("x" * 70, "x" * 33)
@example("東京 京都", "東京都")
def test_an_exact_needle_is_there_or_not_as_its_pieces_are(text: str, sought: str) -> None:
    is_there = folded(sought) in folded(text)
    if needle_of(sought).is_exact:
        assert has_pieces(text, sought) is is_there
    else:
        assert has_pieces(text, sought) or not is_there


def test_terms_are_words_and_pairs_of_scripts_without_blanks() -> None:
    terms = {term.decode() for term in terms_of("Call get_weather('Zürich') 3.5 times, 東京タワー is up")}
    assert terms == {
        *("call", "get", "weather", "zürich", "3", "5", "times", "is", "up"),
        *("東京", "京タ", "タワ", "ワー"),
    }


@pytest.mark.parametrize(
    ("sought", "pieces", "is_exact"),
    [
        ("Weather", ["weather"], True),
        ("get_weather", ["get", "weather"], False),
        ("東京", ["東京"], True),
        ("京", ["京"], True),
        ("東京都", ["東京", "京都"], False),
        ("--", [], False),
        ("a" * 70, ["a" * 32], False),
        ("5東", ["5", "東"], False),
    ],
)
def test_what_is_looked_for_becomes_pieces(sought: str, pieces: list[str], is_exact: bool) -> None:
    needle = needle_of(sought)
    assert [piece.decode() for piece in needle.pieces] == pieces
    assert needle.is_exact is is_exact


def test_a_long_run_becomes_terms_of_a_bounded_size() -> None:
    run = "".join(chr(97 + number * 7 % 26) for number in range(1_000))
    assert max(map(len, terms_of(run))) <= TERM_BYTES
    assert has_pieces(run, run[400:432])
