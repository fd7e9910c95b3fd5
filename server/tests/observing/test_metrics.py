from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from outcrop_server.serve import BackgroundServer
from server.tests.support.http import ask, send
from server.tests.support.spans import otlp_span, request

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def scraped(server: BackgroundServer) -> dict[str, Metric]:
    answer = ask(server.url, "/metrics", headers={"Accept": OPENMETRICS})
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    # This parser refuses what is not to the letter: types, units in names, buckets, order.
    openmetrics: Any = importlib.import_module("prometheus_client.openmetrics.parser")  # it has no types
    families: Iterable[Metric] = openmetrics.text_string_to_metric_families(answer.body.decode())
    return {family.name: family for family in families}


def value(families: dict[str, Metric], name: str, suffix: str = "", **labels: str) -> float:
    samples = families[name].samples
    return next(
        each.value for each in samples if each.name == name + suffix and labels.items() <= each.labels.items()
    )


def test_spans_are_counted_as_accepted_known_already_and_refused(server: BackgroundServer) -> None:
    wrong = otlp_span(3)
    wrong.span_id = b"123"
    assert send(server.url, request(otlp_span(1), otlp_span(2, 1), wrong)).status == 200
    assert send(server.url, request(otlp_span(1))).status == 200
    found = scraped(server)
    assert value(found, "outcrop_spans_accepted", "_total") == 3
    assert value(found, "outcrop_spans_duplicate", "_total") == 1
    assert value(found, "outcrop_spans_refused", "_total", reason="invalid") == 1
    assert value(found, "outcrop_spans_refused", "_total", reason="unavailable") == 0


def test_requests_are_measured_by_route_method_and_status(server: BackgroundServer) -> None:
    assert send(server.url, b"no protobuf").status == 400
    assert ask(server.url, "/api/traces/" + "1" * 32 + "?secret=1").status == 404
    assert ask(server.url, "/api/traces", method="PROPFIND").status == 405
    found = scraped(server)
    seconds = "http_server_request_duration_seconds"
    assert (found[seconds].type, found[seconds].unit) == ("histogram", "seconds")
    post = {"http_route": "/v1/traces", "http_request_method": "POST", "http_response_status_code": "400"}
    assert value(found, seconds, "_count", **post) == 1
    # The route and not the path, or every trace would be a series of its own.
    assert value(found, seconds, "_count", http_route="/api/traces/{trace_id}") == 1
    assert value(found, seconds, "_count", http_request_method="_OTHER") == 1


def test_commits_queue_and_store_are_shown(server: BackgroundServer) -> None:
    send(server.url, request(otlp_span(1)))
    found = scraped(server)
    # The server's own upkeep commits too.
    assert value(found, "outcrop_commit_duration_seconds", "_count") >= 1
    assert value(found, "outcrop_commit_size_bytes", "_sum") > 0
    assert value(found, "outcrop_commit_failures", "_total") == 0
    assert value(found, "outcrop_commit_queue_items") == 0
    assert value(found, "outcrop_commit_queue_limit_bytes") == server.settings.max_waiting_bytes
    assert value(found, "outcrop_store_size_bytes", file="log") > 0
    assert value(found, "outcrop_store_disk_free_bytes") > 0
    assert "version" in found["outcrop_build"].samples[0].labels


@pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
def test_the_process_shows_what_it_uses(server: BackgroundServer) -> None:
    found = scraped(server)
    for name in ("process_cpu_seconds", "process_resident_memory_bytes", "process_open_fds"):
        assert found[name].samples[0].value > 0


def test_without_openmetrics_the_older_text_form_is_given(server: BackgroundServer) -> None:
    answer = ask(server.url, "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    types = {family.name: family.type for family in text_string_to_metric_families(answer.body.decode())}
    assert types["outcrop_spans_accepted"] == "counter"
    assert types["outcrop_commit_queue_items"] == "gauge"


def test_the_documentation_names_every_metric_of_ours(server: BackgroundServer) -> None:
    text = (Path(__file__).parents[3] / "docs" / "running.md").read_text()
    ask(server.url, "/healthz")
    names = [name for name in scraped(server) if not name.startswith(("process_", "python_"))]
    assert len(names) > 10
    assert [name for name in names if f"`{name}" not in text] == []
