"""What the environment may say of tokens and headers, and what is refused, without repeating a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

import outcrop
from outcrop.delivery.credentials import read_credentials
from outcrop.exceptions import ConfigurationError

LOCAL = "http://127.0.0.1:5115/v1/traces"
SECRET = "s3cr3t-t0k3n"


def test_a_token_becomes_a_bearer_header() -> None:
    assert read_credentials(LOCAL, {}).headers() == {}
    found = read_credentials(LOCAL, {"OUTCROP_TOKEN": SECRET, "OUTCROP_HEADERS": "x-tenant=acme"})
    assert found.headers() == {"Authorization": f"Bearer {SECRET}", "x-tenant": "acme"}


def test_a_file_gives_the_token_without_its_line_break(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{SECRET}\n")
    found = read_credentials(LOCAL, {"OUTCROP_TOKEN_FILE": str(file)})
    assert found.headers() == {"Authorization": f"Bearer {SECRET}"}


@pytest.mark.parametrize(
    "token",
    [
        f"vault:{SECRET}",
        f"aws-secretmanager:{SECRET}",
        "aws-secretsmanager:",
        f"aws-secretsmanager:#{SECRET}",
        f"databricks-secret:{SECRET}",
        f"databricks-secret:a/b/{SECRET}",
        f":{SECRET}",
        f"{SECRET}:",
    ],
)
def test_a_reference_of_another_form_is_refused_with_the_valid_ones(token: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read_credentials(LOCAL, {"OUTCROP_TOKEN": token})
    message = str(raised.value)
    assert "aws-secretsmanager:NAME_OR_ARN#JSON_KEY" in message
    assert "databricks-secret:SCOPE/KEY" in message
    assert SECRET not in message


@pytest.mark.parametrize("token", [f"two {SECRET}", f"{SECRET}\r\nX-Evil: 1".replace(":", ""), f"{SECRET}é"])
def test_what_cannot_be_in_a_header_is_no_token(token: str) -> None:
    with pytest.raises(
        ConfigurationError, match="OUTCROP_TOKEN cannot be used: the token is empty, or"
    ) as raised:
        read_credentials(LOCAL, {"OUTCROP_TOKEN": token})
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"OUTCROP_TOKEN": SECRET, "OUTCROP_TOKEN_FILE": "/f"}, "Both OUTCROP_TOKEN and OUTCROP_TOKEN_FILE"),
        ({"OUTCROP_TOKEN_FILE": "/no/such/file"}, "'/no/such/file', and there is no such file"),
        ({"OUTCROP_TOKEN": SECRET, "OUTCROP_HEADERS": "Authorization=x"}, "an Authorization header are set"),
        ({"OUTCROP_HEADERS": f"a=b,{SECRET}"}, "Entry 2 of OUTCROP_HEADERS is no header: give NAME=VALUE"),
        ({"OUTCROP_HEADERS": f"two words={SECRET}"}, "Entry 1 of OUTCROP_HEADERS is no header"),
        ({"OUTCROP_HEADERS": f"x={SECRET}%0D%0Ay"}, "Entry 1 of OUTCROP_HEADERS is no header"),
        ({"OUTCROP_HEADERS": "Content-Length=5"}, "sets Content-Length, which Outcrop sets itself"),
    ],
)
def test_what_contradicts_or_is_no_header_is_refused(environment: dict[str, str], complaint: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read_credentials(LOCAL, environment)
    assert complaint in str(raised.value)
    assert SECRET not in str(raised.value)


def test_headers_are_read_as_opentelemetry_writes_them() -> None:
    found = read_credentials(LOCAL, {"OUTCROP_HEADERS": " x-a = one%2C two%3D2 ,, x-b=3=4"})
    assert found.headers() == {"x-a": "one, two=2", "x-b": "3=4"}


def test_opentelemetrys_headers_go_to_opentelemetrys_endpoint_alone() -> None:
    environment = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector:443",
        "OTEL_EXPORTER_OTLP_HEADERS": f"x-key={SECRET},X-Tenant=otel",
        "OUTCROP_HEADERS": "x-tenant=own",
    }
    same = read_credentials("https://collector/v1/traces", environment)
    assert same.headers() == {"x-key": SECRET, "x-tenant": "own"}
    for other in (LOCAL, "http://collector:443", "https://collector:4318", "https://collector.evil.example"):
        assert read_credentials(other, environment).headers() == {"x-tenant": "own"}
    for_traces = {
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": LOCAL,
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "x-key=traces",
    }
    assert read_credentials(LOCAL, {**environment, **for_traces}).headers() == {
        "x-key": "traces",
        "x-tenant": "own",
    }


@pytest.mark.parametrize(
    "url",
    ["http://traces.internal:5115", "http://127.evil.example", "http://10.0.0.5", "http://[2001:db8::1]"],
)
@pytest.mark.parametrize(
    "environment",
    [{"OUTCROP_TOKEN": SECRET}, {"OUTCROP_HEADERS": f"authorization=Basic {SECRET}"}],
    ids=["token", "header"],
)
def test_a_token_does_not_go_over_plain_http_to_another_machine(
    url: str, environment: dict[str, str]
) -> None:
    with pytest.raises(ConfigurationError, match="over plain http") as raised:
        read_credentials(url, environment)
    assert "OUTCROP_ALLOW_TOKEN_OVER_HTTP=1" in str(raised.value)
    assert SECRET not in str(raised.value)
    allowed = read_credentials(url, {**environment, "OUTCROP_ALLOW_TOKEN_OVER_HTTP": "1"})
    assert SECRET in str(allowed.headers())
    with pytest.raises(ConfigurationError, match="give 1, true, yes or on"):
        read_credentials(url, {**environment, "OUTCROP_ALLOW_TOKEN_OVER_HTTP": "sure"})


@pytest.mark.parametrize(
    "url",
    [
        "https://traces.internal",
        "http://127.0.0.1:5115",
        "http://127.8.9.1",
        "http://[::1]:5115",
        "http://localhost",
    ],
)
def test_it_goes_over_https_or_within_the_machine(url: str) -> None:
    assert read_credentials(url, {"OUTCROP_TOKEN": SECRET}).headers()


def test_no_repr_shows_a_token() -> None:
    found = read_credentials(LOCAL, {"OUTCROP_TOKEN": SECRET, "OUTCROP_HEADERS": "x-key=hidden"})
    assert found.headers()
    assert SECRET not in repr(found)
    assert "hidden" not in repr(found)
    assert "x-key" in repr(found)


def test_an_unusable_token_fails_where_the_destination_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    before = outcrop.get_tracking_uri()
    monkeypatch.setenv("OUTCROP_TOKEN", SECRET)
    with pytest.raises(ConfigurationError, match=r"would go to traces\.internal over plain http"):
        outcrop.set_tracking_uri("http://traces.internal:5115")
    assert outcrop.get_tracking_uri() == before
