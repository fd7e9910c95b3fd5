"""Where traces go, and what is said of a destination that cannot be."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import outcrop
from outcrop.runtime import Runtime
from outcrop.settings import read_settings
from sdk.tests.delivery.collector import Collector


@pytest.mark.parametrize(
    "uri", ["ftp://host", "postgres://host/db", "host:5115", "http://", "http://host:99999", "", "memory"]
)
def test_a_uri_that_names_no_destination_is_refused_with_the_valid_ones(uri: str) -> None:
    before = outcrop.get_tracking_uri()
    with pytest.raises(outcrop.ConfigurationError) as raised:
        outcrop.set_tracking_uri(uri)
    message = str(raised.value)
    assert repr(uri) in message
    assert "http://HOST:PORT" in message
    assert "memory://" in message
    assert outcrop.get_tracking_uri() == before


def test_a_wrong_setting_in_the_environment_fails_when_tracing_is_switched_on() -> None:
    program = "import outcrop\noutcrop.bedrock.autolog()"
    env = {**os.environ, "OUTCROP_TRACKING_URI": "htp://oops"}
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1
    assert "'htp://oops' names no destination. Valid forms: http://HOST:PORT" in done.stderr


def test_the_environment_sets_destination_and_experiment() -> None:
    settings = read_settings({"OUTCROP_TRACKING_URI": "memory://", "OUTCROP_EXPERIMENT_NAME": "/Shared/x"})
    runtime = Runtime(settings)
    assert runtime.tracking_uri == "memory://"
    assert runtime.experiment == "/Shared/x"
    assert read_settings({}).tracking_uri == "http://127.0.0.1:5115"
    assert read_settings({"OUTCROP_TRACKING_URI": ""}).experiment_name == "Default"


def test_an_experiment_needs_a_name() -> None:
    with pytest.raises(outcrop.ConfigurationError, match="needs a name"):
        outcrop.set_experiment("  ")


def test_spans_belong_to_the_experiment_that_was_set_when_they_began() -> None:
    with Collector() as collector:
        before = outcrop.get_tracking_uri()
        outcrop.set_tracking_uri(collector.url)
        for name in ("/Shared/a", "/Shared/b"):
            outcrop.set_experiment(name)
            with outcrop.start_span(name):
                pass
        assert outcrop.flush()
        outcrop.set_experiment("Default")
        outcrop.set_tracking_uri(before)
        assert [(span.name, span.experiment) for span in collector.spans] == [
            ("/Shared/a", "/Shared/a"),
            ("/Shared/b", "/Shared/b"),
        ]


def test_a_server_that_cannot_be_asked_is_named() -> None:
    before = outcrop.get_tracking_uri()
    outcrop.set_tracking_uri("http://127.0.0.1:9")
    with pytest.raises(outcrop.OutcropError, match=r"cannot be read from http://127\.0\.0\.1:9"):
        outcrop.get_trace("0" * 32)
    outcrop.set_tracking_uri(before)
