"""MLflow's spans and traces, in every form that they have had, as lines of an import."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outcrop.mlflow_import.spans import UnreadableError, hex_of_trace, read_span
from outcrop.mlflow_import.traces import FoundTrace, moment_ns, read_trace
from outcrop.mlflow_import.values import from_otlp, from_text

TRACE = "865676e98afb1c08fd313589f5d3eebf"
SINCE_3: dict[str, Any] = {
    "trace_id": "hlZ26Yr7HAj9MTWJ9dPuvw==",
    "span_id": "+hnsRJxdroY=",
    "parent_span_id": "vPLdN+dc9L4=",
    "name": "llm",
    "start_time_unix_nano": 1795968425655994722,
    "end_time_unix_nano": 1795968425668537603,
    "events": [
        {
            "name": "exception",
            "time_unix_nano": 1795968425671110400,
            "attributes": {"exception.message": "17", "exception.type": "ValueError"},
        }
    ],
    "status": {"code": "STATUS_CODE_ERROR", "message": "no way"},
    "attributes": {
        "mlflow.spanType": '"LLM"',
        "mlflow.spanInputs": '{"a": [1, 2.5, null]}',
        "mine": "free words",
    },
    "links": [{"trace_id": f"tr-{TRACE}", "span_id": "bcf2dd37e75cf4be", "attributes": {"why": "because"}}],
}
OTLP: dict[str, Any] = {
    "trace_id": SINCE_3["trace_id"],
    "span_id": SINCE_3["span_id"],
    "parent_span_id": SINCE_3["parent_span_id"],
    "name": "llm",
    "start_time_unix_nano": 1795968425655994722,
    "end_time_unix_nano": 1795968425668537603,
    "status": {"code": "STATUS_CODE_ERROR", "message": "no way"},
    "attributes": [
        {"key": "mlflow.spanType", "value": {"string_value": "LLM"}},
        {
            "key": "mlflow.spanInputs",
            "value": {
                "kvlist_value": {
                    "values": [
                        {
                            "key": "a",
                            "value": {
                                "array_value": {"values": [{"int_value": 1}, {"double_value": 2.5}, {}]}
                            },
                        }
                    ]
                }
            },
        },
        {"key": "mine", "value": {"string_value": "free words"}},
    ],
    "events": [
        {
            "name": "exception",
            "time_unix_nano": 1795968425671110400,
            "attributes": [
                {"key": "exception.message", "value": {"string_value": "17"}},
                {"key": "exception.type", "value": {"string_value": "ValueError"}},
            ],
        }
    ],
    "links": [
        {
            "trace_id": "hlZ26Yr7HAj9MTWJ9dPuvw==",
            "span_id": "vPLdN+dc9L4=",
            "attributes": [{"key": "why", "value": {"string_value": "because"}}],
        }
    ],
}
BEFORE_3: dict[str, Any] = {
    "name": "llm",
    "context": {"span_id": "0xfa19ec449c5dae86", "trace_id": f"0x{TRACE}"},
    "parent_id": "0xbcf2dd37e75cf4be",
    "start_time": 1795968425655994722,
    "end_time": 1795968425668537603,
    "status_code": "ERROR",
    "status_message": "no way",
    "attributes": SINCE_3["attributes"],
    # In microseconds, then.
    "events": [{**SINCE_3["events"][0], "timestamp": 1795968425671110}],
}
READ: dict[str, Any] = {
    "trace_id": TRACE,
    "span_id": "fa19ec449c5dae86",
    "parent_span_id": "bcf2dd37e75cf4be",
    "name": "llm",
    "start_time_ns": "1795968425655994722",
    "end_time_ns": "1795968425668537603",
    "status": {"code": 2, "message": "no way"},
    "attributes": {
        "mlflow.spanType": "LLM",
        "mlflow.spanInputs": {"a": [1, 2.5, None]},
        "mine": "free words",
    },
    "events": [
        {
            "name": "exception",
            "time_ns": "1795968425671110400",
            "attributes": {"exception.message": "17", "exception.type": "ValueError"},
        }
    ],
    "links": [{"trace_id": TRACE, "span_id": "bcf2dd37e75cf4be", "attributes": {"why": "because"}}],
}


@pytest.mark.parametrize("given", [SINCE_3, OTLP], ids=["JSON since 3", "OTLP"])
def test_a_span_reads_the_same_in_each_form(given: dict[str, Any]) -> None:
    assert read_span(given, TRACE) == READ


def test_a_span_of_before_version_3() -> None:
    read = read_span(BEFORE_3, TRACE)
    assert {name: value for name, value in read.items() if name != "events"} == {
        name: value for name, value in READ.items() if name not in {"events", "links"}
    }
    assert read["events"][0]["time_ns"] == "1795968425671110000"


def test_a_span_that_has_not_ended_lasts_no_time() -> None:
    read = read_span({**SINCE_3, "end_time_unix_nano": None}, TRACE)
    assert read["end_time_ns"] == read["start_time_ns"]


@pytest.mark.parametrize(
    "broken",
    [{"span_id": "AA=="}, {"span_id": "not base64!"}, {"start_time_unix_nano": None}, {"span_id": None}],
)
def test_what_is_no_span_says_so(broken: dict[str, Any]) -> None:
    with pytest.raises(UnreadableError):
        read_span({**SINCE_3, **broken}, TRACE)


@pytest.mark.parametrize(
    ("named", "found"),
    [
        (f"tr-{TRACE}", TRACE),
        (TRACE.upper(), TRACE),
        (f"trace:/main.schema/{TRACE}", TRACE),
        # Of before 3.0: a UUID.
        ("865676e9-8afb-1c08-fd31-3589f5d3eebf", TRACE),
    ],
)
def test_ids_of_traces(named: str, found: str) -> None:
    assert hex_of_trace(named) == found


@pytest.mark.parametrize("named", ["", "tr-", "tr-xyz", "None"])
def test_what_is_no_id_says_so(named: str) -> None:
    with pytest.raises(UnreadableError):
        hex_of_trace(named)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            '{"$ref": "x", "deep": {"$defs": 1}}',
            {"$object": {"$ref": "x", "deep": {"$object": {"$defs": 1}}}},
        ),
        ("NaN", {"$float": "nan"}),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("[" * 60 + "]" * 60, "[" * 60 + "]" * 60),
        ("{not json", "{not json"),
        ("true", True),
        (7, 7),
        (2**70, str(2**70)),
    ],
)
def test_values_become_what_an_attribute_can_hold(text: Any, value: Any) -> None:
    assert from_text(text) == value


def test_values_of_otlp() -> None:
    assert from_otlp({"intValue": "9007199254740993"}) == 9007199254740993
    assert from_otlp({"double_value": "Infinity"}) == {"$float": "inf"}
    assert from_otlp({"bytesValue": "AAE="}) == {"$base64": "AAE="}
    assert from_otlp({"bool_value": False}) is False
    nested = {"kvlistValue": {"values": [{"key": "$schema", "value": {"stringValue": "s"}}]}}
    assert from_otlp(nested) == {"$object": {"$schema": "s"}}


INFO: dict[str, Any] = {
    "trace_id": f"tr-{TRACE}",
    "request_time": "2026-11-29T16:07:05.323Z",
    "client_request_id": "mine-1",
    "trace_metadata": {
        "mlflow.trace.session": "s1",
        "mlflow.trace.user": "u1",
        "mlflow.trace.sizeBytes": "3",
        "mlflow.source.name": "make.py",
        "mlflow.source.git.branch": "",
        "x": "y",
    },
    "tags": {"k": "v", "mlflow.traceName": "llm"},
    "assessments": [
        {
            "assessment_id": "a-1",
            "assessment_name": "good",
            "source": {"source_type": "AI_JUDGE", "source_id": "judge"},
            "create_time": "2026-11-29T16:07:07.169Z",
            "last_update_time": "2026-11-29T16:07:08Z",
            "feedback": {"value": True},
            "rationale": "because",
            "metadata": {"m": "1"},
            "span_id": "fa19ec449c5dae86",
            "valid": True,
        },
        {
            "assessment_id": "a-2",
            "assessment_name": "expected",
            "source": {"source_type": "HUMAN", "source_id": "me"},
            "create_time": 1795968427222,
            "expectation": {"serialized_value": {"serialization_format": "JSON_FORMAT", "value": '{"a": 1}'}},
        },
        {
            "assessment_id": "a-3",
            "assessment_name": "judge",
            "source": {"source_type": "CODE"},
            "create_time": "2026-11-29T16:07:07.169Z",
            "feedback": {"error": {"error_code": "RATE_LIMIT", "error_message": "slow down"}},
        },
        {"assessment_id": "a-4", "assessment_name": "good", "feedback": {"value": False}, "valid": False},
        {"assessment_id": "a-5", "assessment_name": "issue", "issue": {"issue_id": "i"}},
    ],
}


def test_a_trace_with_all_that_is_known_of_it() -> None:
    read = read_trace(FoundTrace(INFO, [SINCE_3]), "/Shared/x")
    (line,) = map(json.loads, read.lines)
    assert (line["trace_id"], line["experiment_name"]) == (TRACE, "/Shared/x")
    assert (line["part"], line["is_last"]) == (1, True)
    assert line["info"]["tags"] == {"k": "v"}
    assert line["metadata"] == {"mlflow.source.name": "make.py", "x": "y", "client_request_id": "mine-1"}
    # Session and user are what the root says.
    assert line["spans"][0]["attributes"] == {
        **READ["attributes"],
        "mlflow.trace.session": "s1",
        "mlflow.trace.user": "u1",
    }
    first, second, third = line["assessments"]
    assert first == {
        "assessment_id": "a-1",
        "trace_id": TRACE,
        "kind": "feedback",
        "name": "good",
        "value": True,
        "source": {"type": "LLM_JUDGE", "id": "judge"},
        "rationale": "because",
        "metadata": {"m": "1"},
        "span_id": "fa19ec449c5dae86",
        "created_at_ns": "1795968427169000000",
        "updated_at_ns": "1795968428000000000",
    }
    assert (second["kind"], second["value"], second["created_at_ns"]) == (
        "expectation",
        {"a": 1},
        "1795968427222000000",
    )
    assert second["updated_at_ns"] == second["created_at_ns"]
    assert (third["value"], third["metadata"]) == (
        None,
        {"error_code": "RATE_LIMIT", "error_message": "slow down"},
    )
    assert (read.left_out, read.faults) == (2, [])


def test_a_large_trace_goes_on_in_further_lines() -> None:
    large = {**SINCE_3, "attributes": {"mlflow.spanInputs": json.dumps("x" * 3_000_000)}}
    read = read_trace(FoundTrace(INFO, [large, large, large]), "e")
    lines = [json.loads(line) for line in read.lines]
    assert [(line["part"], line["is_last"], len(line["spans"])) for line in lines] == [
        (1, False, 1),
        (2, False, 1),
        (3, True, 1),
    ]
    assert "assessments" in lines[0]
    assert "assessments" not in lines[1]


def test_what_cannot_be_read_is_told_and_the_rest_is_kept() -> None:
    read = read_trace(FoundTrace(INFO, [{**SINCE_3, "span_id": "AA=="}, SINCE_3]), "e")
    assert [len(json.loads(line)["spans"]) for line in read.lines] == [1]
    assert read.faults == [f"tr-{TRACE}: a span cannot be read: ValueError: a span id must have 8 bytes"]
    read = read_trace(FoundTrace(INFO, None), "e")
    assert (read.lines, read.faults) == ([], [f"tr-{TRACE}: MLflow has its summary, and no spans"])
    read = read_trace(FoundTrace({**INFO, "trace_id": "odd one"}, [SINCE_3]), "e")
    assert (read.lines, read.faults) == ([], ["'odd one' is no trace id"])


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("2026-11-29T16:07:05.323Z", 1795968425323000000),
        ("2026-11-29T16:07:05Z", 1795968425000000000),
        ("2026-11-29T16:07:05.123456789Z", 1795968425123456789),
        (1795968425323, 1795968425323000000),
        (None, 0),
        ("yesterday", 0),
    ],
)
def test_moments(given: Any, moment: int) -> None:
    assert moment_ns(given) == moment
