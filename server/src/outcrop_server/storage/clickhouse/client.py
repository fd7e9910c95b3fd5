"""Asks a ClickHouse server by its HTTP interface, with the settings that the engine rests on."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any, cast

import clickhouse_connect
from clickhouse_connect.datatypes.registry import get_from_name
from clickhouse_connect.driver.exceptions import ClickHouseError
from clickhouse_connect.driver.insert import InsertContext
from clickhouse_connect.driver.transform import NativeTransform
from urllib3.exceptions import HTTPError

from outcrop_server.model.errors import StoreError
from outcrop_server.storage.clickhouse import failures
from outcrop_server.storage.clickhouse.schema import table_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from outcrop_server.storage.clickhouse.address import Address

    Row = tuple[Any, ...]

# What the driver raises. A broken connection may come through as it is.
ERRORS = (ClickHouseError, HTTPError, OSError)
_OLDEST = (25, 3)
# What they would say of each attempt is raised as well, and told once.
for _name in ("clickhouse_connect", "urllib3.connectionpool"):
    logging.getLogger(_name).setLevel(logging.ERROR)
_TIMEOUT_S = 60.0
# Rows that an index finds in old parts must not be (`FINAL`); what was answered before a commit must not be
# answered after it; an insert must be one block, whole, known by its token, and answered when it is there.
_SETTINGS: dict[str, Any] = {
    "async_insert": 0,
    "insert_deduplicate": 1,
    "deduplicate_insert": "enable",
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    "max_partitions_per_insert_block": 0,
    "max_query_size": 64 << 20,
    "use_query_condition_cache": 0,
    "use_skip_indexes_if_final": 1,
    "use_skip_indexes_if_final_exact_mode": 1,
    "do_not_merge_across_partitions_select_final": 0,
}
# Of a cluster: who reads sees what was acknowledged, and what is acknowledged lies on most replicas.
_OF_CLUSTERS: dict[str, Any] = {
    "insert_quorum": "auto",
    "insert_quorum_parallel": 0,
    "select_sequential_consistency": 1,
    "distributed_foreground_insert": 1,
    "distributed_product_mode": "local",
}
_RAW = {"String": "bytes"}


class Client:
    """A server's database; may be asked by many threads at once.

    Args:
        address: of the database, which is made if it is missing.
        cluster: the name of the nodes among which it lies; None for one server.

    Attributes:
        version: of the server, such as (26, 9).
        version_text: all of it.
        has_text_index: whether the version has text indexes.
        cluster: the name of its nodes; None for one server.

    Raises:
        StoreError: the server does not answer, refuses, or is too old.
    """

    def __init__(self, address: Address, cluster: str | None = None) -> None:
        self._lock = threading.Lock()
        self._is_embedded = bool(address.folder)
        self.cluster = cluster
        try:
            # The driver's own types leave much open.
            self._driver: Any = _connected(address)
            self.version_text = str(self._driver.server_version)
            self.version = cast("tuple[int, int]", tuple(map(int, self.version_text.split(".")[:2])))
            if self.version < _OLDEST:
                raise StoreError(
                    f"The store's database is ClickHouse {self.version_text}. Outcrop needs 25.3 or later."
                )
            name = quoted_name(address.database)
            on = f" ON CLUSTER '{cluster}'" if cluster else ""
            self._driver.command(f"CREATE DATABASE IF NOT EXISTS {name}{on}")
            if self._is_embedded:
                self._driver.command(f"USE {name}")
            else:
                self._driver.database = address.database
            known = {each for (each,) in self._driver.query("SELECT name FROM system.settings").result_rows}
        except ERRORS as error:
            raise StoreError(
                f"The store's database cannot be used: {failures.line(error)}. Is it running, and is --store "
                "(OUTCROP_STORE) its address?"
            ) from error
        wanted = {**_SETTINGS, **(_OF_CLUSTERS if cluster else {})}
        self._settings = {name: value for name, value in wanted.items() if name in known}
        if "use_skip_indexes_if_final_exact_mode" not in known:
            self._settings["use_skip_indexes_if_final"] = 0
        for name, value in self._settings.items():
            self._driver.set_client_setting(name, value)
        # 26.2 has it for everybody, and some before for those who ask.
        self.has_text_index = self.version >= (26, 2)

    def query(
        self,
        statement: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        raw: bool = False,
        settings: Mapping[str, Any] | None = None,
    ) -> list[Row]:
        """The rows of a statement's answer.

        Args:
            statement: with `{name:Type}` for each parameter.
            parameters: by name; values that users write are always given so.
            raw: whether texts come as bytes.
            settings: beside those of every statement.

        Raises:
            UnavailableError: the server cannot answer now.
            DamagedError: it says that its data are damaged.
        """
        try:
            with self._in_turn():
                answer = self._driver.query(
                    statement,
                    parameters=dict(parameters) if parameters else None,
                    query_formats=_RAW if raw else None,
                    settings=dict(settings) if settings else None,
                )
        except ERRORS as error:
            raise failures.told(error, "read") from error
        return [tuple(row) for row in answer.result_rows]

    def command(self, statement: str, *, settings: Mapping[str, Any] | None = None) -> None:
        """Has something done that has no answer.

        Raises:
            UnavailableError: it cannot be done now.
        """
        try:
            with self._in_turn():
                self._driver.command(statement, settings=dict(settings) if settings else None)
        except ERRORS as error:
            raise failures.told(error, "write") from error

    def insert(self, table: str, block: bytes, token: str = "") -> None:
        """Inserts an encoded block (`encoded`); a second time with the same token it changes nothing.

        Raises:
            UnavailableError: it cannot be done now, or it is not known whether it was.
        """
        settings = {"insert_deduplication_token": token} if token else {}
        try:
            with self._in_turn():
                self._driver.raw_insert(table, insert_block=block, settings=settings, fmt="Native")
        except ERRORS as error:
            raise failures.told(error, "write") from error

    def insert_once(self, table: str, block: bytes) -> None:
        """Inserts an encoded row into a table that Keeper keeps, which takes each key once.

        That it is there already is no error here.

        Raises:
            UnavailableError: as `insert`.
        """
        try:
            with self._in_turn():
                self._driver.raw_insert(
                    table, insert_block=block, settings={"keeper_map_strict_mode": 1}, fmt="Native"
                )
        except ERRORS as error:
            if not failures.is_of_a_key_that_is_there(error):
                raise failures.told(error, "write") from error

    def close(self) -> None:
        """Lets go of its connections."""
        self._driver.close()

    def _in_turn(self) -> threading.Lock | _NoTurn:
        # An engine in this process does one statement at a time for each handle.
        return self._lock if self._is_embedded else _NO_TURN


class _NoTurn:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


_NO_TURN = _NoTurn()


def _connected(address: Address) -> Any:
    """A driver; which database it asks is said later."""
    connect = cast("Callable[..., Any]", clickhouse_connect.get_client)  # pyright: ignore[reportUnknownMemberType]
    if address.folder:
        return connect(interface="chdb", path=address.folder)
    return connect(
        interface="https" if address.is_secure else "http",
        host=address.host,
        port=address.port,
        username=address.user,
        password=address.password,
        # Not the empty text: that would be the user's default, which may be of another's.
        database="default",
        compress="lz4",
        autogenerate_session_id=False,
        query_retries=0,
        send_receive_timeout=_TIMEOUT_S,
        connect_timeout=10,
        client_name="outcrop",
    )


def encoded(table: str, rows: Sequence[Sequence[Any]], columns: Iterable[str] | None = None) -> bytes:
    """Rows as `Client.insert` takes them; the same rows always give the same bytes.

    Args:
        table: its name.
        rows: values in the order of the columns.
        columns: names of those that are given; None for all of the table.
    """
    types = table_of(table).types
    names = list(columns or types)
    kinds = [get_from_name(types[name]) for name in names]
    context = InsertContext(table, names, kinds, data=rows)
    block = b"".join(NativeTransform.build_insert(context))
    if context.insert_exception is not None:
        raise context.insert_exception
    # Before the block stands the statement, which `insert` makes by itself.
    return block.partition(b"\n")[2]


def quoted_name(name: str) -> str:
    """A name as it stands in a statement."""
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"


def hex_list(values: Iterable[bytes], size: int) -> str:
    """A subquery with values of so many bytes each: cheaper for the server than a list of literals."""
    joined = b"".join(values)
    count = len(joined) // size
    return (
        f"(SELECT toFixedString(substring(unhex('{joined.hex()}'), number * {size} + 1, {size}), {size}) "  # noqa: S608 - hex
        f"FROM numbers({count}))"
    )


def fixed(value: bytes) -> str:
    """A value of fixed size as it stands in a statement."""
    return f"toFixedString(unhex('{value.hex()}'), {len(value)})"
