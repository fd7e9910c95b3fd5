"""Stands in for a workspace's tables of Unity Catalog and the SQL warehouse that reads them.

As `workspace_double`: never compared with a workspace; it answers what MLflow's own client accepts.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from outcrop.delivery.otlp_decode import decode_request
from outcrop.json_reading import as_list, as_object
from outcrop.otlp.records import SpanRecord
from sdk.tests.delivery.http_double import Answer, Asked

PLACE, WAREHOUSE = "main.obs", "w-1"
_ROOT = "/api/4.0/mlflow/traces"
_TRACE = re.compile(rf"{_ROOT}/{re.escape(PLACE)}/([0-9a-f]{{32}})/(.+)")
_STATUSES = ("STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR")


class TablesDouble:
    """One schema.

    Attributes:
        infos: summaries by trace id.
        late: how many questions for traces are answered with none, as if the rows came later.
        polls: how many times a search is not done yet.
        state: the warehouse's; a start makes it run with the second look.
        may_guess: whether it finds a warehouse where the question names none.
        refused_filter: when a search with a filter is refused: `now`, `later`, or never.
        writes_camel_case: whether spans' members are named as JSON's of protobuf are by default.
    """

    def __init__(self) -> None:
        """Empty."""
        self.infos: dict[str, Any] = {}
        self.late = self.polls = 0
        self.state = "RUNNING"
        self.may_guess = True
        self.refused_filter = ""
        self.writes_camel_case = False
        self._spans: list[SpanRecord] = []
        self._searched: dict[str, Any] = {}

    def take(self, body: bytes) -> None:
        """Keeps spans that came by OTLP."""
        self._spans += decode_request(body)

    def answer(self, asked: Asked) -> Answer | None:
        """The answer; None where the question is another's."""
        parts = urlsplit(asked.path)
        if parts.path.startswith("/api/2.0/sql/warehouses/"):
            return self._warehouse(asked.method)
        if not parts.path.startswith(f"{_ROOT}/"):
            return None
        given = as_object(json.loads(asked.body)) if asked.body else {}
        named: dict[str, Any] = {**parse_qs(parts.query), **given}
        is_plain = asked.method == "PATCH" and parts.path.endswith("/tags")
        is_plain |= (asked.method == "POST" and parts.path.endswith("/info")) or "/operations/" in parts.path
        if not is_plain and "sql_warehouse_id" not in named and not self.may_guess:
            said = "Could not resolve a SQL warehouse ID for the request."
            return _json({"error_code": "INVALID_PARAMETER_VALUE", "message": said}, 400)
        if parts.path == f"{_ROOT}/{PLACE}/batchGet":
            return self._batch(named["trace_ids"])
        if parts.path == f"{_ROOT}/search-long-running":
            return self._search(given)
        if "/search/operations/" in parts.path:
            return self._operation()
        found = _TRACE.fullmatch(parts.path)
        return None if found is None else self._of_trace(asked.method, found[1], found[2], given)

    def _warehouse(self, method: str) -> Answer:
        said = self.state
        if said == "DELETED":
            return _json({"id": WAREHOUSE, "state": said})
        if method == "POST" or said == "STARTING":
            self.state = "STARTING" if method == "POST" else "RUNNING"
        return _json({"id": WAREHOUSE, "state": said})

    def _batch(self, trace_ids: list[str]) -> Answer:
        if self.late:
            self.late -= 1
            return _json({})
        return _json({"traces": [self._trace(each) for each in trace_ids if each in self.infos]})

    def _trace(self, trace_id: str) -> dict[str, Any]:
        spans = [_span(each) for each in self._spans if each.trace_id.hex() == trace_id]
        if self.writes_camel_case:
            spans = json.loads(re.sub(r"_([a-z])(?=[a-z_]*\":)", _capital, json.dumps(spans)))
        return {"trace_info": self.infos[trace_id], "spans": spans}

    def _search(self, given: dict[str, Any]) -> Answer:
        if given.get("filter") and self.refused_filter == "now":
            return _json({"error_code": "INVALID_PARAMETER_VALUE", "message": "Invalid filter."}, 400)
        self._searched = given
        return self._operation()

    def _operation(self) -> Answer:
        if self.polls:
            self.polls -= 1
            return _json({"name": "op-1", "done": False, "metadata": {"state": "RUNNING"}})
        if self._searched.get("filter") and self.refused_filter == "later":
            error = {"error_code": "INVALID_PARAMETER_VALUE", "message": "Invalid filter."}
            return _json({"name": "op-1", "done": True, "error": error})
        first, most = int(self._searched.get("page_token") or 0), self._searched["max_results"]
        newest = list(reversed(self.infos.values()))
        found: dict[str, Any] = {"trace_infos": newest[first : first + most]}
        if first + most < len(newest):
            found["next_page_token"] = str(first + most)
        return _json({"name": "op-1", "done": True, "response": found})

    def _of_trace(self, method: str, trace_id: str, rest: str, given: dict[str, Any]) -> Answer:
        if method == "POST" and rest == "info":
            self.infos[trace_id] = {"assessments": [], **given}
            return _json(given)
        info = self.infos.get(trace_id)
        if info is None:
            return _missing("trace")
        if rest == "info":
            return _json({"trace": {"trace_info": info}})
        if rest == "tags":
            info["tags"][given["key"]] = given["value"]
            return _json({})
        kind, _, name = rest.partition("/")
        if kind == "tags":
            return _missing("tag") if info["tags"].pop(unquote(name), None) is None else _json({})
        return self._judgement(method, info, name, given)

    def _judgement(self, method: str, info: Any, name: str, given: dict[str, Any]) -> Answer:
        judged = {each["assessment_id"]: each for each in info["assessments"]}
        if method == "POST":
            kept = {**given, "assessment_id": f"a-{len(judged)}"}
            info["assessments"].append(kept)
            return _json(kept)
        if name not in judged:
            return _missing("assessment")
        if method == "DELETE":
            info["assessments"].remove(judged[name])
            return _json({})
        judged[name].update(given)
        return _json(judged[name])


def _capital(found: re.Match[str]) -> str:
    return found[1].upper()


def _span(record: SpanRecord) -> dict[str, Any]:
    return {
        "trace_id": base64.b64encode(record.trace_id).decode(),
        "span_id": base64.b64encode(record.span_id).decode(),
        **({"parent_span_id": base64.b64encode(record.parent_id).decode()} if record.parent_id else {}),
        "name": record.name,
        "start_time_unix_nano": str(record.start_ns),
        "end_time_unix_nano": str(record.end_ns),
        "attributes": [{"key": key, "value": _any(value)} for key, value in record.attributes.items()],
        "status": {"code": _STATUSES[record.status_code]},
    }


def _any(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"bool_value": value}
    if isinstance(value, int):
        return {"int_value": str(value)}
    if isinstance(value, float):
        return {"double_value": value}
    if isinstance(value, list):
        return {"array_value": {"values": [_any(each) for each in as_list(value)]}}
    if isinstance(value, dict):
        return {
            "kvlist_value": {
                "values": [{"key": key, "value": _any(each)} for key, each in as_object(value).items()]
            }
        }
    return {"string_value": str(value)}


def _json(value: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


def _missing(what: str) -> Answer:
    return _json({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": f"No such {what}."}, 404)
