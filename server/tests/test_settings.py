from __future__ import annotations

from pathlib import Path

import pytest

from outcrop_server import settings
from outcrop_server.settings import SettingsError, from_environment, is_loopback


def test_without_anything_the_server_is_for_this_machine() -> None:
    found = from_environment({})
    assert (found.host, found.port, found.allow_anonymous) == ("127.0.0.1", 5115, False)
    assert found.store == settings.default_store()
    assert found.spool == settings.default_spool()


def test_the_environment_is_read_and_flags_go_before_it() -> None:
    environment = {
        "OUTCROP_HOST": "localhost",
        "OUTCROP_PORT": "6000",
        "OUTCROP_STORE": "/tmp/env.db",  # noqa: S108 - never opened
        "OUTCROP_ALLOWED_HOSTS": "a.example, b.example,",
        "OUTCROP_MAX_BODY_BYTES": "1000",
        "OUTCROP_SPOOL_DIR": "~/waiting",
        "OUTCROP_ALLOW_ANONYMOUS": "yes",
        "OUTCROP_PRICES": "~/prices.json",
        "OUTCROP_TLS_CERT": "cert.pem",
        "OUTCROP_TLS_KEY": "key.pem",
        "OUTCROP_TRUSTED_PROXIES": "10.0.0.0/8, ::1",
        "OUTCROP_REQUESTS_PER_MINUTE": "0",
    }
    found = from_environment(environment)
    assert (found.host, found.port, found.store) == ("localhost", 6000, Path("/tmp/env.db"))  # noqa: S108 - as above
    assert (found.allowed_hosts, found.max_body_bytes, found.allow_anonymous) == (
        ("a.example", "b.example"),
        1000,
        True,
    )
    assert (found.spool, found.prices) == (Path.home() / "waiting", Path.home() / "prices.json")
    assert (found.tls_cert, found.tls_key) == (Path("cert.pem"), Path("key.pem"))
    assert (found.trusted_proxies, found.requests_per_minute) == (("10.0.0.0/8", "::1"), 0)
    flags = from_environment(environment, host="127.0.0.1", port=0, store=Path("x.db"), prices=Path("p.json"))
    assert flags.prices == Path("p.json")
    assert (flags.host, flags.port, flags.store) == ("127.0.0.1", 0, Path("x.db"))


@pytest.mark.parametrize(
    ("environment", "port"),
    [
        ({}, None),
        ({"OUTCROP_GRPC": "on"}, 4317),
        ({"OUTCROP_GRPC_PORT": "4400"}, 4400),
        ({"OUTCROP_GRPC": "on", "OUTCROP_GRPC_PORT": "0"}, 0),
        ({"OUTCROP_GRPC": "off", "OUTCROP_GRPC_PORT": "4400"}, None),
    ],
)
def test_grpc_is_asked_for_by_a_switch_or_by_its_port(environment: dict[str, str], port: int | None) -> None:
    assert from_environment(environment).listening_grpc_port == port


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"OUTCROP_PORT": "4317", "OUTCROP_GRPC": "1"}, "--port and --grpc-port .* are both 4317"),
        ({"OUTCROP_PORT": "many"}, "OUTCROP_PORT is 'many': give a whole number from 0 to 65535"),
        ({"OUTCROP_PORT": "70000"}, "from 0 to 65535"),
        ({"OUTCROP_ALLOW_ANONYMOUS": "maybe"}, "1, true, yes or on"),
        ({"OUTCROP_MAX_BODY_BYTES": "0"}, "OUTCROP_MAX_BODY_BYTES is '0': give bytes, 1 or more"),
        ({"OUTCROP_REQUESTS_PER_MINUTE": "-1"}, "a whole number from 0"),
        ({"OUTCROP_TLS_CERT": "cert.pem"}, "both --tls-cert and --tls-key"),
        ({"OUTCROP_TRUSTED_PROXIES": "proxy.example"}, "such as 127.0.0.1 or 10.0.0.0/8"),
    ],
)
def test_a_wrong_value_names_the_valid_ones(environment: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        from_environment(environment)


def test_xdg_folders_are_honoured_when_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert settings.default_store() == tmp_path / "outcrop" / "outcrop.db"
    assert settings.default_spool() == Path.home() / ".local/state/outcrop/spool"


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]", "LocalHost.", "x.localhost"]
)
def test_names_of_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "localhost.example", "", "127.0.0.1.example"])  # noqa: S104 - told apart
def test_names_of_more_than_loopback(host: str) -> None:
    assert not is_loopback(host)
