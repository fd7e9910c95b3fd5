"""Nothing that was acknowledged is lost or there twice, whatever happens to two servers and a database."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path

import pytest

from outcrop_server.model.aggregates import AggregateQuery
from outcrop_server.storage.api import TraceStore
from outcrop_server.storage.sqlite.store import SqliteStore
from server.tests.support.clickhouse import Clickhouse
from server.tests.support.postgres import Postgres
from tests.system.serving_together import RawLoad, SdkLoad, assert_all_is_there_once, run

IS_LONG = bool(os.environ.get("OUTCROP_LONG_TESTS"))
SECONDS, EVERY_S, PAUSE_S = (600.0, 15.0, 0.02) if IS_LONG else (4.0, 1.5, 0.2)
SDK_PAUSE_S = 0.004 if IS_LONG else 0.05

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kills servers")


def assert_sums_say_so(store: TraceStore, spans: int, raw: RawLoad, sdk: SdkLoad) -> None:
    """What charts show is what is there."""
    (group,) = store.aggregate(AggregateQuery()).groups
    assert group.traces is not None
    assert sum(row.trace_count for row in store.experiments()) == group.traces.count
    (of_raw,) = store.aggregate(AggregateQuery(experiments=("raw",))).groups
    assert of_raw.calls.usage.input_tokens == of_raw.calls.count
    assert spans >= of_raw.calls.count + 2 * len(sdk.names)
    # For who runs it for long, with -s.
    print(f"{spans:,} spans, {of_raw.calls.count:,} of them raw; refused: {dict(raw.refusals)}")  # noqa: T201 - as said


def test_two_servers_over_one_file(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    raw, sdk, servers = run(
        tmp_path, str(path), seconds=SECONDS, every_s=EVERY_S, pause_s=PAUSE_S, sdk_pause_s=SDK_PAUSE_S
    )
    assert [server.faults for server in servers] == [[], []]
    with closing(SqliteStore(path)) as store:
        spans = assert_all_is_there_once(store, raw, sdk)
        assert_sums_say_so(store, spans, raw, sdk)


def test_two_servers_over_one_database_that_is_restarted(tmp_path: Path) -> None:
    pytest.importorskip("psycopg", reason="an extra of the server, in the development environment")
    from outcrop_server.storage.postgresql.store import PostgresStore  # noqa: PLC0415 - as said

    with Postgres(is_durable=True) as database, database.database() as uri:

        def restart() -> None:
            database.stop("immediate")
            database.start()

        raw, sdk, servers = run(
            tmp_path,
            uri,
            seconds=SECONDS,
            every_s=EVERY_S,
            pause_s=PAUSE_S,
            sdk_pause_s=SDK_PAUSE_S,
            restart_database=restart,
        )
        assert [server.faults for server in servers] == [[], []]
        with closing(PostgresStore(uri)) as store:
            spans = assert_all_is_there_once(store, raw, sdk)
            assert_sums_say_so(store, spans, raw, sdk)


def test_two_servers_over_one_clickhouse_that_is_restarted(tmp_path: Path) -> None:
    pytest.importorskip("clickhouse_connect", reason="an extra of the server, in the development environment")
    from outcrop_server.storage.clickhouse.store import ClickhouseStore  # noqa: PLC0415 - as said
    from server.tests.support.clickhouse_checks import faults, spans_of  # noqa: PLC0415 - as said

    with Clickhouse() as database, database.database() as uri:

        def restart() -> None:
            database.stop("immediate")
            database.start()

        raw, sdk, servers = run(
            tmp_path,
            uri,
            seconds=SECONDS,
            every_s=EVERY_S,
            pause_s=PAUSE_S,
            # What a server that is away keeps waiting comes a batch after another, and each is a commit.
            sdk_pause_s=0.05,
            restart_database=restart,
        )
        assert [server.faults for server in servers] == [[], []]
        with closing(ClickhouseStore(uri)) as store:
            ids: dict[bytes, list[bytes]] = {}
            for trace_id, span_id in spans_of(uri):
                ids.setdefault(trace_id, []).append(span_id)
            spans = assert_all_is_there_once(store, raw, sdk, lambda trace_id: ids[trace_id])
            assert_sums_say_so(store, spans, raw, sdk)
        assert faults(uri) == []
