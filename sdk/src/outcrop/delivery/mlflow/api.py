"""Reads, searches and judges traces of an MLflow server or workspace, as `ServerApi` does those of ours."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from outcrop.assessments import Annotations, Assessment
from outcrop.delivery.mlflow import words
from outcrop.delivery.mlflow.artifacts import DataStore, ServerArtifacts, spans_in
from outcrop.delivery.mlflow.experiments import Experiments
from outcrop.delivery.mlflow.questions import asking
from outcrop.delivery.mlflow.reading_form import (
    annotations_of,
    assessment_from,
    assessment_to,
    experiment_id_of,
    judged,
    moment_now,
    spans_from_json,
    trace_id_of,
)
from outcrop.delivery.mlflow.rest import NO_SUCH_THING, MlflowRest, RefusedError
from outcrop.delivery.mlflow.searching import Answered, Search
from outcrop.delivery.mlflow.trace_form import experiment_location
from outcrop.delivery.query import FoundPage, FoundTrace, TraceDeletion, TraceQuery
from outcrop.delivery.server_api import NotThereError, ServerApi
from outcrop.exceptions import OutcropError
from outcrop.json_reading import JsonObject, as_int, as_list, as_object, as_text
from outcrop.otlp.records import SpanRecord

_V3, _V2 = "/api/3.0/mlflow/traces", "/api/2.0/mlflow/traces"
_BATCH = 10  # as MLflow's own client asks
_TAGGED_TIMES = 1000
_NO_ROUTE = frozenset({404, 405, 501})


class MlflowApi(ServerApi):
    """One server or workspace. It has no tail."""

    has_tail = False

    def __init__(self, rest: MlflowRest, artifacts: DataStore | None = None) -> None:
        """`artifacts` is where the spans lie that the tracking store has not."""
        super().__init__(rest.connection.base)
        self._rest = rest
        self._artifacts = artifacts or ServerArtifacts(rest)
        self._experiments = Experiments(rest)

    def read_trace(self, trace_id: str) -> list[SpanRecord]:
        """A trace's spans; empty if there is none of this id."""
        with asking(self._rest):
            info = self._info(trace_id)
            return [] if info is None else self._spans([info])[trace_id_of(info)]

    def annotations(self, trace_id: str) -> Annotations:
        """What is known of a trace beside its spans; empty if there is none of this id."""
        with asking(self._rest):
            info = self._info(trace_id)
            return Annotations() if info is None else self._annotations(info)

    def search(self, query: TraceQuery) -> FoundPage:
        """A page of traces."""
        with asking(self._rest):
            ids = self._experiment_ids(query.experiments)
            search = Search(self._ask_for_page, self._found)
            return search.page(query, [experiment_location(each) for each in ids]) if ids else FoundPage()

    def edit_tags(self, trace_id: str, tags: Mapping[str, str | None]) -> None:
        """Sets and deletes tags."""
        with asking(self._rest, may_be_missing=True):
            # Of a trace that is not there MLflow's stores say what their databases say.
            if self._info(trace_id) is None:
                raise NotThereError(f"There is no trace {trace_id} at {self._base}.")
            for key, value in tags.items():
                self._edit_tag(f"{_V2}/{_id(trace_id)}/tags", key, value)

    def _edit_tag(self, route: str, key: str, value: str | None) -> None:
        if value is not None:
            self._rest.send("PATCH", route, {"key": key, "value": value})
            return
        try:
            self._rest.send("DELETE", route, {"key": key})
        except RefusedError as error:
            # One that is not there is deleted.
            if not error.is_missing:
                raise

    def add_assessment(self, assessment: Assessment) -> Assessment:
        """Keeps a judgement."""
        trace_id = assessment.trace_id or ""
        now = moment_now()
        body = {**assessment_to(assessment), "create_time": now, "last_update_time": now}
        with asking(self._rest, may_be_missing=True):
            route = f"{_V3}/{_id(trace_id)}/assessments"
            return _answered(self._rest.send("POST", route, {"assessment": body}))

    def update_assessment(self, assessment: Assessment) -> Assessment:
        """Puts another judgement in the place of one."""
        changed = assessment_to(assessment)
        kind = next(iter(judged(assessment)))
        asked = {"assessmentName": "assessment_name", kind: kind}
        asked |= {name: name for name in ("rationale", "metadata", "source") if name in changed}
        body = {name: changed[name] for name in asked.values()}
        body |= {"assessment_id": assessment.assessment_id, "trace_id": changed["trace_id"]}
        with asking(self._rest, may_be_missing=True):
            route = _assessment(assessment.trace_id or "", assessment.assessment_id or "")
            sent = {"assessment": body, "update_mask": ",".join(asked)}
            return _answered(self._rest.send("PATCH", route, sent))

    def delete_assessment(self, trace_id: str, assessment_id: str) -> None:
        """Deletes a judgement."""
        with asking(self._rest, may_be_missing=True):
            self._rest.get(_assessment(trace_id, assessment_id))  # MLflow says nothing where there is none
            body = {"trace_id": words.TRACE_ID_PREFIX + trace_id, "assessment_id": assessment_id}
            self._rest.send("DELETE", _assessment(trace_id, assessment_id), body)

    def delete_traces(self, deletion: TraceDeletion) -> int:
        """Deletes traces."""
        with asking(self._rest):
            return sum(self._delete(asked) for asked in self._deletions(deletion))

    def page_url(self, trace_id: str) -> str | None:  # noqa: ARG002  # the base's
        """Where a browser shows a trace; nobody knows without its experiment."""
        return None

    def ask(self, method: str, path: str, body: Any = None, timeout_s: float = 0) -> bytes:  # noqa: ARG002  # the base's
        """Refuses: these are the routes of an Outcrop server."""
        raise OutcropError(f"{self._base} is an MLflow server, which has nothing at {path}.")

    def _info(self, trace_id: str) -> JsonObject | None:
        try:
            answer = self._rest.get(f"{_V3}/{_id(trace_id)}")
        except RefusedError as error:
            if error.is_missing:
                return None
            raise
        return as_object(as_object(answer.get("trace")).get("trace_info"))

    def _found(self, infos: Sequence[JsonObject]) -> list[FoundTrace]:
        spans = self._spans(infos)
        return [
            FoundTrace(spans[trace_id_of(info)], self._annotations(info))
            for info in infos
            if spans.get(trace_id_of(info))
        ]

    def _ask_for_page(self, asked: JsonObject) -> Answered:
        answer = self._rest.send("POST", f"{_V3}/search", asked)
        infos = [as_object(each) for each in as_list(answer.get("traces"))]
        return infos, as_text(answer.get("next_page_token")) or None

    def _spans(self, infos: Sequence[JsonObject]) -> dict[str, list[SpanRecord]]:
        """The spans of traces, from where each of them keeps them."""
        stored = [info for info in infos if _is_in_store(info)]
        found: dict[str, list[Any]] = {}
        for start in range(0, len(stored), _BATCH):
            found.update(self._stored([trace_id_of(each) for each in stored[start : start + _BATCH]]))
        for info in infos:
            if not _is_in_store(info):
                found[trace_id_of(info)] = list(spans_in(self._artifacts.read(info)))
        return {
            trace_id_of(info): spans_from_json(
                found.get(trace_id_of(info), []), self._experiments.name_of(experiment_id_of(info)), info
            )
            for info in infos
        }

    def _stored(self, trace_ids: Sequence[str]) -> Iterator[tuple[str, list[Any]]]:
        whole = [words.TRACE_ID_PREFIX + each for each in trace_ids]
        try:
            traces = as_list(self._rest.get(f"{_V3}/batchGet", {"trace_ids": whole}).get("traces"))
        except RefusedError as error:
            if error.status not in _NO_ROUTE or error.error_code == NO_SUCH_THING:
                raise
            asked = [self._rest.get(f"{_V3}/get", {"trace_id": each}) for each in whole]
            traces = [each.get("trace") for each in asked]
        for trace in map(as_object, traces):
            yield trace_id_of(as_object(trace.get("trace_info"))), as_list(trace.get("spans"))

    def _annotations(self, info: JsonObject) -> Annotations:
        trace, experiment = as_text(info.get("trace_id")) or "", experiment_id_of(info)
        page = f"{self._base}/#/experiments/{experiment}/traces?selectedEvaluationId={quote(trace, safe='')}"
        return annotations_of(info, page if experiment else None)

    def _experiment_ids(self, experiments: Sequence[str]) -> list[str]:
        if experiments:
            found = [self._experiments.find_any(each) for each in experiments]
            return [each for each in found if each is not None]
        ids: list[str] = []
        asked: JsonObject = {"max_results": _TAGGED_TIMES, "view_type": "ACTIVE_ONLY"}
        while True:
            answer = self._rest.send("POST", "/api/2.0/mlflow/experiments/search", asked)
            ids += [str(as_object(each).get("experiment_id")) for each in as_list(answer.get("experiments"))]
            token = as_text(answer.get("next_page_token"))
            if not token:
                return ids
            asked["page_token"] = token

    def _deletions(self, deletion: TraceDeletion) -> list[JsonObject]:
        if deletion.trace_ids is None:
            experiment = self._experiments.find_any(deletion.experiment or "")
            if experiment is None:
                raise NotThereError(f"There is no experiment {deletion.experiment!r} at {self._base}.")
            limit = deletion.max_timestamp_ms
            asked: JsonObject = {
                "experiment_id": experiment,
                "max_timestamp_millis": time.time_ns() // 1_000_000 if limit is None else limit,
            }
            return [asked if deletion.max_traces is None else {**asked, "max_traces": deletion.max_traces}]
        by_experiment: dict[str, list[str]] = {}
        for trace_id in deletion.trace_ids:
            info = self._info(trace_id)
            if info is not None:
                by_experiment.setdefault(experiment_id_of(info), []).append(str(info.get("trace_id")))
        return [
            {"experiment_id": experiment, "request_ids": ids[start : start + 100]}
            for experiment, ids in by_experiment.items()
            for start in range(0, len(ids), 100)
        ]

    def _delete(self, asked: JsonObject) -> int:
        return as_int(self._rest.send("POST", f"{_V2}/delete-traces", asked).get("traces_deleted")) or 0


def _is_in_store(info: JsonObject) -> bool:
    return as_object(info.get("tags")).get(words.SPANS_LOCATION) == words.IN_TRACKING_STORE


def _id(trace_id: str) -> str:
    return quote(words.TRACE_ID_PREFIX + trace_id, safe="")


def _assessment(trace_id: str, assessment_id: str) -> str:
    return f"{_V3}/{_id(trace_id)}/assessments/{quote(assessment_id, safe='')}"


def _answered(answer: JsonObject) -> Assessment:
    return assessment_from(answer.get("assessment"))
