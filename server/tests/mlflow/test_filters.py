from __future__ import annotations

import pytest

from outcrop.filter.ast import And, AnySpan, Comparison, Condition, Field, Operator, Or, OrderKey
from outcrop_server.mlflow.filters import condition_of, order_of
from outcrop_server.model.errors import BadRequestError

NAME = Field("trace", "name", "text")
ENV = Field("tag", "env", "text")
SESSION = Field("trace", "session_id", "text")
TRACE_ID = Field("trace", "trace_id", "text")


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("name = 'a'", Comparison(NAME, Operator.EQUAL, "a")),
        ("tag.`mlflow.traceName` != 'a'", Comparison(NAME, Operator.NOT_EQUAL, "a")),
        ("metadata.`mlflow.trace.session` = 's'", Comparison(SESSION, Operator.EQUAL, "s")),
        ("request_id = 'tr-ab'", Comparison(TRACE_ID, Operator.EQUAL, "ab")),
        ("trace.request_id IN ('tr-a', 'tr-b')", Comparison(TRACE_ID, Operator.IN, ("a", "b"))),
        ("request_id RLIKE '^tr-0'", Comparison(TRACE_ID, Operator.RLIKE, "^0")),
        (
            "timestamp_ms >= 5",
            Comparison(Field("trace", "timestamp", "number"), Operator.GREATER_OR_EQUAL, 5),
        ),
        ("execution_time < '5'", Comparison(Field("trace", "execution_time", "number"), Operator.LESS, 5.0)),
    ],
)
def test_fields_of_theirs_are_fields_of_ours(text: str, condition: Condition) -> None:
    assert condition_of(text) == And((condition,))


def test_what_is_not_there_is_not_unequal() -> None:
    there = Comparison(ENV, Operator.IS_NOT_NULL)
    assert condition_of("tag.env != 'a'") == And((there, Comparison(ENV, Operator.NOT_EQUAL, "a")))


def test_conditions_on_spans_are_of_the_same_span() -> None:
    name, kind = Field("span", "name", "text"), Field("span", "type", "text")
    of_span = And((Comparison(name, Operator.EQUAL, "a"), Comparison(kind, Operator.EQUAL, "TOOL")))
    found = condition_of("span.name = 'a' AND tag.env IS NULL AND span.type = 'TOOL'")
    assert found == And((Comparison(ENV, Operator.IS_NULL), AnySpan(of_span)))


def test_a_run_has_the_traces_that_ran_in_it_and_those_linked_to_it() -> None:
    ran = Comparison(Field("metadata", "mlflow.sourceRun", "text"), Operator.EQUAL, "r")
    linked = Comparison(Field("metadata", "mlflow.linkedRun.r", "text"), Operator.IS_NOT_NULL)
    assert condition_of("run_id = 'r'") == And((Or((ran, linked)),))


def test_no_filter_holds_for_every_trace() -> None:
    assert condition_of("  ") == And()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense = 'x'", "'nonsense'"),
        ("other.a = 'x'", "Invalid entity type 'other'"),
        ("prompt = 'a/1'", "keeps no prompts"),
        ("issue.id = 'x'", "Invalid entity type 'issue'"),
        ("tag.env > 'a'", "comparator '>'"),
        ("tag.env = 5", "quoted string"),
        ("execution_time LIKE '5'", "comparator 'LIKE'"),
        ("execution_time > 'a'", "compared with a number"),
        ("span.content = 'x'", "comparator '='"),
        ("span.attributes. = 'x'", "A span has"),
        ("feedback.a > 'x'", "compared with a number"),
        ("feedback.a = 5", "quoted string"),
        ("name RLIKE '('", "regular expression"),
        (" AND ".join(["name = 'a'"] * 51), "at most 50"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_name(text: str, words: str) -> None:
    with pytest.raises(BadRequestError) as raised:
        condition_of(text)
    assert words in str(raised.value)


def test_orders_end_as_mlflows_do() -> None:
    newest, by_id = OrderKey("timestamp", is_descending=True), OrderKey("trace_id")
    assert order_of([]) == (newest, by_id)
    assert order_of(["name ASC"]) == (OrderKey("name"), newest, by_id)
    assert order_of(["attributes.timestamp_ms desc"]) == (newest, by_id)
    assert order_of(["experiment_id", "`request_id` DESC"]) == (
        OrderKey("trace_id", is_descending=True),
        newest,
    )
    with pytest.raises(BadRequestError, match="Invalid order_by"):
        order_of(["run_id"])
