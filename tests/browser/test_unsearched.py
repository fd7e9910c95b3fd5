"""A search for words that are not indexed yet: the page says so and goes on, over a real server."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from outcrop_server.serve import BackgroundServer
from outcrop_server.settings import Settings
from outcrop_server.storage.sqlite.file_lock import FileLock
from outcrop_server.storage.sqlite.words import waiting
from outcrop_server.storage.sqlite.words.index_file import fill_lock_path
from server.tests.support.http import send
from server.tests.support.spans import otlp_span, request, trace_id

pytestmark = pytest.mark.browser


def test_an_empty_list_is_searched_again_until_all_words_are_indexed(
    tmp_path: Path, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "LOOKED_AT_SPANS", 0)
    store = tmp_path / "outcrop.db"
    lock = FileLock(fill_lock_path(store), 0)
    with ExitStack() as filling:
        # Another process fills, and is slow.
        filling.enter_context(lock.held())
        with BackgroundServer(Settings(port=0, store=store, spool=None)) as server:
            said = {"outcrop.span.inputs": json.dumps({"said": "hay " * 100 + "needle"})}
            span = otlp_span(1, name="haystack", trace=trace_id(1), attributes=said)
            assert send(server.url, request(span)).status == 200
            page.goto(f"{server.url}/traces?filter=needle")
            expect(page.get_by_role("heading", name="Nothing found yet")).to_be_visible()
            expect(page.get_by_text("The words of 1 trace are not searched yet")).to_be_visible()
            expect(page.get_by_text("No trace matches")).not_to_be_visible()
            filling.close()
            # By itself: nothing is pressed.
            expect(page.get_by_role("link", name="haystack")).to_be_visible(timeout=60_000)
            expect(page.get_by_text("not searched yet")).not_to_be_visible()
    lock.close()
