from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from outcrop_server.configuration.log_levels import levels_in
from outcrop_server.logs.lines import HumanLines, JsonLines


def record(message: str, *arguments: Any, **extra: Any) -> logging.LogRecord:
    made = logging.LogRecord("outcrop_server.requests", logging.WARNING, "x.py", 1, message, arguments, None)
    made.created, made.msecs = 1_700_000_000.25, 250
    made.__dict__.update(extra)
    return made


def test_a_json_line_has_time_level_logger_message_and_the_fields() -> None:
    line = JsonLines().format(record("%s failed", "it", fields={"status": 500}))
    assert json.loads(line) == {
        "time": "2023-11-14T22:13:20.250Z",
        "level": "warning",
        "logger": "outcrop_server.requests",
        "message": "it failed",
        "status": 500,
    }


def test_a_json_line_is_one_line_with_its_traceback() -> None:
    made = record("failed\nhere")
    error = ValueError("first\nsecond")
    made.exc_info = (ValueError, error, None)
    line = JsonLines().format(made)
    assert "\n" not in line
    assert json.loads(line)["exception"].endswith("ValueError: first\nsecond")


def test_an_audit_lines_facts_are_fields_for_programs_and_said_once_to_people() -> None:
    made = record("%s", '{"event":"sign_in"}', audit={"event": "sign_in"})
    assert json.loads(JsonLines().format(made))["audit"] == {"event": "sign_in"}
    assert HumanLines(has_colour=False).format(made).count("sign_in") == 1


def test_a_human_line_says_each_thing_once_and_cannot_be_forged() -> None:
    made = record("GET /\r\n\x1b[2Jfake: 200", fields={"status": 200, "id": "a b"}, said={"status"})
    line = HumanLines(has_colour=False).format(made)
    assert line.endswith('WARNING requests  GET /\ufffd\ufffd\ufffd[2Jfake: 200  id="a b"')
    assert line.isprintable()


def test_colours_are_for_those_who_want_them() -> None:
    assert "\x1b[33m" in HumanLines(has_colour=True).format(record("slow"))


def test_levels_are_read_for_all_and_for_single_loggers() -> None:
    assert levels_in("warning, uvicorn=DEBUG") == {"": logging.WARNING, "uvicorn": logging.DEBUG}
    with pytest.raises(ValueError, match="debug, info, warning, error"):
        levels_in("uvicorn=")
