"""What the environment says of what is kept: standard variables first, and wrong ones named at the start."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import outcrop
from outcrop.kept_settings import KeptSettings
from outcrop.runtime import Runtime
from outcrop.settings import read_settings


def _kept(**variables: str) -> KeptSettings:
    return read_settings(variables).kept


def test_nothing_is_asked_for_by_default() -> None:
    assert _kept() == KeptSettings()
    assert _kept(OUTCROP_CONTENT="", OUTCROP_REDACT="", OTEL_TRACES_SAMPLER="") == KeptSettings()
    assert KeptSettings().changes_nothing


def test_every_variable_is_read() -> None:
    kept = _kept(
        OUTCROP_CONTENT="no_content",
        OUTCROP_REDACT="email_addresses, aws_keys",
        OUTCROP_MAX_TEXT_LENGTH="1000",
        OUTCROP_MAX_BODY_BYTES="2000",
        OUTCROP_MAX_ATTRIBUTES="30",
        OUTCROP_SAMPLE_RATIO="0.25",
        OUTCROP_KEEP_ERRORS="yes",
        OUTCROP_KEEP_SLOWER_THAN_S="2.5",
    )
    assert kept == KeptSettings(
        content="no_content",
        redactions=("email_addresses", "aws_keys"),
        max_text_length=1000,
        max_body_bytes=2000,
        max_attributes=30,
        sampler=0.25,
        keeps_errors=True,
        keeps_slower_than_s=2.5,
    )
    assert len(_kept(OUTCROP_REDACT="all").redactions) == 4


@pytest.mark.parametrize(
    ("sampler", "argument", "expected"),
    [
        ("always_on", "", (1.0, False)),
        ("always_off", "", (0.0, False)),
        ("traceidratio", "0.1", (0.1, False)),
        ("traceidratio", "", (1.0, False)),
        ("parentbased_always_on", "", (1.0, True)),
        ("parentbased_always_off", "", (0.0, True)),
        ("parentbased_traceidratio", "0.5", (0.5, True)),
        ("xray", "", (0.25, True)),  # another tracer's: our own variable counts
    ],
)
def test_opentelemetrys_sampler_goes_before_ours(
    sampler: str, argument: str, expected: tuple[float, bool]
) -> None:
    kept = _kept(OTEL_TRACES_SAMPLER=sampler, OTEL_TRACES_SAMPLER_ARG=argument, OUTCROP_SAMPLE_RATIO="0.25")
    assert (kept.sampler, kept.is_parent_based) == expected


def test_opentelemetrys_limits_go_before_ours() -> None:
    ours = {"OUTCROP_MAX_TEXT_LENGTH": "5", "OUTCROP_MAX_ATTRIBUTES": "5"}
    general = {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "6", "OTEL_ATTRIBUTE_COUNT_LIMIT": "6"}
    spans = {"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT": "7", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "7"}
    for variables, limit in ((ours, 5), ({**ours, **general}, 6), ({**ours, **general, **spans}, 7)):
        kept = _kept(**variables)
        assert (kept.max_text_length, kept.max_attributes) == (limit, limit)


@pytest.mark.parametrize(
    ("standard", "own", "expected"),
    [
        ("true", "", "everything"),
        ("false", "", "no_content"),
        ("SPAN_ONLY", "", "everything"),
        ("NO_CONTENT", "everything", "no_content"),
        ("EVENT_ONLY", "", "no_content"),
        ("true", "metadata", "metadata"),
        ("false", "metadata", "metadata"),
    ],
)
def test_of_two_content_modes_the_stricter_one_stands(standard: str, own: str, expected: str) -> None:
    kept = _kept(OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=standard, OUTCROP_CONTENT=own)
    assert kept.content == expected


@pytest.mark.parametrize(
    ("name", "wrong", "valid"),
    [
        ("OUTCROP_CONTENT", "some", "everything, no_content, metadata"),
        (
            "OUTCROP_REDACT",
            "aws_keys,passwords",
            "aws_keys, bearer_tokens, email_addresses, card_numbers, all",
        ),
        ("OUTCROP_MAX_TEXT_LENGTH", "long", "a whole number above 0"),
        ("OUTCROP_MAX_BODY_BYTES", "0", "a whole number above 0"),
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "-1", "a whole number above 0"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "1.5", "a whole number above 0"),
        ("OUTCROP_SAMPLE_RATIO", "25%", r"from 0 \(none\) to 1 \(all\)"),
        ("OUTCROP_KEEP_ERRORS", "maybe", "1, true, yes or on"),
        ("OUTCROP_KEEP_SLOWER_THAN_S", "2s", "a number of seconds"),
        ("OTEL_TRACES_SAMPLER", "sometimes", "always_on, always_off, traceidratio, parentbased_always_on"),
        ("OTEL_SDK_DISABLED", "perhaps", "1, true, yes or on"),
        ("OTEL_RESOURCE_ATTRIBUTES", "region", "key=value,key=value"),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "a bit", "true, span_only"),
    ],
)
def test_a_wrong_variable_is_named_with_the_valid_values(name: str, wrong: str, valid: str) -> None:
    with pytest.raises(outcrop.ConfigurationError, match=f"^{name} .*{valid}"):
        read_settings({name: wrong})


def test_a_wrong_ratio_argument_is_named_too() -> None:
    with pytest.raises(outcrop.ConfigurationError, match="OTEL_TRACES_SAMPLER_ARG is '2'"):
        _kept(OTEL_TRACES_SAMPLER="traceidratio", OTEL_TRACES_SAMPLER_ARG="2")


def test_a_program_with_a_wrong_variable_fails_when_tracing_is_switched_on() -> None:
    done = subprocess.run(  # our own program
        [sys.executable, "-c", "import outcrop\noutcrop.bedrock.autolog()"],
        env={**os.environ, "OUTCROP_CONTENT": "nothing"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "OUTCROP_CONTENT is 'nothing': give one of everything, no_content, metadata." in done.stderr


def test_a_wrong_argument_changes_nothing() -> None:
    runtime = Runtime(read_settings({"OUTCROP_TRACKING_URI": "memory://"}))
    before = runtime.kept
    with pytest.raises(outcrop.ConfigurationError):
        outcrop.configure(redact="all", keep_slower_than_s=-1)
    assert runtime.kept == before == KeptSettings()


def test_the_resource_and_the_endpoint_are_read_as_opentelemetry_writes_them() -> None:
    settings = read_settings(
        {
            "OTEL_RESOURCE_ATTRIBUTES": "service.name=shop,deployment.environment.name=a%2Cb, x = y ,",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector.example:4318/",
            "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20abc,x-tenant=7",
        }
    )
    assert settings.service_name == "shop"
    assert settings.resource_attributes == {"deployment.environment.name": "a,b", "x": "y"}
    assert settings.tracking_uri == "https://collector.example:4318/v1/traces"
    assert settings.otlp_headers == {"authorization": "Bearer abc", "x-tenant": "7"}
    assert "Bearer" not in repr(settings)
    exact = read_settings(
        {
            "OTEL_SERVICE_NAME": "till",
            "OTEL_RESOURCE_ATTRIBUTES": "service.name=shop",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector.example:4318",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://other.example/in",
            "OTEL_EXPORTER_OTLP_HEADERS": "a=1",
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "b=2",
        }
    )
    assert (exact.service_name, exact.tracking_uri) == ("till", "https://other.example/in")
    assert exact.otlp_headers == {"b": "2"}
    with pytest.raises(outcrop.ConfigurationError) as raised:
        read_settings({"OTEL_EXPORTER_OTLP_HEADERS": "secret"})
    assert "secret" not in str(raised.value)


def test_a_disabled_sdk_records_nothing() -> None:
    runtime = Runtime(read_settings({"OTEL_SDK_DISABLED": "true", "OUTCROP_TRACKING_URI": "memory://"}))
    span = runtime.start_span("s", "test")
    assert not span.is_recorded
    assert span.get_span_context().is_valid
    span.end()
    assert runtime.destination.read_trace(span.trace_id) == []


def test_what_does_the_work_is_loaded_by_those_who_ask_for_it() -> None:
    program = """
import sys, outcrop
outcrop.set_tracking_uri("memory://")
with outcrop.start_span("s"):
    pass
asked_for = ("outcrop.policy", "outcrop.capture.redaction", "outcrop.capture.sampling")
print(sorted(name for name in sys.modules if name.startswith(asked_for)))
"""
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == "[]"
