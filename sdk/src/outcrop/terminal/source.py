"""Where `outcrop traces` reads and writes: a server's API, over HTTP or over a store in this process."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from outcrop.delivery.credentials import read_credentials
from outcrop.delivery.destination import check_tracking_uri, path_in
from outcrop.delivery.query import TraceQuery
from outcrop.delivery.server_api import NotThereError, ServerApi
from outcrop.exceptions import ConfigurationError, OutcropError
from outcrop.json_reading import JsonObject, as_int, as_list, as_object, as_text, load_object
from outcrop.settings import read_settings
from outcrop.terminal.events import Event, events

# The server's own bound.
MOST_ON_A_PAGE = 200
_TRACE_ID, _LEAST_OF_AN_ID = 32, 4
_HEX = frozenset("0123456789abcdef")
# A live tail is heard of every 15 seconds.
_TAIL_SILENCE_S = 45.0
# A server that commits holds the sender back.
_IMPORT_SILENCE_S = 300.0


class SummaryPage(NamedTuple):
    """Traces as lists show them, and the token of the next page; None at the end.

    `words_waiting` is how many traces may fit besides: the server cannot search their payloads yet.
    """

    traces: list[JsonObject]
    next_page_token: str | None
    words_waiting: int = 0


class TraceSource:
    """Asks for traces. Answers are the API's own JSON."""

    def __init__(self, api: ServerApi) -> None:
        """`api` is asked."""
        self._api = api

    def page(self, query: TraceQuery) -> SummaryPage:
        """A page of the traces that fit, without their spans.

        Raises:
            OutcropError: the server cannot be asked; a FilterError shows where a filter is wrong.
        """
        asked = {
            "experiments": list(query.experiments),
            "filter": query.filter_string,
            "order_by": list(query.order_by),
            "max_results": min(query.max_results, MOST_ON_A_PAGE),
            "page_token": query.page_token,
        }
        answer = self._object(self._api.ask("POST", "/api/traces/search", asked))
        traces = [as_object(each) for each in as_list(answer.get("traces"))]
        waiting = as_int(answer.get("words_waiting")) or 0
        return SummaryPage(traces, as_text(answer.get("next_page_token")), waiting)

    def pages(self, query: TraceQuery) -> Generator[SummaryPage, None, None]:
        """Page after page, until `query.max_results` traces were given; the last says if there are more."""
        left = query.max_results
        while left > 0:
            page = self.page(replace(query, max_results=left))
            yield page
            left -= len(page.traces)
            if page.next_page_token is None:
                return
            query = replace(query, page_token=page.next_page_token)

    def trace(self, trace_id: str) -> JsonObject:
        """A trace and its spans, without payloads."""
        return self._object(self._api.ask("GET", f"/api/traces/{quote(trace_id, safe='')}"))

    def span(self, trace_id: str, span_id: str) -> JsonObject:
        """A span with its payload."""
        path = f"/api/traces/{quote(trace_id, safe='')}/spans/{quote(span_id, safe='')}"
        return self._object(self._api.ask("GET", path))

    def export(self, trace_ids: Sequence[str], form: str) -> Iterator[bytes]:
        """The lines of an export of some traces, with their ends; `form` as the API names it."""
        asked = {"trace_ids": list(trace_ids), "format": form}
        with self._api.opened("POST", "/api/export", asked) as answer:
            while line := answer.readline():
                yield line

    def take_in(self, pieces: Iterator[bytes], experiment: str | None) -> JsonObject:
        """Sends a file that an export wrote, piece by piece.

        Args:
            pieces: the file's bytes; asked for when the one before is sent.
            experiment: where spans belong that do not say so themselves.

        Returns:
            What became of it: `new_spans`, `known_spans`, `rejected_spans` and so on.

        Raises:
            OutcropError: it was not taken in, or not whole.
        """
        path = "/api/import" + (f"?{urlencode({'experiment': experiment})}" if experiment else "")
        headers = {"Content-Type": "application/octet-stream"}
        with self._api.opened("POST", path, pieces, headers, _IMPORT_SILENCE_S) as answer:
            return self._object(b"".join(iter(answer.readline, b"")))

    @contextmanager
    def follow(self, query: TraceQuery, last_event_id: str | None) -> Generator[Iterator[Event], None, None]:
        """A live tail: what happens from now on, or since an event of before.

        Raises:
            NotThereError: the server has none.
            OutcropError: the server cannot be asked, or the tail breaks off.
        """
        if not self._api.has_tail:
            raise NotThereError("A store without a server has no live tail.")
        asked = [("experiment", each) for each in query.experiments] + [("filter", query.filter_string)]
        headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
        path = f"/api/traces/tail?{urlencode(asked)}"
        with self._api.opened("GET", path, None, headers, _TAIL_SILENCE_S) as answer:
            if answer.content_type != "text/event-stream":
                raise NotThereError("The server has no live tail.")
            yield events(answer.readline)

    def _object(self, answer: bytes) -> JsonObject:
        found = load_object(answer)
        if found is None:
            raise OutcropError(f"What answers is no Outcrop server: {answer[:80]!r} is no answer of its API.")
        return found

    def page_url(self, trace_id: str) -> str | None:
        """Where a browser shows a trace."""
        return self._api.page_url(trace_id)

    def whole_id(self, given: str) -> str:
        """The trace id that begins as given.

        Raises:
            ConfigurationError: none does, or several do.
        """
        text = given.strip().lower().removeprefix("tr-")
        if len(text) == _TRACE_ID:
            return text
        if not _LEAST_OF_AN_ID <= len(text) < _TRACE_ID or not _HEX.issuperset(text):
            raise ConfigurationError(
                f"{given[:100]!r} is no trace id: give 32 hexadecimal digits, or the first "
                f"{_LEAST_OF_AN_ID} or more of them."
            )
        found = self.page(TraceQuery((), f"trace_id LIKE '{text}%'", max_results=2)).traces
        ids = [str(as_object(each.get("info")).get("trace_id")) for each in found]
        if len(ids) != 1:
            what = "No trace's id begins" if not ids else "More than one trace's id begins"
            raise ConfigurationError(f"{what} with {text}.")
        return ids[0]


@contextmanager
def opened(uri: str | None) -> Generator[TraceSource, None, None]:
    """The source that a tracking URI names; None takes that of the environment.

    Raises:
        ConfigurationError: traces cannot be read from it.
        OutcropError: it cannot be opened.
    """
    named = uri or read_settings(os.environ).tracking_uri
    scheme = check_tracking_uri(named)
    if scheme in {"http", "https"}:
        base = named.rstrip("/").removesuffix("/v1/traces")
        yield TraceSource(ServerApi(base, read_credentials(base)))
    elif scheme == "sqlite":
        with _opened_store(named) as source:
            yield source
    else:
        raise ConfigurationError(
            f"Traces cannot be listed from {named}: give a server (--server http://HOST:PORT) or a store "
            "(--server sqlite:///traces.db)."
        )


@contextmanager
def _opened_store(uri: str) -> Generator[TraceSource, None, None]:
    # Loads the full installation's store.
    from outcrop.delivery.embedded import find_store  # noqa: PLC0415
    from outcrop.delivery.embedded_api import EmbeddedApi  # noqa: PLC0415

    path = path_in(uri)
    if not path.is_file():
        raise ConfigurationError(f"There is no store {path}.")
    store = find_store("sqlite")(path)
    try:
        yield TraceSource(EmbeddedApi(str(path), lambda: store))
    finally:
        store.close()


def info_of(trace: JsonObject) -> dict[str, Any]:
    """A found trace's summary."""
    return as_object(trace.get("info"))
