"""Words through everything: sent by a program, indexed behind the server, found by HTTP, SDK and terminal."""

from __future__ import annotations

import json
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from outcrop.delivery.query import TraceQuery
from outcrop.delivery.server_api import ServerApi
from outcrop_server.model.errors import SearchTooLongError
from outcrop_server.serve import BackgroundServer
from outcrop_server.settings import Settings
from outcrop_server.storage.sqlite.file_lock import FileLock
from outcrop_server.storage.sqlite.words import waiting
from outcrop_server.storage.sqlite.words.asking import Asking
from outcrop_server.storage.sqlite.words.index_file import fill_lock_path
from server.tests.support.exporting import export
from server.tests.support.http import Answer, ask, send
from server.tests.support.spans import otlp_span, request, trace_id
from server.tests.support.tokens import bearer, make
from server.tests.support.traces_command import traces


@contextmanager
def serving(folder: Path) -> Generator[BackgroundServer, None, None]:
    with BackgroundServer(Settings(port=0, store=folder / "outcrop.db", spool=None)) as server:
        yield server


def say(server: BackgroundServer, number: int, words: str) -> None:
    said = {"outcrop.span.inputs": json.dumps({"said": words})}
    assert send(server.url, request(otlp_span(number, trace=trace_id(number), attributes=said))).status == 200


def search(server: BackgroundServer, text: str) -> Answer:
    body = json.dumps({"filter": text}).encode()
    headers = {"content-type": "application/json"}
    return ask(server.url, "/api/traces/search", method="POST", body=body, headers=headers)


def ids(answer: Answer) -> list[str]:
    return [each["info"]["trace_id"] for each in answer.json["traces"]]


def waiting_traces(server: BackgroundServer) -> float:
    lines = ask(server.url, "/metrics").body.decode().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("outcrop_words_waiting_traces ")))


def test_a_running_server_indexes_what_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LOOKED_AT_SPANS", 0)
    with serving(tmp_path) as server:
        say(server, 1, "far behind the first two hundred characters " * 10 + "a needle")
        ends_at = time.monotonic() + 60
        while waiting_traces(server) and time.monotonic() < ends_at:
            time.sleep(0.05)
        assert ids(search(server, "needle")) == [trace_id(1).hex()]
        found: Any = ServerApi(server.url).search(TraceQuery(filter_string="span.content RLIKE 'needle$'"))
        assert len(found.traces) == 1
    assert (tmp_path / "outcrop.db.words").exists()


def test_a_prompt_that_a_list_shows_whole_is_content_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked for in content alone, in attributes alone, and anywhere."""
    monkeypatch.setattr(waiting, "LOOKED_AT_SPANS", 0)
    with serving(tmp_path) as server:
        words = "Where is the needle?"
        asked = json.dumps([{"role": "user", "parts": [{"type": "text", "content": words}]}])
        said = {"gen_ai.input.messages": asked, "note": words}
        span = otlp_span(1, trace=trace_id(1), attributes=said)
        assert send(server.url, request(span)).status == 200
        ends_at = time.monotonic() + 60
        while waiting_traces(server) and time.monotonic() < ends_at:
            time.sleep(0.05)
        for looked_for in ("span.content ILIKE '%needle%'", "span.attributes.note LIKE '%needle%'", "needle"):
            assert ids(search(server, looked_for)) == [trace_id(1).hex()], looked_for


def test_answers_say_how_many_traces_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LOOKED_AT_SPANS", 0)
    # Another process fills, and is slow.
    lock = FileLock(fill_lock_path(tmp_path / "outcrop.db"), 0)
    with lock.held(), serving(tmp_path) as server:
        # Beyond what a list shows, which is looked at all the same.
        say(server, 1, "hay " * 100 + "needle")
        say(server, 2, "hay")
        answer = search(server, "needle")
        assert (ids(answer), answer.json["words_waiting"]) == ([], 2)
        listed = ask(server.url, "/api/traces?filter=needle").json
        assert (listed["traces"], listed["words_waiting"]) == ([], 2)
        assert ask(server.url, "/api/traces/count?filter=needle").json == {"count": 0, "is_exact": False}
        assert search(server, "name = 'span 1'").json["words_waiting"] == 0
        assert waiting_traces(server) == 2
        done = traces(server, "search", "needle")
        assert "Of 2 further traces the words are not indexed yet" in done.stderr
    lock.close()


def test_facets_and_exports_say_how_many_traces_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LOOKED_AT_SPANS", 0)
    lock = FileLock(fill_lock_path(tmp_path / "outcrop.db"), 0)
    with lock.held(), serving(tmp_path) as server:
        say(server, 1, "hay " * 100 + "needle")
        say(server, 2, "hay")
        found = ask(server.url, "/api/facets?filter=needle").json
        assert (found["trace_count"], found["is_exact"], found["words_waiting"]) == (0, False, 2)
        named = ask(server.url, "/api/facets?filter=name+%3D+'span+1'").json
        assert (named["trace_count"], named["is_exact"], named["words_waiting"]) == (1, True, 0)

        lacking = export(server, filter="needle")
        assert (lacking.body, lacking.headers["x-outcrop-words-waiting"]) == (b"", "2")
        of_names: dict[str, Any] = {"filter": "name = 'span 1'"}
        of_ids: dict[str, Any] = {"filter": "needle", "trace_ids": [trace_id(1).hex()]}
        for asked in (of_names, of_ids):
            answer = export(server, **asked)
            assert answer.body
            assert "x-outcrop-words-waiting" not in answer.headers
        file = tmp_path / "found.jsonl"
        done = traces(server, "export", "--filter", "needle", "--output", str(file))
        assert done.stderr.splitlines() == [
            f"0 traces written to {file}",
            "Of 2 further traces the words are not indexed yet: ask again later.",
        ]
        assert traces(server, "export", "--filter", "name = 'span 1'").stderr == ""
    lock.close()


def test_a_token_is_told_of_what_waits_in_its_own_experiments_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "LOOKED_AT_SPANS", 0)
    store = tmp_path / "outcrop.db"
    everything, some = make(store, "root", "admin"), make(store, "ann", "read", "A")
    lock = FileLock(fill_lock_path(store), 0)
    with lock.held(), serving(tmp_path) as server:
        for number, experiment in ((1, "A"), (2, "B"), (3, "B")):
            span = otlp_span(number, trace=trace_id(number))
            body = request(span, resource={"outcrop.experiment.name": experiment})
            assert send(server.url, body, authorization=f"Bearer {everything}").status == 200
        for token, count in ((everything, 3), (some, 1)):
            headers = {**bearer(token), "content-type": "application/json"}
            found = ask(server.url, "/api/facets?filter=needle", headers=headers).json
            asked = json.dumps({"filter": "needle"}).encode()
            answer = ask(server.url, "/api/export", method="POST", body=asked, headers=headers)
            told = answer.headers["x-outcrop-words-waiting"]
            assert (found["words_waiting"], told) == (count, str(count))
    lock.close()


def test_what_takes_too_long_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(_: Asking) -> None:
        raise SearchTooLongError("This search looked into payloads for 10 s. Narrow it.")

    monkeypatch.setattr(Asking, "_check", too_late)
    with serving(tmp_path) as server:
        say(server, 1, "a!b")
        answer = search(server, "span.content LIKE '%!%'")
        assert (answer.status, answer.detail) == (
            400,
            "This search looked into payloads for 10 s. Narrow it.",
        )
        assert ids(search(server, "name = 'span 1'")) == [trace_id(1).hex()]
