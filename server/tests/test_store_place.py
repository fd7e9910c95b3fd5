"""Where the store is: a file or a database, read as it is written and shown without its password."""

from __future__ import annotations

from pathlib import Path

import pytest

from outcrop_server.configuration.store_place import StoreUrl
from outcrop_server.settings import SettingsError, from_environment


def place(text: str) -> Path | StoreUrl:
    return from_environment({"OUTCROP_STORE": text}).store


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("traces.db", "traces.db"),
        ("/var/lib/outcrop.db", "/var/lib/outcrop.db"),
        ("sqlite:///traces.db", "traces.db"),
        ("sqlite:////var/lib/outcrop.db", "/var/lib/outcrop.db"),
        ("SQLite:///a%20b.db", "a%20b.db"),
    ],
)
def test_a_file_is_a_path(text: str, path: str) -> None:
    assert place(text) == Path(path)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me@db/traces", "postgresql://me@db/traces"),
        ("postgres://db:5432/traces?sslmode=require", "postgres://db:5432/traces?sslmode=require"),
        ("postgresql://me:s3cr3t@db/traces", "postgresql://me:***@db/traces"),
        ("postgresql://me:a%40b:c@db:5432/traces", "postgresql://me:***@db:5432/traces"),
        (
            "postgresql://db/traces?user=me&password=s3cr3t&sslmode=prefer",
            "postgresql://db/traces?user=me&password=***&sslmode=prefer",
        ),
    ],
)
def test_a_database_keeps_its_address_and_shows_no_password(text: str, shown: str) -> None:
    found = place(text)
    assert isinstance(found, StoreUrl)
    assert (found.scheme, found.address, str(found)) == ("postgresql", text, shown)
    assert "s3cr3t" not in repr(found)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("clickhouse://default@db:8123/traces", "clickhouse://default@db:8123/traces"),
        ("clickhouses://me:s3cr3t@db/traces", "clickhouses://me:***@db/traces"),
        (
            "ClickHouse://me:a%40b:c@db:8443/traces?secure=true",
            "ClickHouse://me:***@db:8443/traces?secure=true",
        ),
        ("clickhouse://db/traces?user=me&password=s3cr3t", "clickhouse://db/traces?user=me&password=***"),
    ],
)
def test_a_database_of_clickhouse_has_one_scheme_however_it_is_spelt(text: str, shown: str) -> None:
    found = place(text)
    assert isinstance(found, StoreUrl)
    assert (found.scheme, found.address, str(found)) == ("clickhouse", text, shown)
    assert "s3cr3t" not in repr(found)


@pytest.mark.parametrize("text", ["mysql://me:s3cr3t@db/traces", "sqlite://traces.db", "sqlite:///"])
def test_what_nobody_keeps_is_refused_with_what_would_do(text: str) -> None:
    with pytest.raises(
        SettingsError, match=r"give a file, sqlite:///FILE, postgresql://.* or clickhouse://"
    ) as refused:
        place(text)
    assert "s3cr3t" not in str(refused.value)


def test_what_is_for_files_alone_says_so() -> None:
    for engine in ("postgresql", "clickhouse"):
        settings = from_environment({"OUTCROP_STORE": f"{engine}://me:s3cr3t@db/traces"})
        told = rf"{engine}://me:\*\*\*@db/traces is a database: .*docs/{engine}\.md"
        with pytest.raises(SettingsError, match=told):
            _ = settings.store_file


def test_a_cluster_is_of_a_store_in_clickhouse() -> None:
    cluster = {"OUTCROP_CLUSTER": "main"}
    assert from_environment(cluster | {"OUTCROP_STORE": "clickhouse://db/traces"}).cluster == "main"
    for other in ("traces.db", "postgresql://me:s3cr3t@db/traces"):
        with pytest.raises(
            SettingsError, match=r"--cluster \(OUTCROP_CLUSTER\) is for a store in"
        ) as refused:
            from_environment(cluster | {"OUTCROP_STORE": other})
        assert "s3cr3t" not in str(refused.value)
    with pytest.raises(SettingsError, match="--cluster"):
        from_environment({}, store="traces.db", cluster="main")


def test_another_store_than_the_servers_is_not_in_its_cluster(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text('store = "clickhouse://db/traces"\ncluster = "main"\n')
    assert from_environment({}, config=str(file), store="old.db").cluster is None
    assert from_environment({}, config=str(file)).cluster == "main"
    assert from_environment({}, config=str(file), store="clickhouse://db/other").cluster == "main"
