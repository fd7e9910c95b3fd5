"""How a table is described, and what several of them have. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

LARGE = "index_granularity_bytes = 1048576, min_compress_block_size = 65536, max_compress_block_size = 65536"
ZSTD = "CODEC(ZSTD(1))"
TIGHT = "CODEC(ZSTD(3))"
DELTA = "CODEC(Delta, ZSTD(1))"
BITS = "CODEC(T64, ZSTD(1))"
RAW = "CODEC(NONE)"
WORD = "LowCardinality(String)"
WORD_OR_NONE = "LowCardinality(Nullable(String))"
BINS = "Map(UInt16, Int64)"
SUMS = (
    "count",
    "errors",
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_write_input_tokens",
    "cost_nano_usd",
    "unpriced_calls",
)

Column = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        columns: name, type and codec of each.
        engine: without `Replicated` before it.
        order: its primary key.
        partition: by what it is cut into partitions; empty if it is not.
        arguments: of the engine.
        indexes: beside the primary key.
        granularity: rows to a mark.
        is_sharded: whether a cluster keeps a part of it on each shard, by trace id; else all of it on each.
        settings: beside those of all.
    """

    columns: tuple[Column, ...]
    engine: str
    order: str
    partition: str = ""
    arguments: str = ""
    indexes: tuple[str, ...] = ()
    granularity: int = 1024
    is_sharded: bool = False
    settings: str = ""
    types: dict[str, str] = field(default_factory=dict[str, str], init=False)

    def __post_init__(self) -> None:
        """Fills the types by name."""
        self.types.update((name, kind) for name, kind, _ in self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """Of its columns."""
        return tuple(name for name, _, _ in self.columns)


USAGE: tuple[Column, ...] = (
    ("input_tokens", "Nullable(Int64)", BITS),
    ("output_tokens", "Nullable(Int64)", BITS),
    ("cache_read_input_tokens", "Nullable(Int64)", BITS),
    ("cache_write_input_tokens", "Nullable(Int64)", BITS),
)
# Where a trace's spans and frames lie for ever: its day, experiment and start as known when it began.
ANCHOR: tuple[Column, ...] = (
    ("day", "UInt16", BITS),
    ("experiment_id", "UInt64", BITS),
    ("anchor_ns", "Int64", DELTA),
    ("trace_id", "FixedString(16)", ZSTD),
)
BY_TRACE = "INDEX by_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1"
