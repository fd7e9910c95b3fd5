"""Asks an Outcrop server's API: one request at a time, from the thread of whoever reads or judges."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlsplit

from outcrop.assessments import Annotations, Assessment
from outcrop.delivery.assessment_json import (
    annotations_from_json,
    assessment_from_json,
    assessment_to_json,
    change_to_json,
)
from outcrop.delivery.credentials import Credentials
from outcrop.delivery.otlp_decode import decode_request
from outcrop.delivery.query import FoundPage, FoundTrace, TraceDeletion, TraceQuery
from outcrop.delivery.token_errors import TokenUnavailableError
from outcrop.exceptions import ConfigurationError, OutcropError
from outcrop.json_reading import as_int, as_list, as_object, as_text, parse_json
from outcrop.otlp.records import SpanRecord

if TYPE_CHECKING:
    from outcrop.delivery.server_streams import Answer

_TIMEOUT_S = 30.0
# Deleting is done in small steps, but the answer comes after the last one.
_DELETE_TIMEOUT_S = 600.0
_BAD_REQUEST, _UNAUTHORIZED, _NOT_FOUND = 400, 401, 404
_NOT_LET_IN = frozenset({_UNAUTHORIZED, 403})
_PAGE = 50
_MOST_OF_AN_ERROR = 100_000  # bytes


class NotThereError(OutcropError):
    """The server has nothing of this id."""


class NotLetInError(OutcropError):
    """The server needs a token, or another one: asking again is no use."""


class UnreachableError(OutcropError):
    """Nothing answers there, or what answers is no server of ours."""


class ServerApi:
    """The API below one address, such as `http://127.0.0.1:5115`.

    Attributes:
        has_tail: whether it may have a live tail.
    """

    has_tail = True

    def __init__(self, base: str, credentials: Credentials | None = None) -> None:
        """`base` is without a slash at its end; `credentials` go along with each request."""
        self._base = base
        self._credentials = credentials or Credentials()

    def read_trace(self, trace_id: str) -> list[SpanRecord]:
        """A trace's spans; empty if there is none of this id."""
        try:
            return self._decoded(self.ask("GET", f"{_trace(trace_id)}/export"))
        except NotThereError:
            return []

    def annotations(self, trace_id: str) -> Annotations:
        """What is known of a trace beside its spans; empty if there is none of this id."""
        try:
            answer = self._json("GET", f"{_trace(trace_id)}/annotations")
        except NotThereError:
            return Annotations()
        return annotations_from_json(answer, self.page_url(trace_id))

    def search(self, query: TraceQuery) -> FoundPage:
        """A page of traces, and their spans in a second request."""
        asked = {
            "experiments": list(query.experiments),
            "filter": query.filter_string,
            "order_by": list(query.order_by),
            "max_results": min(query.max_results, _PAGE),
            "page_token": query.page_token,
        }
        answer = as_object(self._json("POST", "/api/traces/search", asked))
        found = {
            str(as_object(as_object(each).get("info")).get("trace_id")): each
            for each in as_list(answer.get("traces"))
        }
        spans = self._export(list(found)) if found else {}
        traces = [
            FoundTrace(spans[trace_id], annotations_from_json(_tagged(each), self.page_url(trace_id)))
            for trace_id, each in found.items()
            # One that was deleted between the two requests has no spans.
            if trace_id in spans
        ]
        return FoundPage(traces, as_text(answer.get("next_page_token")))

    def edit_tags(self, trace_id: str, tags: Mapping[str, str | None]) -> None:
        """Sets and deletes tags."""
        self._json("PATCH", _trace(trace_id), {"tags": dict(tags)})

    def add_assessment(self, assessment: Assessment) -> Assessment:
        """Keeps a judgement."""
        path = f"{_trace(assessment.trace_id or '')}/assessments"
        return assessment_from_json(self._json("POST", path, assessment_to_json(assessment)))

    def update_assessment(self, assessment: Assessment) -> Assessment:
        """Replaces a judgement."""
        path = _assessment(assessment.trace_id or "", assessment.assessment_id or "")
        return assessment_from_json(self._json("PATCH", path, change_to_json(assessment)))

    def delete_assessment(self, trace_id: str, assessment_id: str) -> None:
        """Deletes a judgement."""
        self.ask("DELETE", _assessment(trace_id, assessment_id))

    def delete_traces(self, deletion: TraceDeletion) -> int:
        """Deletes traces."""
        asked = {
            "experiment": deletion.experiment,
            "trace_ids": None if deletion.trace_ids is None else list(deletion.trace_ids),
            "max_timestamp_ms": deletion.max_timestamp_ms,
            "max_traces": deletion.max_traces,
        }
        answer = self._json("POST", "/api/traces/delete", asked, timeout_s=_DELETE_TIMEOUT_S)
        return as_int(as_object(answer).get("deleted")) or 0

    def _export(self, trace_ids: Sequence[str]) -> dict[str, list[SpanRecord]]:
        body = self.ask("POST", "/api/traces/export", {"trace_ids": list(trace_ids)})
        spans: dict[str, list[SpanRecord]] = {}
        for record in self._decoded(body):
            spans.setdefault(record.trace_id.hex(), []).append(record)
        return spans

    def _decoded(self, body: bytes) -> list[SpanRecord]:
        try:
            return decode_request(body)
        except ValueError as error:
            raise OutcropError(f"Traces cannot be read from {self._base}: {error}") from error

    def page_url(self, trace_id: str) -> str | None:
        """Where a browser shows a trace."""
        return f"{self._base}/traces/{quote(trace_id, safe='')}"

    def _json(self, method: str, path: str, body: Any = None, timeout_s: float = _TIMEOUT_S) -> Any:
        return parse_json(self.ask(method, path, body, timeout_s))

    def ask(self, method: str, path: str, body: Any = None, timeout_s: float = _TIMEOUT_S) -> bytes:
        """The answer to a request; `body` is sent as JSON.

        Raises:
            OutcropError: there was no answer, or a refusal.
        """
        from http.client import HTTPException  # noqa: PLC0415  # keeps `import outcrop` light
        from urllib.error import HTTPError, URLError  # noqa: PLC0415  # as above

        url = self._url(path)
        data = None if body is None else json.dumps(body).encode()
        try:
            try:
                return self._answer(method, url, data, timeout_s)
            except HTTPError as error:
                # A token that has been changed meanwhile is fetched again, once.
                if error.code != _UNAUTHORIZED or not self._credentials.renew():
                    raise
                error.close()
                return self._answer(method, url, data, timeout_s)
        except HTTPError as error:
            with error:
                raise self.refusal(error.code, error.read()[:_MOST_OF_AN_ERROR]) from error
        except TokenUnavailableError as error:
            raise OutcropError(f"{self._base} cannot be asked: {error}.") from error
        except (URLError, OSError, ValueError, HTTPException) as error:
            way = "read from" if method == "GET" else "reached at"
            raise UnreachableError(f"Traces cannot be {way} {self._base}: {in_words(error)}.") from error

    @contextmanager
    def opened(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = _TIMEOUT_S,
    ) -> Generator[Answer, None, None]:
        """The answer to a request while it comes, and until the caller is done with it.

        Args:
            method: HTTP's method.
            path: the path, with a query if there is one.
            body: what is sent as JSON, or an iterator of bytes, each of which is sent when it is made.
            headers: further headers.
            timeout_s: seconds of silence after which it is given up.

        Raises:
            OutcropError: there was no answer, or a refusal.
        """
        from outcrop.delivery.server_streams import Refusal, opened  # noqa: PLC0415  # of few readers alone

        url, given = self._url(path), dict(headers or {})
        data = to_data(body)
        if isinstance(data, bytes):
            given["Content-Type"] = "application/json"
        with ExitStack() as stack:
            try:
                try:
                    sent = {**given, **self._credentials.headers()}
                    answer = stack.enter_context(opened(method, url, data, sent, timeout_s))
                except Refusal as error:
                    # As for `ask`; but of pieces the first ones are gone.
                    may_ask_again = error.status == _UNAUTHORIZED and not isinstance(data, Iterator)
                    if not may_ask_again or not self._credentials.renew():
                        raise
                    sent = {**given, **self._credentials.headers()}
                    answer = stack.enter_context(opened(method, url, data, sent, timeout_s))
            except Refusal as error:
                raise self.refusal(error.status, error.answer) from error
            except TokenUnavailableError as error:
                raise OutcropError(f"{self._base} cannot be asked: {error}.") from error
            yield answer

    def _url(self, path: str) -> str:
        url = self._base + path
        if urlsplit(url).scheme not in {"http", "https"}:
            raise OutcropError(f"{self._base} is no HTTP address.")
        return url

    def _answer(self, method: str, url: str, data: bytes | None, timeout_s: float) -> bytes:
        from urllib.request import Request, urlopen  # noqa: PLC0415  # as above

        headers = {} if data is None else {"Content-Type": "application/json"}
        request = Request(url, data, headers, method=method)  # noqa: S310  # checked by the caller
        for name, value in self._credentials.headers().items():
            # Should the server send us elsewhere, that place is not told the token.
            request.add_unredirected_header(name, value)
        with urlopen(request, timeout=timeout_s) as response:  # noqa: S310  # as above
            answer: bytes = response.read()
        return answer

    def refusal(self, status: int, answer: bytes) -> OutcropError:
        """What an error answer means; the server's own words where it has some."""
        problem = as_object(parse_json(answer))
        detail = as_text(problem.get("detail"))
        if status == _NOT_FOUND:
            return NotThereError(detail or f"{self._base} answered HTTP 404: is it an Outcrop server?")
        fault = as_object(problem.get("filter_fault"))
        if status == _BAD_REQUEST and fault:
            from outcrop.filter.errors import FilterError  # noqa: PLC0415  # of a wrong filter alone

            message, excerpt = as_text(fault.get("message")) or "", as_text(fault.get("excerpt")) or ""
            column, suggestion = as_int(fault.get("column")) or 1, as_text(fault.get("suggestion"))
            return FilterError(message, column, suggestion, excerpt)
        if status == _BAD_REQUEST and detail:
            return ConfigurationError(detail)
        if status in _NOT_LET_IN and not detail:
            detail = "It needs a token that may do this: set OUTCROP_TOKEN or OUTCROP_TOKEN_FILE."
        kind = NotLetInError if status in _NOT_LET_IN else OutcropError
        return kind(f"{self._base} answered HTTP {status}. {detail or ''}".rstrip())


def to_data(body: Any) -> bytes | Iterator[bytes] | None:
    """What is sent of a body: pieces as they are, anything else as JSON."""
    if body is None or isinstance(body, Iterator):
        return cast("Iterator[bytes] | None", body)
    return json.dumps(body).encode()


def in_words(error: Exception) -> str:
    """What an error of the network says, or its name."""
    # Some of them say nothing of themselves.
    return str(error).strip().rstrip(".") or type(error).__name__


def _trace(trace_id: str) -> str:
    return f"/api/traces/{quote(trace_id, safe='')}"


def _assessment(trace_id: str, assessment_id: str) -> str:
    return f"{_trace(trace_id)}/assessments/{quote(assessment_id, safe='')}"


def _tagged(found: Any) -> dict[str, Any]:
    """A found trace with its tags beside its metadata, as annotations have them."""
    given = as_object(found)
    return {**given, "tags": as_object(given.get("info")).get("tags")}
