from __future__ import annotations

import pytest

from outcrop_server.mlflow.clauses import Clause, parse_clauses
from outcrop_server.model.errors import BadRequestError


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("", []),
        ("status = 'OK'", [Clause("", "status", "=", "OK")]),
        ('trace.status!="it\'s"', [Clause("trace", "status", "!=", "it's")]),
        ("Tags.`my key` LIKE '%a%'", [Clause("tags", "my key", "LIKE", "%a%")]),
        ("tag.\"my key\" ilike 'x'", [Clause("tag", "my key", "ILIKE", "x")]),
        (
            "metadata.mlflow.trace.session IS NOT NULL",
            [Clause("metadata", "mlflow.trace.session", "IS NOT NULL")],
        ),
        ("tag.a IS NULL", [Clause("tag", "a", "IS NULL")]),
        ("span.attributes.`a b` = 'x'", [Clause("span", "attributes.a b", "=", "x")]),
        (
            "execution_time > 5 and feedback.score <= 0.5 AND a = -1",
            [
                Clause("", "execution_time", ">", 5),
                Clause("feedback", "score", "<=", 0.5),
                Clause("", "a", "=", -1),
            ],
        ),
        ("name NOT IN ('a', \"b\")", [Clause("", "name", "NOT IN", ("a", "b"))]),
        ("name in ('AND', ' OR ')", [Clause("", "name", "IN", ("AND", " OR "))]),
        ("a <> 'x'", [Clause("", "a", "!=", "x")]),
    ],
)
def test_clauses_are_read(text: str, clauses: list[Clause]) -> None:
    assert parse_clauses(text) == clauses


@pytest.mark.parametrize(
    "text",
    [
        "status",
        "status = ",
        "status = OK",
        "status = 'OK' OR a = 'b'",
        "status = 'OK' AND",
        "status = 'OK",
        "'OK' = status",
        "name IN 'a'",
        "name IN ('a'",
        "name IN ('a' 'b')",
        "name IN (5)",
        "name NOT LIKE 'a'",
        "name IS 'a'",
        "((",
    ],
)
def test_what_is_no_filter_is_refused_with_the_filter_in_the_words(text: str) -> None:
    with pytest.raises(BadRequestError, match="Invalid clause"):
        parse_clauses(text)
