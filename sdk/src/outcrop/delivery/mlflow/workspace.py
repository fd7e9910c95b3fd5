"""A Databricks workspace: its address and who asks, from the environment, a profile, or databricks-sdk."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Callable, Mapping
from configparser import ConfigParser, Error
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from outcrop.delivery.credentials import Credentials, check_transport
from outcrop.delivery.token_errors import TokenUnavailableError
from outcrop.delivery.token_sources import GivenToken, unseen
from outcrop.exceptions import ConfigurationError

_HOST, _TOKEN = "DATABRICKS_HOST", "DATABRICKS_TOKEN"
_PROFILE, _FILE = "DATABRICKS_CONFIG_PROFILE", "DATABRICKS_CONFIG_FILE"
_SDK = "databricks.sdk"


@dataclass(frozen=True)
class Workspace:
    """Where a workspace is, and by what Outcrop is known to it."""

    host: str
    credentials: Credentials


class _SdkCredentials(Credentials):
    """The headers that databricks-sdk gives, asked for each time: it knows when its token ends."""

    def __init__(self, authenticate: Callable[[], dict[str, str]]) -> None:
        super().__init__()
        self._authenticate = authenticate

    def headers(self) -> dict[str, str]:
        """The headers for a request.

        Raises:
            TokenUnavailableError: they cannot be had now.
        """
        with unseen():
            try:
                return dict(self._authenticate())
            except Exception as error:  # noqa: BLE001  # the SDK's, the network's: all mean the same here
                raise TokenUnavailableError(f"databricks-sdk gives no token: {error}") from None


def profile_in(uri: str) -> str | None:
    """The profile that a tracking URI names: of `databricks://work` it is `work`."""
    return uri.partition("://")[2].strip("/") or None


def given_workspace(profile: str | None, environment: Mapping[str, str] | None = None) -> Workspace | None:
    """The workspace that the environment or a profile with a token names; None where neither does.

    Args:
        profile: of the tracking URI; None for the environment's.
        environment: the process's own by default.

    Raises:
        ConfigurationError: what is given is wrong; says what to do.
    """
    given = os.environ if environment is None else environment
    host, token = given.get(_HOST, "").strip(), given.get(_TOKEN, "").strip()
    if profile is None and host and token:
        return _workspace(host, token, given)
    name = profile or given.get(_PROFILE, "").strip() or "DEFAULT"
    section = _section(name, given)
    if section is None:
        if profile is not None and not _has_sdk():
            raise ConfigurationError(
                f"There is no profile {profile!r} in {_file(given)}: make it by databricks auth login "
                f"--profile {profile}, or set {_HOST} and {_TOKEN} and use the tracking URI databricks."
            )
        return None
    host, token = section.get("host", "").strip(), section.get("token", "").strip()
    return _workspace(host, token, given) if host and token else None


def open_workspace(profile: str | None) -> Workspace:
    """The same, else what databricks-sdk finds (OAuth, a notebook); called off the program's thread.

    Raises:
        ConfigurationError: there is nothing.
        TokenUnavailableError: databricks-sdk does not find it now.
    """
    found = given_workspace(profile)
    if found is not None:
        return found
    if not _has_sdk():
        raise ConfigurationError(
            f"no workspace is named: set {_HOST} and {_TOKEN}, name a profile as databricks://PROFILE, or "
            "pip install databricks-sdk"
        )
    with unseen():
        try:
            # Imported by the few that need it; by name, since checkers may not find it.
            sdk: Any = importlib.import_module(_SDK)
            config = sdk.WorkspaceClient(profile=profile).config
            host = str(config.host)
        except Exception as error:  # noqa: BLE001  # as above
            raise TokenUnavailableError(f"databricks-sdk finds no workspace: {error}") from None
    authenticate = cast("Callable[[], dict[str, str]]", config.authenticate)
    return Workspace(_with_scheme(host), _SdkCredentials(authenticate))


def _workspace(host: str, token: str, given: Mapping[str, str]) -> Workspace:
    url = _with_scheme(host)
    check_transport(url, given)
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise ConfigurationError("The workspace's token has spaces or letters beyond ASCII in it.")
    return Workspace(url, Credentials(GivenToken(token)))


def _with_scheme(host: str) -> str:
    plain = host.rstrip("/")
    return plain if plain.startswith(("http://", "https://")) else f"https://{plain}"


def _file(given: Mapping[str, str]) -> Path:
    return Path(given.get(_FILE) or "~/.databrickscfg").expanduser()


def _section(name: str, given: Mapping[str, str]) -> Mapping[str, str] | None:
    # [DEFAULT] is a profile like any other: no profile has another one's token.
    parser = ConfigParser(interpolation=None, default_section="(none)")
    try:
        parser.read(_file(given), encoding="utf-8")
    except (Error, UnicodeDecodeError) as error:
        # Not the parser's own words: they quote lines, and one may be a token.
        raise ConfigurationError(f"{_file(given)} cannot be read: {type(error).__name__}.") from None
    return parser[name] if parser.has_section(name) else None


def _has_sdk() -> bool:
    try:
        return importlib.util.find_spec(_SDK) is not None
    except ModuleNotFoundError:  # the package around it is missing
        return False
