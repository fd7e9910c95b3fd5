"""A trace of MLflow as the lines of an import: its spans, tags, metadata and judgements. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from outcrop.json_reading import JsonObject, as_list, as_object, as_text, parse_json
from outcrop.mlflow_import.spans import UnreadableError, hex_of_trace, read_span

# What MLflow notes for itself, or writes down a second time of what the spans say.
_OWN = "mlflow."
_DERIVED = frozenset(
    {
        "mlflow.trace.sizeStats",
        "mlflow.trace.sizeBytes",
        "mlflow.trace.tokenUsage",
        "mlflow.trace.cost",
        "mlflow.trace.infoFinalized",
        "mlflow.trace_schema.version",
        "mlflow.traceInputs",
        "mlflow.traceOutputs",
        "mlflow.trace.session",
        "mlflow.trace.user",
    }
)
# Read from the root by our reader of MLflow's words.
_OF_ROOT = ("mlflow.trace.session", "mlflow.trace.user")
_SOURCES = {"HUMAN": "HUMAN", "LLM_JUDGE": "LLM_JUDGE", "AI_JUDGE": "LLM_JUDGE", "CODE": "CODE"}
# A line that the server takes in one piece; a larger trace goes on in the next.
_LINE_CHARACTERS = 4_000_000


@dataclass(frozen=True)
class FoundTrace:
    """A trace as MLflow has it.

    Attributes:
        info: its `trace_info`, as the API of version 3 gives it.
        spans: in whatever form; None if they cannot be had.
        why_none: in words, for that case.
    """

    info: JsonObject
    spans: Sequence[JsonObject] | None
    why_none: str = "MLflow has its summary, and no spans"

    @property
    def started_ms(self) -> int:
        """When it was asked, in milliseconds since 1970."""
        return moment_ns(self.info.get("request_time")) // 1_000_000


@dataclass
class Read:
    """What became of a trace.

    Attributes:
        lines: of the import.
        faults: what could not be read of it.
        left_out: judgements of kinds that Outcrop does not have, or that another one took the place of.
    """

    lines: list[str] = field(default_factory=list[str])
    faults: list[str] = field(default_factory=list[str])
    left_out: int = 0


def read_trace(found: FoundTrace, experiment: str) -> Read:
    """The lines of a trace; none where it has no span that can be read."""
    read = Read()
    named = str(found.info.get("trace_id", ""))
    try:
        trace_id = hex_of_trace(named)
    except UnreadableError as error:
        read.faults.append(str(error))
        return read
    spans: list[JsonObject] = []
    for given in found.spans or ():
        try:
            spans.append(read_span(given, trace_id))
        except UnreadableError as error:
            read.faults.append(f"{named}: a span cannot be read: {error}")
    if not spans:
        if not read.faults:
            read.faults.append(f"{named}: {found.why_none}")
        return read
    metadata = {name: str(value) for name, value in as_object(found.info.get("trace_metadata")).items()}
    _say_of_root(spans, metadata)
    assessments = [_assessment(as_object(each), trace_id) for each in as_list(found.info.get("assessments"))]
    kept = [each for each in assessments if each is not None]
    read.left_out = len(assessments) - len(kept)
    head = {
        "experiment_name": experiment,
        "info": {"tags": _tags(found.info)},
        "metadata": _metadata(found.info, metadata),
        "assessments": kept,
    }
    read.lines.extend(_lines(trace_id, head, spans))
    return read


def _say_of_root(spans: Sequence[JsonObject], metadata: dict[str, str]) -> None:
    """Session and user, which MLflow keeps beside the spans, are of a trace what its root says."""
    ids = {span["span_id"] for span in spans}
    root = next((span for span in spans if span.get("parent_span_id") not in ids), spans[0])
    for name in _OF_ROOT:
        if metadata.get(name):
            root["attributes"].setdefault(name, metadata[name])


def _tags(info: JsonObject) -> dict[str, str]:
    given = as_object(info.get("tags"))
    return {name: str(value) for name, value in given.items() if not name.startswith(_OWN)}


def _metadata(info: JsonObject, metadata: dict[str, str]) -> dict[str, str]:
    asked_as = as_text(info.get("client_request_id"))
    return {
        **{name: value for name, value in metadata.items() if value and name not in _DERIVED},
        **({"client_request_id": asked_as} if asked_as else {}),
    }


def _assessment(given: JsonObject, trace_id: str) -> JsonObject | None:
    """None of what is no judgement of ours, or has been replaced by another."""
    feedback, expectation = given.get("feedback"), given.get("expectation")
    if given.get("valid") is False or (feedback is None and expectation is None):
        return None
    source = as_object(given.get("source"))
    error = as_object(as_object(feedback).get("error"))
    metadata = {name: str(value) for name, value in as_object(given.get("metadata")).items()}
    created = moment_ns(given.get("create_time"))
    return {
        "assessment_id": str(given.get("assessment_id")),
        "trace_id": trace_id,
        "kind": "feedback" if feedback is not None else "expectation",
        "name": str(given.get("assessment_name") or given.get("name") or ""),
        "value": _expected(expectation) if feedback is None else as_object(feedback).get("value"),
        "source": {
            "type": _SOURCES.get(str(source.get("source_type")), "CODE"),
            "id": as_text(source.get("source_id")) or "default",
        },
        "rationale": as_text(given.get("rationale")),
        # Why a judge gave none.
        "metadata": {**{name: str(value) for name, value in error.items() if value}, **metadata},
        "span_id": as_text(given.get("span_id")) or None,
        "created_at_ns": str(created),
        "updated_at_ns": str(moment_ns(given.get("last_update_time")) or created),
    }


def _expected(expectation: Any) -> Any:
    given = as_object(expectation)
    serialized = as_text(as_object(given.get("serialized_value")).get("value"))
    return given.get("value") if serialized is None else parse_json(serialized.encode())


def _lines(trace_id: str, head: JsonObject, spans: Sequence[JsonObject]) -> Iterator[str]:
    part, size, held = 1, 0, list[str]()
    for span in spans:
        text = json.dumps(span, ensure_ascii=False)
        if held and size + len(text) > _LINE_CHARACTERS:
            yield _line(trace_id, head if part == 1 else {}, part, held, is_last=False)
            part, size, held = part + 1, 0, []
        held.append(text)
        size += len(text)
    yield _line(trace_id, head if part == 1 else {}, part, held, is_last=True)


def _line(trace_id: str, head: JsonObject, part: int, spans: list[str], *, is_last: bool) -> str:
    given = json.dumps({"trace_id": trace_id, **head, "part": part, "is_last": is_last}, ensure_ascii=False)
    return f'{given[:-1]}, "spans": [{", ".join(spans)}]}}\n'


def moment_ns(given: Any) -> int:
    """A moment of MLflow's API, RFC 3339 or milliseconds, in nanoseconds since 1970; 0 if it is none."""
    if isinstance(given, int):
        return given * 1_000_000
    try:
        # Python 3.10 reads neither a Z nor more than six digits of a second.
        text, _, rest = str(given).removesuffix("Z").partition(".")
        seconds = datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
        return int(seconds.timestamp()) * 1_000_000_000 + int(rest[:9].ljust(9, "0") or 0)
    except ValueError:
        return 0
