from __future__ import annotations

from pathlib import Path

from server.tests.support.http import ask, send
from server.tests.support.process import address, log_lines, outcrop
from server.tests.support.spans import otlp_span, request

# A busy machine must not fail a test.
NOTHING_IS_SLOW = ("--slow-request-ms", "3600000")
SECRET = "sesame-open"


def test_each_request_has_a_line_without_anything_private(tmp_path: Path) -> None:
    body = request(otlp_span(1, attributes={"gen_ai.prompt": SECRET}))
    with outcrop(tmp_path, "server", "--port", "0") as process:
        url = address(process)
        sent = send(url, body, x_request_id="from-a-proxy.1", x_other=SECRET)
        assert send(url, body, authorization=f"Bearer {SECRET}").status == 401
        read = ask(url, f"/api/traces?cursor={SECRET}")
        forged = ask(url, "/healthz", headers={"X-Request-Id": "a b"})
        process.terminate()
        output, errors = process.communicate(timeout=120)
    assert SECRET not in output + errors
    posted, refused, listed, *_ = [
        line for line in log_lines(errors) if line["logger"] == "outcrop_server.requests"
    ]
    assert {name: posted[name] for name in ("request_id", "method", "route", "status", "request_bytes")} == {
        "request_id": "from-a-proxy.1",
        "method": "POST",
        "route": "/v1/traces",
        "status": 200,
        "request_bytes": len(body),
    }
    assert sent.headers["x-request-id"] == "from-a-proxy.1"
    assert refused["status"] == 401
    assert (listed["status"], listed["request_id"]) == (400, read.headers["x-request-id"])
    assert listed["response_bytes"] == len(read.body)
    assert posted["duration_ms"] > 0
    assert forged.headers["x-request-id"] != "a b"


def test_probes_are_logged_for_who_asks_for_it_and_slow_requests_are_warnings(tmp_path: Path) -> None:
    arguments = ("server", "--port", "0", "--slow-request-ms", "0")
    with outcrop(tmp_path, *arguments, OUTCROP_LOG_LEVEL="warning") as process:
        url = address(process)
        ask(url, "/healthz")
        process.terminate()
        _, errors = process.communicate(timeout=120)
    (line,) = log_lines(errors)
    assert (line["level"], line["message"]) == ("warning", "Slow request: GET /healthz: 200")
    with outcrop(tmp_path, "server", "--port", "0", *NOTHING_IS_SLOW) as process:
        ask(address(process), "/healthz")
        process.terminate()
        _, errors = process.communicate(timeout=120)
    assert "/healthz" not in errors


def test_uvicorns_lines_have_the_same_form(tmp_path: Path) -> None:
    arguments = ("server", "--port", "0", "--log-level", "info,uvicorn=info")
    with outcrop(tmp_path, *arguments) as process:
        address(process)
        process.terminate()
        _, errors = process.communicate(timeout=120)
    assert "uvicorn.error" in {line["logger"] for line in log_lines(errors)}


def test_the_human_form_can_be_asked_for(tmp_path: Path) -> None:
    with outcrop(tmp_path, "server", "--port", "0", "--log-format", "human", *NOTHING_IS_SLOW) as process:
        ask(address(process), "/api/experiments")
        process.terminate()
        _, errors = process.communicate(timeout=120)
    assert " INFO    requests  GET /api/experiments: 200  request_id=" in errors
    assert "\x1b" not in errors
