"""The filter's text: what it means, and what is said of what means nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcrop.exceptions import ConfigurationError
from outcrop.filter.ast import And, AnySpan, Comparison, Field, Operator, Or, OrderKey, Value
from outcrop.filter.errors import FilterError
from outcrop.filter.fields import TRACE_ID, WORDS
from outcrop.filter.parser import MAX_COMPARISONS, parse_filter, parse_order


def only(text: str) -> Comparison:
    (term,) = parse_filter(text).terms
    term = term.term if isinstance(term, AnySpan) else term
    assert isinstance(term, Comparison)
    return term


@pytest.mark.parametrize(
    ("text", "entity", "name"),
    [
        ("status = 'OK'", "trace", "status"),
        ("trace.status = 'OK'", "trace", "status"),
        ("attributes.status = 'OK'", "trace", "status"),
        ("Attribute.STATUS = 'OK'", "trace", "status"),
        ("state = 'OK'", "trace", "status"),
        ("request_id = 'a'", "trace", "trace_id"),
        ("tags.a = 'x'", "tag", "a"),
        ("tag.mlflow.traceName = 'x'", "tag", "mlflow.traceName"),
        ("tags.`a b.c` = 'x'", "tag", "a b.c"),
        ('tags."a ""b" = \'x\'', "tag", 'a "b'),
        ("tags.日本 = 'x'", "tag", "日本"),
        ("tags.a-b/c = 'x'", "tag", "a-b/c"),
        ("request_metadata.a = 'x'", "metadata", "a"),
        ("span.name = 'x'", "span", "name"),
        ("feedback.correct = 'x'", "feedback", "correct"),
        ("expectation.answer = 'x'", "expectation", "answer"),
    ],
)
def test_fields_have_the_names_that_mlflow_gives_them(text: str, entity: str, name: str) -> None:
    field = only(text).field
    assert (field.entity, field.name) == (entity, name)


@pytest.mark.parametrize(
    ("text", "operator", "value"),
    [
        ("name = 'it''s'", Operator.EQUAL, "it's"),
        ('name == "x"', Operator.EQUAL, "x"),
        ("name<>'x'", Operator.NOT_EQUAL, "x"),
        ("name like '%x%'", Operator.LIKE, "%x%"),
        ("name Not ILike 'x'", Operator.NOT_ILIKE, "x"),
        ("name IN ('a','b')", Operator.IN, ("a", "b")),
        ("cost NOT IN (1, 2.5)", Operator.NOT_IN, (1, 2.5)),
        ("name IS NULL", Operator.IS_NULL, None),
        ("name is not null", Operator.IS_NOT_NULL, None),
        ("cost>=-1.5e-3", Operator.GREATER_OR_EQUAL, -0.0015),
        ("cost < .5", Operator.LESS, 0.5),
        ("timestamp > 1700000000000", Operator.GREATER, 1_700_000_000_000),
        ("cost = " + "9" * 30, Operator.EQUAL, 1e30),
        ("feedback.ok = TRUE", Operator.EQUAL, "true"),
        ("trace_id = 'tr-ABC'", Operator.EQUAL, "abc"),
        ("name RLIKE 'a+'", Operator.RLIKE, "a+"),
        ("name not rlike 'a{2}'", Operator.NOT_RLIKE, "a{2}"),
    ],
)
def test_operators_and_values(text: str, operator: Operator, value: Value) -> None:
    found = only(text)
    assert (found.operator, found.value) == (operator, value)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("span.content LIKE '%a%'", "content"),
        ("span.attributes.http.url = 'a'", "attributes.http.url"),
        ("span.attribute.Key = 5", "attributes.Key"),
        ("span.attributes.`my key` IS NULL", "attributes.my key"),
    ],
)
def test_a_spans_text_and_its_attributes_are_fields(text: str, name: str) -> None:
    (found,) = parse_filter(text).terms
    assert isinstance(found, AnySpan)
    assert isinstance(found.term, Comparison)
    assert (found.term.field.entity, found.term.field.name) == ("span", name)


@pytest.mark.parametrize("prefix", ["", "tr-"])
@pytest.mark.parametrize("digits", ["680a882a73487F24c1a7cb9a4baef5c9", "1" * 32, "12e4" * 8, "ab" * 16])
def test_an_id_by_itself_is_its_trace_and_whatever_speaks_of_it(prefix: str, digits: str) -> None:
    text = prefix + digits
    found = Or(
        (
            Comparison(TRACE_ID, Operator.EQUAL, digits.lower()),
            Comparison(WORDS, Operator.CONTAINS, text),
        )
    )
    assert parse_filter(text) == parse_filter(f'"{text}"') == And((found,))
    words = Comparison(WORDS, Operator.CONTAINS, "refund")
    named = Comparison(Field("trace", "name", "text"), Operator.EQUAL, "a")
    assert parse_filter(f"refund {text} name = 'a'") == And((words, found, named))
    assert parse_filter(f"trace_id = '{text}'") == And((found.terms[0],))


def test_conditions_are_joined_by_and_and_an_empty_filter_holds_for_all() -> None:
    assert parse_filter("name = 'a' AND name = 'b'and span.name = 'AND'") == And(
        (
            Comparison(Field("trace", "name", "text"), Operator.EQUAL, "a"),
            Comparison(Field("trace", "name", "text"), Operator.EQUAL, "b"),
            AnySpan(Comparison(Field("span", "name", "text"), Operator.EQUAL, "AND")),
        )
    )
    assert parse_filter(None) == parse_filter("  ") == And()


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("colour = 'red'", 1, "no field 'colour'. It has: trace_id, name"),
        ("name = 'a' AND span.colour = 'red'", 21, "A span has no field 'colour'"),
        ("name = 'a' name = 'b'", 12, "Expected AND, OR or the end, found 'name'"),
        ("(name = 'a' OR refund) name = 'b'", 24, "Expected AND, OR or the end, found 'name'"),
        ("latncy > 2s", 1, "Did you mean latency?"),
        ("(name = 'a' OR name = 'b'", 26, "for the '(' of column 1"),
        ("name = 'a')", 11, "There is no '(' for it"),
        ("latency > 2k", 11, "a duration such as 500ms"),
        ("tokens.input > 2s", 16, "a number such as"),
        ("time > 1h", 8, "-1h for an hour ago"),
        ("time = -1h", 8, "< <= > >="),
        ("time > '2026-13-01'", 8, "is a moment"),
        ("tags.a = NULL", 10, "write IS NULL"),
        ("ANY(name = 'a')", 1, "conditions on span. alone"),
        ("cost RLIKE 'a'", 6, "RLIKE compares text"),
        ("name RLIKE 5", 12, "name is text"),
        ("name RLIKE 'a(b'", 14, "This regular expression cannot be used: this group is not closed"),
        ("name RLIKE 'it''s [z-a]'", 20, "z-a is no range"),
        ('name NOT RLIKE "a**"', 19, "a repetition is repeated"),
        ("span.attributes. = 'a'", 18, "Expected a key after span.attributes."),
        ("span.contents = 'a'", 6, "Did you mean content?"),
        ("NOT " * 200 + "a", 49, "nested at most 12 deep"),
        ("(" * 200 + "a" + ")" * 200, 13, "nested at most 12 deep"),
        ("name = 'a' AND", 15, "Expected a field"),
        ("'a' = name", 1, "Expected a field"),
        ("tags.a", 7, "Expected a comparison"),
        ("name 'a'", 6, "Expected a comparison"),
        ("name NOT = 'a'", 6, "Expected a comparison"),
        ("name IS 'a'", 9, "Expected a comparison"),
        ("name = a", 8, "Text stands in single quotes"),
        ("name = 5", 8, "name is text"),
        ("cost = '5'", 8, "cost is a number"),
        ("cost LIKE '5'", 6, "LIKE compares text"),
        ("name < 'a'", 6, "< compares numbers"),
        ("name = 'a", 8, "is not closed by another '"),
        ("tags.`a = 'b'", 6, "is not closed by another `"),
        ("tags. = 'b'", 7, "Expected a key after tags."),
        ("name ~ 'a'", 6, "means nothing here"),
        ("cost = 5x", 8, "means nothing here: cost is"),
        ("status = 'FAILED'", 10, "It has: OK, ERROR"),
        ("span.status IN ('OK', 'BAD')", 23, "no status 'BAD'"),
        ("name IN 'a'", 9, "Expected '('"),
        ("name IN ()", 10, "Expected a value"),
        ("name IN ('a' 'b')", 14, "Expected ')'"),
        ("feedback.x IN ('a', 1)", 21, "texts or numbers, not both"),
        ("cost = 1e999", 8, "too large"),
        ("x" * 10_000, 9_001, "at most 9,000 characters"),
    ],
)
def test_a_fault_is_told_with_its_column(text: str, column: int, words: str) -> None:
    with pytest.raises(FilterError) as raised:
        parse_filter(text)
    assert words in str(raised.value)
    assert raised.value.column == column
    assert f"(column {column})" in str(raised.value)


def test_there_are_limits() -> None:
    fits = " AND ".join(["cost > 1"] * MAX_COMPARISONS)
    assert len(parse_filter(fits).terms) == MAX_COMPARISONS
    with pytest.raises(FilterError, match="at most 100 conditions"):
        parse_filter(f"{fits} AND cost > 1")
    with pytest.raises(FilterError, match="at most 200 values"):
        parse_filter(f"cost IN ({', '.join(['1'] * 201)})")


@given(
    st.text(max_size=40)
    | st.lists(st.sampled_from(["name", "=", "'a'", "AND", "tags.", "(", "1", "NOT", "IN"])).map(" ".join)
)
def test_any_text_is_read_or_refused_and_never_more(text: str) -> None:
    columns: list[int] = []
    try:
        parse_filter(text)
    except FilterError as error:
        columns.append(error.column)
    assert all(1 <= column <= len(text) + 1 for column in columns)


@given(st.text(max_size=30), st.text(min_size=1, max_size=30))
def test_any_value_and_key_can_be_quoted(value: str, key: str) -> None:
    text = f"tags.`{key.replace('`', '``')}` = '{value.replace(chr(39), chr(39) * 2)}'"
    found = only(text)
    assert (found.field.name, found.value) == (key, value)


def test_an_order_is_fields_with_their_directions() -> None:
    assert parse_order(["timestamp_ms DESC", "attributes.name", "execution_time asc"]) == (
        OrderKey("timestamp", is_descending=True),
        OrderKey("name"),
        OrderKey("execution_time"),
    )
    assert parse_order(None) == ()


@pytest.mark.parametrize("key", ["colour", "", "tags.a", "name DOWN", "name DESC NULLS LAST"])
def test_a_wrong_order_is_told_with_what_would_be_right(key: str) -> None:
    with pytest.raises(ConfigurationError, match=r"By: timestamp|ASC or DESC"):
        parse_order([key])
