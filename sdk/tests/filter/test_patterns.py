"""Regular expressions of filters: they find what Python's own do, and take time by the text's length."""

from __future__ import annotations

import re
import threading

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from outcrop.filter.patterns.pattern import Pattern
from outcrop.filter.patterns.syntax import PatternError

ATOMS = st.sampled_from(
    [
        *(
            "a",
            "b",
            "A",
            "1",
            "_",
            " ",
            "é",
            "-",
            ".",
            r"\d",
            r"\w",
            r"\s",
            r"\D",
            r"\W",
            r"\S",
            r"\.",
            r"\n",
        ),
        *(r"\x61", r"\u00e9", "[ab]", "[^a]", "[a-c1]", r"[\d_-]", r"[^\w]", "[]a]", "^", "$", r"\b", r"\B"),
    ]
)
COUNTS = st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{0,3}", "{,2}", "{2,}", "*?", "+?", "??", "{1,2}?"])


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    groups = st.builds("{}{})".format, st.sampled_from(["(", "(?:", "(?P<n>"]), inner)
    return st.one_of(
        st.lists(inner, max_size=3).map("".join),
        st.builds("{}|{}".format, inner, inner),
        groups,
        st.builds("({}){}".format, inner, COUNTS),
    )


sources = st.builds(
    "{}{}".format,
    st.sampled_from(["", "", "(?i)", "(?s)", "(?is)"]),
    st.recursive(ATOMS, larger, max_leaves=8),
)
texts = st.text("aabbA1_ \né-", max_size=10)


@settings(max_examples=200, deadline=None)
@given(sources, st.lists(texts, min_size=1, max_size=5))
@example("a(?:|b)c", ["ac", "abc"])
@example("(a*)*b", ["aaab", "aaaa"])
@example(r"\bé", ["é", "aé"])
@example("a{x}", ["a{x}"])
def test_a_pattern_is_found_where_pythons_is(source: str, asked: list[str]) -> None:
    try:
        # The end is the end, not the place before a last line end.
        theirs = re.compile(source.replace("$", r"\Z"))
    except re.error:
        # One name of two groups.
        assume(False)
        raise
    ours = Pattern(source)
    for text in asked:
        # Of an empty text, Python's versions differ in what no boundary is.
        if not text and r"\B" in source:
            continue
        found = theirs.search(text) is not None
        assert ours.is_in(text) is found, (source, text)
        small = "".join(sign.lower() if sign.isascii() else sign for sign in text)
        if found:
            assert all(any(each in small for each in choices) for choices in ours.required)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("refund", (("refund",),)),
        ("(?i)Refund order", (("refund order",),)),
        (r"order \d+ of (Paris|Rome)", (("order ",), (" of ",), ("paris", "rome"))),
        ("(ab)+c?d", (("ab",), ("d",))),
        ("a*|b", ()),
        ("[xX]yz", (("xyz",),)),
        ("(ab){0,2}", ()),
    ],
)
def test_what_must_be_there_is_known(source: str, expected: tuple[tuple[str, ...], ...]) -> None:
    assert Pattern(source).required == expected


@pytest.mark.parametrize(
    ("source", "place", "words"),
    [
        ("a)", 1, "closes no group"),
        ("(a", 0, "not closed by a )"),
        ("a[b", 1, "not closed by a ]"),
        ("a(?=b)", 1, "looking ahead"),
        ("a(?<!b)", 1, "looking ahead"),
        (r"(a)\1", 3, "cannot be asked for again"),
        (r"a\q", 1, "is not known here"),
        ("a\\", 1, "nothing stands behind"),
        ("+a", 0, "nothing that + repeats"),
        ("a**", 2, "a repetition is repeated"),
        ("a{2}{3}", 4, "a repetition is repeated"),
        ("^*", 0, "cannot be repeated"),
        ("a{1,201}", 1, "more than 200 times"),
        ("a{3,2}", 1, "the larger one"),
        ("[b-a]", 1, "b-a is no range"),
        (r"[\d-a]", 1, "no order"),
        (r"\xg0", 0, "hexadecimal digits"),
        ("(?x)a", 0, "of groups with ?"),
        ("((a{100}){100}){100}", 0, "too large"),
        ("(" * 40 + "a" + ")" * 40, 30, "nested more than 30 deep"),
        ("a" * 1_001, 1_000, "more than 1,000 characters"),
        ("a(?i)b", 1, "at the beginning"),
    ],
)
def test_what_is_wrong_or_not_known_is_said_with_its_place(source: str, place: int, words: str) -> None:
    with pytest.raises(PatternError) as raised:
        Pattern(source)
    assert raised.value.place == place
    assert words in str(raised.value)


@settings(max_examples=100, deadline=None)
@given(st.text("ab()[]{}|*+?\\^$.-,:?i<>P0129dwsbxu\n", max_size=30))
def test_any_text_is_a_pattern_or_a_fault_within_it(source: str) -> None:
    place = 0
    try:
        Pattern(source).is_in("ab01 \n")
    except PatternError as error:
        place = error.place
    assert 0 <= place <= len(source)


@pytest.mark.parametrize("source", ["(a|aa)+$", "(a*)*b", "(a+)+(a+)+b", "^(a?){40}a{40}b", "(.*a){20}b"])
def test_work_grows_with_the_text_and_not_faster(source: str) -> None:
    def work(length: int) -> int:
        steps = 0

        def count() -> None:
            nonlocal steps
            steps += 1

        assert Pattern(source).is_in("a" * length + "c", count) is False
        return steps

    # New sets of states are met at the beginning alone: behind it each character is a look into a table.
    assert work(20_000) == work(2_000)


def test_who_watches_can_end_it() -> None:
    def stop() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        Pattern("a.{50}b").is_in("b" + "a" * 100, stop)


def test_a_text_without_the_letters_of_a_pattern_is_not_gone_through() -> None:
    def stop() -> None:
        raise TimeoutError

    pattern = Pattern("[a-z]+(Kala|karen)s")
    assert not pattern.is_in("a" * 100 + "kala", stop)
    # They are looked for in small letters, whatever the pattern's are.
    with pytest.raises(TimeoutError):
        pattern.is_in("KALAS", stop)
    assert pattern.is_in("xKalas")
    assert not pattern.is_in("xkalas")


def test_more_sets_of_states_than_are_remembered_change_nothing() -> None:
    # Which of the last eleven signs were an a: 2,048 sets.
    source = "a[ab]{11}c"
    text = "".join("ab"[(number * number // 7 + number) % 2] for number in range(6_000))
    pattern = Pattern(source)
    assert pattern.is_in(text) is False
    assert pattern.is_in(text + "a" + "b" * 11 + "c") is True


def test_searches_at_once_do_not_mistake_one_kind_of_character_for_another() -> None:
    """A pattern is kept: the second search meets a new kind just when the first one does."""
    pattern = Pattern("[a-f][0-9]")
    assert not pattern.required
    others: list[threading.Thread] = []

    class Watched(list[str]):
        def append(self, character: str) -> None:
            super().append(character)
            if not others:
                others.append(threading.Thread(target=pattern.is_in, args=("7",)))
                others[0].start()
                others[0].join(0.1)

    vars(pattern)["_samples"] = Watched()
    pattern.is_in("a")
    others[0].join()
    assert pattern.is_in("b1")
    assert not pattern.is_in("81")
