"""By what Outcrop is known to the server: a token and further headers, from the environment.

`OUTCROP_TOKEN` is the token itself or names where it is (see `TOKEN_FORMS`); `OUTCROP_TOKEN_FILE` is a file
with it. `OUTCROP_HEADERS` are further headers, in the form of OpenTelemetry's variable.
"""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from outcrop.delivery.token_errors import TokenUnavailableError
from outcrop.exceptions import ConfigurationError
from outcrop.kept_settings import read_flag
from outcrop.name_value_pairs import pairs_in

if TYPE_CHECKING:
    from outcrop.delivery.token_sources import TokenSource

TOKEN_FORMS = (
    "the token itself",
    "aws-secretsmanager:NAME_OR_ARN or aws-secretsmanager:NAME_OR_ARN#JSON_KEY",
    "databricks-secret:SCOPE/KEY",
)
_ALLOW_HTTP = "OUTCROP_ALLOW_TOKEN_OVER_HTTP"
_AUTHORIZATION = "authorization"
# What the sender or HTTP itself decides.
_NOT_TO_BE_GIVEN = frozenset(
    {"connection", "content-encoding", "content-length", "content-type", "host", "transfer-encoding"}
)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_DATABRICKS_NAMES = re.compile(r"([^/]+)/([^/]+)")


class Credentials:
    """The headers that say who sends. Used by the delivery thread, and by whoever reads a trace."""

    def __init__(self, source: TokenSource | None = None, headers: Mapping[str, str] | None = None) -> None:
        """`source` gives the token, if there is one; `headers` go along with each request."""
        self._source = source
        self._headers = dict(headers or {})
        self._token: str | None = None

    def __repr__(self) -> str:
        return f"Credentials({self._source!r}, headers named {sorted(self._headers)})"

    def headers(self) -> dict[str, str]:
        """The headers for a request; the token is fetched when it is first needed, and kept.

        Raises:
            TokenUnavailableError: the token cannot be had now.
        """
        if self._source is None:
            return self._headers
        if self._token is None:
            self._token = _usable(self._source.fetch())
        return {**self._headers, "Authorization": f"Bearer {self._token}"}

    @property
    def names_somebody(self) -> bool:
        """Whether there is a token, or another word of who asks."""
        return self._source is not None or any(name.lower() == _AUTHORIZATION for name in self._headers)

    def with_header(self, name: str, value: str) -> Credentials:
        """The same with one more header."""
        return Credentials(self._source, {**self._headers, name: value})

    def renew(self) -> bool:
        """After the server has refused the token: fetches it again; True if it is another one now.

        Raises:
            TokenUnavailableError: the token cannot be had now.
        """
        if self._source is None or not self._source.may_change:
            return False
        refused, self._token = self._token, None
        self._token = _usable(self._source.fetch())
        return self._token != refused


def read_credentials(url: str, environment: Mapping[str, str] | None = None) -> Credentials:
    """What the environment (the process's own by default) says for a server.

    OpenTelemetry's headers are meant for OpenTelemetry's endpoint: they are used where that is this server,
    and no other is told them.

    Raises:
        ConfigurationError: a variable is wrong, or the token would go over an open network.
    """
    given = os.environ if environment is None else environment
    headers = _headers(given, url)
    source = _token_source(given)
    is_authorized = any(name.lower() == _AUTHORIZATION for name in headers)
    if source is not None and is_authorized:
        raise ConfigurationError(
            "Both OUTCROP_TOKEN (or OUTCROP_TOKEN_FILE) and an Authorization header are set: give one."
        )
    if source is not None or is_authorized:
        check_transport(url, given)
    return Credentials(source, headers)


def _token_source(given: Mapping[str, str]) -> TokenSource | None:
    token = given.get("OUTCROP_TOKEN", "").strip()
    file = given.get("OUTCROP_TOKEN_FILE", "").strip()
    if token and file:
        raise ConfigurationError("Both OUTCROP_TOKEN and OUTCROP_TOKEN_FILE are set: give one.")
    if file:
        from outcrop.delivery.token_sources import TokenFile  # noqa: PLC0415  # for those who have a token

        path = Path(file).expanduser()
        if not path.is_file():
            raise ConfigurationError(f"OUTCROP_TOKEN_FILE is {file!r}, and there is no such file.")
        return TokenFile(path)
    if not token:
        return None
    # No token has a colon in it (RFC 6750).
    scheme, colon, reference = token.partition(":")
    if not colon:
        from outcrop.delivery.token_sources import GivenToken  # noqa: PLC0415  # likewise

        return GivenToken(_checked(token))
    return _referred_to(scheme, reference)


def _referred_to(scheme: str, reference: str) -> TokenSource:
    """The source that a reference names. Messages repeat nothing of it: it may be a mistyped token."""
    from outcrop.delivery.token_sources import DatabricksToken, SecretsManagerToken  # noqa: PLC0415  # likewise

    if scheme == "aws-secretsmanager":
        secret_id, _, json_key = reference.partition("#")
        if secret_id:
            _need("botocore", "an AWS secret", "boto3")
            return SecretsManagerToken(secret_id, json_key or None)
    if scheme == "databricks-secret" and (names := _DATABRICKS_NAMES.fullmatch(reference)):
        _need("databricks.sdk", "a Databricks secret", "databricks-sdk")
        return DatabricksToken(names[1], names[2])
    raise ConfigurationError(f"OUTCROP_TOKEN has none of the valid forms: {'; '.join(TOKEN_FORMS)}.")


def _need(module: str, what: str, package: str) -> None:
    try:
        is_there = importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # the package around it is missing
        is_there = False
    if not is_there:
        raise ConfigurationError(f"OUTCROP_TOKEN names {what}, which needs {package}: pip install {package}")


def _checked(token: str) -> str:
    try:
        return _usable(token)
    except TokenUnavailableError as error:
        raise ConfigurationError(f"OUTCROP_TOKEN cannot be used: {error}.") from None


def _usable(token: str) -> str:
    """The token without the line break that files end with; nothing else may be in a header."""
    stripped = token.strip()
    if stripped and stripped.isascii() and stripped.isprintable() and " " not in stripped:
        return stripped
    raise TokenUnavailableError(
        "the token is empty, or has spaces, line breaks or letters beyond ASCII in it"
    )


def _headers(given: Mapping[str, str], url: str) -> dict[str, str]:
    own = _named(given, "OUTCROP_HEADERS")
    endpoint = (
        given.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or given.get("OTEL_EXPORTER_OTLP_ENDPOINT") or ""
    )
    if not endpoint or _origin(endpoint) != _origin(url):
        return own
    traces, every_signal = "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"
    named = {name.lower() for name in own}
    otel = _named(given, traces if given.get(traces) else every_signal)
    return {**{name: value for name, value in otel.items() if name.lower() not in named}, **own}


def _named(given: Mapping[str, str], variable: str) -> dict[str, str]:
    """The headers in a variable, by name. Messages say no value: it may be a secret."""
    found: dict[str, str] = {}
    for number, _, name, value in pairs_in(given.get(variable, "")):
        if not _HEADER_NAME.fullmatch(name) or not (value.isascii() and value.isprintable()):
            raise ConfigurationError(
                f"Entry {number} of {variable} is no header: give NAME=VALUE,NAME=VALUE with %-escapes in "
                "values, such as x-tenant=acme."
            )
        if name.lower() in _NOT_TO_BE_GIVEN:
            raise ConfigurationError(f"{variable} sets {name}, which Outcrop sets itself.")
        found[name] = value
    return found


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def check_transport(url: str, given: Mapping[str, str]) -> None:
    """Raises ConfigurationError where a token would go over an open network."""
    parts = urlsplit(url)
    if parts.scheme == "https" or _is_loopback(parts.hostname or ""):
        return
    if read_flag(given, _ALLOW_HTTP):
        return
    raise ConfigurationError(
        f"The token would go to {parts.hostname} over plain http, for anyone on the way to read. Use an "
        f"https:// address, or, if you trust that network, set {_ALLOW_HTTP}=1."
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.rstrip(".").lower() == "localhost"
