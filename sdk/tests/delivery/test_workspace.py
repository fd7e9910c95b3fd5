"""Which Databricks workspace is meant: by the environment, a profile or databricks-sdk; and what is wrong."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from outcrop.delivery.destination import check_tracking_uri
from outcrop.delivery.mlflow.databricks import catalog_schema
from outcrop.delivery.mlflow.server import mlflow_credentials
from outcrop.delivery.mlflow.workspace import given_workspace, open_workspace, profile_in
from outcrop.delivery.token_errors import TokenUnavailableError
from outcrop.exceptions import ConfigurationError

PROFILES = """
[DEFAULT]
host = https://default.example.com
token = dapi-default

[work]
host = work.example.com/
token = dapi-work

[oauth]
host = https://oauth.example.com
auth_type = databricks-cli
"""


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """An environment with a file of profiles."""
    file = tmp_path / "profiles"
    file.write_text(PROFILES)
    return {"DATABRICKS_CONFIG_FILE": str(file)}


def test_the_environment_goes_before_the_default_profile(variables: dict[str, str]) -> None:
    given = {**variables, "DATABRICKS_HOST": "one.example.com", "DATABRICKS_TOKEN": "dapi-one"}
    found = given_workspace(None, given)
    assert found is not None
    assert (found.host, found.credentials.headers()) == (
        "https://one.example.com",
        {"Authorization": "Bearer dapi-one"},
    )
    assert "dapi-one" not in repr(found)
    found = given_workspace(None, variables)
    assert found is not None
    assert found.host == "https://default.example.com"


def test_a_profile_is_named_by_the_uri_or_the_environment(variables: dict[str, str]) -> None:
    for found in (
        given_workspace(
            "work", {**variables, "DATABRICKS_HOST": "x.example.com", "DATABRICKS_TOKEN": "dapi"}
        ),
        given_workspace(None, {**variables, "DATABRICKS_CONFIG_PROFILE": "work"}),
    ):
        assert found is not None
        assert found.host == "https://work.example.com"
        assert found.credentials.headers() == {"Authorization": "Bearer dapi-work"}


def test_a_profile_without_a_token_is_for_databricks_sdk(variables: dict[str, str]) -> None:
    assert given_workspace("oauth", variables) is None


def test_a_token_goes_over_no_open_network(variables: dict[str, str]) -> None:
    given = {**variables, "DATABRICKS_HOST": "http://far.example.com", "DATABRICKS_TOKEN": "dapi-one"}
    with pytest.raises(ConfigurationError, match="over plain http"):
        given_workspace(None, given)


def test_a_file_that_cannot_be_read_does_not_show_its_lines(tmp_path: Path) -> None:
    file = tmp_path / "profiles"
    file.write_text("token = dapi-secret\n")
    with pytest.raises(ConfigurationError) as caught:
        given_workspace("work", {"DATABRICKS_CONFIG_FILE": str(file)})
    assert "dapi-secret" not in str(caught.value)


class Config:
    """What databricks-sdk knows of a workspace."""

    host = "https://sdk.example.com"
    tokens = iter(["first", "second"])

    def authenticate(self) -> dict[str, str]:
        """The headers, new each time."""
        token = next(self.tokens, None)
        if token is None:
            raise ValueError("the login has ended")
        return {"Authorization": f"Bearer {token}"}


def test_databricks_sdk_is_asked_for_headers_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sdk: Any = ModuleType("databricks.sdk")

    def client(profile: str | None) -> SimpleNamespace:
        return SimpleNamespace(config=Config(), profile=profile)

    def imported(_: str) -> Any:
        return sdk

    sdk.WorkspaceClient = client
    for name in ("DATABRICKS_HOST", "DATABRICKS_TOKEN", "DATABRICKS_CONFIG_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "none"))
    with monkeypatch.context() as without:
        without.setattr("outcrop.delivery.mlflow.workspace._has_sdk", lambda: False)
        with pytest.raises(ConfigurationError, match="pip install databricks-sdk"):
            open_workspace(None)
        with pytest.raises(ConfigurationError, match="databricks auth login --profile work"):
            open_workspace("work")
    monkeypatch.setattr("outcrop.delivery.mlflow.workspace._has_sdk", lambda: True)
    monkeypatch.setattr("importlib.import_module", imported)
    found = open_workspace(None)
    assert found.host == "https://sdk.example.com"
    assert [found.credentials.headers()["Authorization"] for _ in range(2)] == [
        "Bearer first",
        "Bearer second",
    ]
    with pytest.raises(TokenUnavailableError, match="the login has ended"):
        found.credentials.headers()


@pytest.mark.parametrize(
    ("uri", "scheme"),
    [
        ("databricks", "databricks"),
        ("databricks://work", "databricks"),
        ("mlflow+http://127.0.0.1:5000", "mlflow+http"),
        ("mlflow+https://host/behind", "mlflow+https"),
    ],
)
def test_a_uri_names_its_kind(uri: str, scheme: str) -> None:
    assert check_tracking_uri(uri) == scheme


@pytest.mark.parametrize(
    "uri", ["databricks:/name", "databricks://name/path", "mlflow+http://", "mlflow://x"]
)
def test_a_wrong_uri_is_refused_with_the_valid_forms(uri: str) -> None:
    with pytest.raises(ConfigurationError, match=r"databricks://PROFILE \(a Databricks workspace\)"):
        check_tracking_uri(uri)


def test_the_profile_is_in_the_uri() -> None:
    assert (profile_in("databricks"), profile_in("databricks://"), profile_in("databricks://work")) == (
        None,
        None,
        "work",
    )


def test_tables_are_named_by_catalog_and_schema() -> None:
    assert catalog_schema({"MLFLOW_TRACING_DESTINATION": "main.obs"}) == ("main", "obs")
    assert catalog_schema({}) is None
    for wrong in ("main", "main.obs.prefix", ".obs"):
        with pytest.raises(ConfigurationError, match=r"give CATALOG\.SCHEMA"):
            catalog_schema({"MLFLOW_TRACING_DESTINATION": wrong})


def test_mlflows_own_variables_say_who_asks() -> None:
    url = "http://127.0.0.1:5000"
    token = {"MLFLOW_TRACKING_TOKEN": "t0"}
    assert mlflow_credentials(url, token).headers() == {"Authorization": "Bearer t0"}
    named = {**token, "MLFLOW_TRACKING_USERNAME": "me", "MLFLOW_TRACKING_PASSWORD": "pw"}
    assert mlflow_credentials(url, named).headers() == {"Authorization": "Basic bWU6cHc="}
    assert mlflow_credentials(url, {**named, "OUTCROP_TOKEN": "own"}).headers() == {
        "Authorization": "Bearer own"
    }
    with pytest.raises(ConfigurationError, match="over plain http"):
        mlflow_credentials("http://far.example.com", token)
