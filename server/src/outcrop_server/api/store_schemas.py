"""The shapes of `api.store`: the store's sizes, and prices in US dollars per million tokens."""

from __future__ import annotations

from pydantic import Field

from outcrop_server.api.schemas import ApiModel


class StoreAnswer(ApiModel):
    """What the server keeps, and where it stands."""

    version: str
    engine: str = Field(description="What keeps the traces, with its version.")
    is_file: bool = Field(description="Whether they lie in a file of the server's machine.")
    file_bytes: int = Field(description="Of the file, or of the database's tables.")
    log_bytes: int | None = Field(
        description="Of the write-ahead log, which becomes part of the file; null where there is none."
    )
    free_bytes: int | None = Field(description="On the disk; null if that is not known.")
    waiting_bytes: int = Field(description="Of what waits to be written.")
    faults: list[str] = Field(description="Why nothing can be written; empty if it can.")
    experiment_count: int
    trace_count: int
    error_count: int


class OwnPrice(ApiModel):
    """An entry of the server's own price file."""

    key: str = Field(description="A model's id or a pattern, with `@` and a service tier or without.")
    input: float | None
    output: float | None
    cache_read: float | None = Field(description="Null: as input.")
    cache_write: float | None = Field(description="Null: as input.")


class ModelPrice(ApiModel):
    """A model that was asked, and today's price of it."""

    model: str
    calls: int
    source: str | None = Field(description="`outcrop-prices-file` or the library; null if none is known.")
    entry: str | None = Field(description="The entry that the price comes from.")
    input: float | None
    output: float | None
    cache_read: float | None
    cache_write: float | None


class PricesAnswer(ApiModel):
    """At which prices calls are counted."""

    own: list[OwnPrice]
    profiles: dict[str, str] = Field(description="The model that an identifier stands for, by the file.")
    models: list[ModelPrice] = Field(description="Those that were asked, most calls first.")
