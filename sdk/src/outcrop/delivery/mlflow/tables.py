"""Reads, searches and judges traces in a workspace's tables of Unity Catalog, as `MlflowApi` does others.

Never run against a workspace: it asks what MLflow's published client asks.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from outcrop.assessments import Annotations, Assessment
from outcrop.delivery.mlflow.questions import asking
from outcrop.delivery.mlflow.reading_form import (
    annotations_of,
    assessment_from,
    moment_now,
    spans_from_json,
    trace_id_of,
)
from outcrop.delivery.mlflow.rest import MlflowRest, RefusedError
from outcrop.delivery.mlflow.searching import Answered, Search
from outcrop.delivery.mlflow.tables_form import (
    changed_assessment,
    new_assessment,
    schema_location,
    span_with_our_names,
)
from outcrop.delivery.mlflow.warehouse import WAREHOUSE, Warehouse
from outcrop.delivery.query import FoundPage, FoundTrace, TraceDeletion, TraceQuery
from outcrop.delivery.server_api import NotThereError, ServerApi
from outcrop.exceptions import OutcropError
from outcrop.json_reading import JsonObject, as_list, as_object, as_text
from outcrop.otlp.records import SpanRecord

_ROOT = "/api/4.0/mlflow/traces"
_BATCH = 10  # as many as the workspace takes
_POLL_S = 1.0
_MOST_OF_A_SEARCH_S = 600.0
# Rows can be read some time after they were sent.
_LATE_S, _FIRST_WAIT_S, _LONGEST_WAIT_S = 15.0, 2.0, 8.0
_NO_WAREHOUSE = "Could not resolve a SQL warehouse ID"
_WRONG_QUESTION = frozenset({"INVALID_PARAMETER_VALUE", "BAD_REQUEST"})
_BAD_REQUEST = 400


class TablesApi(ServerApi):
    """The tables of one schema. They know no experiments: a search looks at all traces in them."""

    has_tail = False

    def __init__(self, rest: MlflowRest, schema: tuple[str, str]) -> None:
        """`rest` is the workspace; `schema` is catalog and schema."""
        super().__init__(rest.connection.base)
        self._rest = rest
        self._schema = schema
        self._place = ".".join(schema)
        self._warehouse = Warehouse(rest)

    def read_trace(self, trace_id: str) -> list[SpanRecord]:
        """A trace's spans; empty if there is none of this id, which is said after some seconds."""
        with asking(self._rest):
            until, wait_s = time.monotonic() + _LATE_S, _FIRST_WAIT_S
            while True:
                found = self._batch([trace_id])
                left_s = until - time.monotonic()
                if found or left_s <= 0:
                    return found[0].records if found else []
                time.sleep(min(wait_s, left_s))
                wait_s = min(wait_s * 2, _LONGEST_WAIT_S)

    def annotations(self, trace_id: str) -> Annotations:
        """What is known of a trace beside its spans; empty if there is none of this id."""
        with asking(self._rest):
            info = self._info(trace_id)
            return Annotations() if info is None else annotations_of(info, None)

    def search(self, query: TraceQuery) -> FoundPage:
        """A page of traces."""
        with asking(self._rest):
            search = Search(self._search, self._found, knows_trace_ids=False)
            return search.page(query, [schema_location(self._schema)])

    def edit_tags(self, trace_id: str, tags: Mapping[str, str | None]) -> None:
        """Sets and deletes tags."""
        with asking(self._rest, may_be_missing=True):
            route = f"{self._trace(trace_id)}/tags"
            for key, value in tags.items():
                if value is None:
                    self._delete_tag(trace_id, f"{route}/{quote(key, safe='')}")
                else:
                    self._rest.send("PATCH", route, {"key": key, "value": value})

    def add_assessment(self, assessment: Assessment) -> Assessment:
        """Keeps a judgement."""
        with asking(self._rest, may_be_missing=True):
            route = f"{self._trace(assessment.trace_id or '')}/assessments"
            body = new_assessment(assessment, self._schema, moment_now())
            return assessment_from(self._ask("POST", route, body))

    def update_assessment(self, assessment: Assessment) -> Assessment:
        """Puts another judgement in the place of one."""
        with asking(self._rest, may_be_missing=True):
            route = self._judgement(assessment.trace_id or "", assessment.assessment_id or "")
            body, mask = changed_assessment(assessment, self._schema)
            return assessment_from(self._ask("PATCH", route, body, {"update_mask": mask}))

    def delete_assessment(self, trace_id: str, assessment_id: str) -> None:
        """Deletes a judgement."""
        with asking(self._rest, may_be_missing=True):
            self._ask("DELETE", self._judgement(trace_id, assessment_id))

    def delete_traces(self, deletion: TraceDeletion) -> int:  # noqa: ARG002  # the base's
        """Refuses: the published client has no request for it."""
        raise OutcropError(
            f"Traces in tables of Unity Catalog are deleted by SQL alone: delete the rows of {self._place}."
        )

    def page_url(self, trace_id: str) -> str | None:  # noqa: ARG002  # the base's
        """Where a browser shows a trace; nobody knows without its experiment."""
        return None

    def ask(self, method: str, path: str, body: Any = None, timeout_s: float = 0) -> bytes:  # noqa: ARG002  # the base's
        """Refuses: these are the routes of an Outcrop server."""
        raise OutcropError(f"{self._base} is a Databricks workspace, which has nothing at {path}.")

    def _info(self, trace_id: str) -> JsonObject | None:
        query = {"trace_id": trace_id, "location": self._place}
        try:
            answer = self._ask("GET", f"{self._trace(trace_id)}/info", query=query)
        except RefusedError as error:
            if error.is_missing:
                return None
            raise
        return as_object(as_object(answer.get("trace")).get("trace_info"))

    def _found(self, infos: Sequence[JsonObject]) -> list[FoundTrace]:
        ids = [trace_id_of(info) for info in infos]
        found = [
            each for start in range(0, len(ids), _BATCH) for each in self._batch(ids[start : start + _BATCH])
        ]
        # The answer's order is its own.
        places = {trace_id: place for place, trace_id in enumerate(ids)}
        return sorted(found, key=lambda each: places.get(each.records[0].trace_id.hex(), len(ids)))

    def _batch(self, trace_ids: Sequence[str]) -> list[FoundTrace]:
        query = {"location_id": self._place, "trace_ids": list(trace_ids)}
        route = f"{_ROOT}/{quote(self._place)}/batchGet"
        answer = self._ask("GET", route, query=query)
        found: list[FoundTrace] = []
        for trace in map(as_object, as_list(answer.get("traces"))):
            info = as_object(trace.get("trace_info"))
            spans = spans_from_json(
                [span_with_our_names(each) for each in as_list(trace.get("spans"))], "", info
            )
            if spans:
                found.append(FoundTrace(spans, annotations_of(info, None)))
        return found

    def _search(self, asked: JsonObject) -> Answered:
        said = {name: value for name, value in asked.items() if value}
        operation = self._guarded("POST", f"{_ROOT}/search-long-running", {**said, **self._warehouse.query()})
        until = time.monotonic() + _MOST_OF_A_SEARCH_S
        while not operation.get("done"):
            if time.monotonic() >= until:
                raise RefusedError(f"nothing: the search is not done after {_MOST_OF_A_SEARCH_S:.0f} s")
            time.sleep(_POLL_S)
            name = quote(as_text(operation.get("name")) or "")
            operation = self._guarded("GET", f"{_ROOT}/search/operations/{name}")
        error = as_object(operation.get("error"))
        if error:
            code = as_text(error.get("error_code")) or ""
            raise RefusedError(
                f"{code}: {as_text(error.get('message')) or 'the search failed'}".removeprefix(": "),
                status=_BAD_REQUEST if code in _WRONG_QUESTION else 0,
                error_code=code,
            )
        answer = as_object(operation.get("response"))
        infos = [as_object(each) for each in as_list(answer.get("trace_infos"))]
        return infos, as_text(answer.get("next_page_token")) or None

    def _delete_tag(self, trace_id: str, route: str) -> None:
        try:
            self._ask("DELETE", route)
        except RefusedError as error:
            if not error.is_missing:
                raise
            # A tag that is not there is deleted.
            if self._info(trace_id) is None:
                raise NotThereError(f"There is no trace {trace_id} in {self._place}.") from error

    def _ask(
        self,
        method: str,
        route: str,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
    ) -> JsonObject:
        """What the warehouse answers."""
        # No comma of the mask becomes %2C, as with the published client.
        asked = urlencode({**(query or {}), **self._warehouse.query()}, doseq=True, safe=",")
        return self._guarded(method, f"{route}?{asked}" if asked else route, body)

    def _guarded(self, method: str, route: str, body: Any = None) -> JsonObject:
        try:
            return self._rest.send(method, route, body)
        except RefusedError as error:
            if _NO_WAREHOUSE not in str(error):
                raise
            raise RefusedError(
                f"{error}; set {WAREHOUSE} to the id of a SQL warehouse that may read {self._place}"
            ) from error

    def _trace(self, trace_id: str) -> str:
        return f"{_ROOT}/{quote(self._place)}/{quote(trace_id, safe='')}"

    def _judgement(self, trace_id: str, assessment_id: str) -> str:
        return f"{self._trace(trace_id)}/assessments/{quote(assessment_id, safe='')}"
