"""An MLflow server as the source, asked over its REST API (standard library only)."""

from __future__ import annotations

import base64
import json
import os
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

from outcrop.exceptions import OutcropError
from outcrop.json_reading import JsonObject, as_list, as_object, as_text, load_object
from outcrop.mlflow_import.source import Experiment
from outcrop.mlflow_import.traces import FoundTrace

_PATIENCE_S = 60.0
_TRIES, _PAUSE_S = 4, 1.0
_PAGE, _AT_ONCE = 100, 10
_NOT_LET_IN, _NOT_THERE = frozenset({401, 403}), 404
_WORTH_ANOTHER_TRY = frozenset({408, 429, 500, 502, 503, 504})
_MOST_OF_AN_ERROR = 300


class _RefusedError(OutcropError):
    """The server answered, and not with what was asked for."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class MlflowServer:
    """Reads through the API that MLflow's own clients use.

    `MLFLOW_TRACKING_TOKEN`, or `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`, let in, as with
    them.
    """

    def __init__(self, address: str, environment: Mapping[str, str] | None = None) -> None:
        """`address` may hold user and password."""
        given = os.environ if environment is None else environment
        parts = urlsplit(address.rstrip("/"))
        host = parts.netloc.rpartition("@")[2]
        self._base = urlunsplit((parts.scheme, host, parts.path, "", ""))
        self._headers = {"Accept": "application/json", **_credentials(parts.username, parts.password, given)}
        context = ssl.create_default_context()
        if given.get("MLFLOW_TRACKING_INSECURE_TLS", "").lower() in {"1", "true"}:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._opener = build_opener(ProxyHandler(), HTTPSHandler(context=context))
        # Older ones have no such route.
        self._gives_several = True

    def experiments(self) -> list[Experiment]:
        """All that are active."""
        found: list[Experiment] = []
        token = ""
        while True:
            asked = {
                "max_results": 1000,
                "view_type": "ACTIVE_ONLY",
                **({"page_token": token} if token else {}),
            }
            answer = self._ask("POST", "/api/2.0/mlflow/experiments/search", asked)
            found.extend(
                Experiment(str(each.get("experiment_id")), str(each.get("name")))
                for each in map(as_object, as_list(answer.get("experiments")))
            )
            token = as_text(answer.get("next_page_token")) or ""
            if not token:
                return found

    def count(self, experiment: Experiment, since_ms: int) -> int | None:  # noqa: ARG002  # the contract's
        """The API does not tell."""
        return None

    def traces(self, experiment: Experiment, since_ms: int) -> Iterator[FoundTrace]:
        """Page after page."""
        place = {
            "type": "MLFLOW_EXPERIMENT",
            "mlflow_experiment": {"experiment_id": experiment.experiment_id},
        }
        asked: JsonObject = {
            "locations": [place],
            "max_results": _PAGE,
            "order_by": ["timestamp_ms ASC"],
            **({"filter": f"timestamp_ms >= {since_ms}"} if since_ms else {}),
        }
        while True:
            try:
                answer = self._ask("POST", "/api/3.0/mlflow/traces/search", asked)
            except _RefusedError as error:
                if error.status != _NOT_THERE:
                    raise
                raise OutcropError(
                    f"{self._base} knows no traces of MLflow 3: its server is older than 3.0. Renew it, or "
                    "give its SQLite file (--from sqlite:///mlflow.db)."
                ) from error
            infos = [as_object(each) for each in as_list(answer.get("traces"))]
            for start in range(0, len(infos), _AT_ONCE):
                yield from self._with_spans(infos[start : start + _AT_ONCE])
            token = as_text(answer.get("next_page_token"))
            if not token:
                return
            asked = {**asked, "page_token": token}

    def close(self) -> None:
        """Each request has a connection of its own."""

    def _with_spans(self, infos: Sequence[JsonObject]) -> Iterator[FoundTrace]:
        spans = self._of_several([str(info.get("trace_id")) for info in infos])
        for info in infos:
            found = spans.get(str(info.get("trace_id")))
            yield FoundTrace(info, found or self._from_file(str(info.get("trace_id"))))

    def _of_several(self, trace_ids: Sequence[str]) -> dict[str, list[JsonObject]]:
        if not self._gives_several:
            return {}
        query = urlencode([("trace_ids", each) for each in trace_ids])
        try:
            answer = self._ask("GET", f"/api/3.0/mlflow/traces/batchGet?{query}")
        except _RefusedError as error:
            if error.status in _NOT_LET_IN:
                raise
            # It has no such route, or one of these traces stands in its way.
            self._gives_several = error.status != _NOT_THERE
            return {}
        traces = [as_object(each) for each in as_list(answer.get("traces"))]
        return {
            str(as_object(each.get("trace_info")).get("trace_id")): [
                as_object(span) for span in as_list(each.get("spans"))
            ]
            for each in traces
        }

    def _from_file(self, trace_id: str) -> list[JsonObject] | None:
        """As the page of MLflow asks for it: wherever the spans lie."""
        try:
            answer = self._ask("GET", f"/ajax-api/2.0/mlflow/get-trace-artifact?request_id={quote(trace_id)}")
        except _RefusedError as error:
            if error.status in _NOT_LET_IN:
                raise
            return None
        return [as_object(each) for each in as_list(answer.get("spans"))]

    def _ask(self, method: str, path: str, body: JsonObject | None = None) -> JsonObject:
        for attempt in range(1, _TRIES + 1):
            try:
                return self._asked(method, path, body)
            except _RefusedError as error:
                if error.status not in _WORTH_ANOTHER_TRY or attempt == _TRIES:
                    raise
            except (OSError, HTTPException) as error:
                if attempt == _TRIES:
                    raise OutcropError(f"{self._base} cannot be asked: {_in_words(error)}.") from error
            time.sleep(_PAUSE_S * attempt)
        raise AssertionError("unreachable: the last try returns or raises")

    def _asked(self, method: str, path: str, body: JsonObject | None) -> JsonObject:
        data = None if body is None else json.dumps(body).encode()
        headers = self._headers if data is None else {**self._headers, "Content-Type": "application/json"}
        request = Request(f"{self._base}{path}", data, headers, method=method)  # noqa: S310  # http or https
        try:
            with self._opener.open(request, timeout=_PATIENCE_S) as answer:
                found = load_object(answer.read())
        except HTTPError as error:
            with error:
                raise self._refusal(error.code, error.read()) from error
        if found is None:
            raise OutcropError(f"What answers at {self._base} is no MLflow server.")
        return found

    def _refusal(self, status: int, answer: bytes) -> _RefusedError:
        words = as_text(as_object(load_object(answer)).get("message")) or ""
        said = f": {words[:_MOST_OF_AN_ERROR]}" if words else ""
        advice = (
            " Give what lets you in by MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and "
            "MLFLOW_TRACKING_PASSWORD."
            if status in _NOT_LET_IN
            else ""
        )
        return _RefusedError(f"{self._base} answered HTTP {status}{said}.{advice}", status)


def _credentials(user: str | None, password: str | None, given: Mapping[str, str]) -> dict[str, str]:
    name = unquote(user) if user else given.get("MLFLOW_TRACKING_USERNAME")
    secret = unquote(password) if password else given.get("MLFLOW_TRACKING_PASSWORD")
    token = given.get("MLFLOW_TRACKING_TOKEN")
    if name and secret:
        return {"Authorization": f"Basic {base64.b64encode(f'{name}:{secret}'.encode()).decode()}"}
    return {"Authorization": f"Bearer {token}"} if token else {}


def _in_words(error: Any) -> str:
    reason = getattr(error, "reason", error)
    return "connection refused" if isinstance(reason, ConnectionRefusedError) else str(reason)
