"""`GET /api/store` and `GET /api/prices`: what the server keeps, and at which prices it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import Response

from outcrop._version import __version__
from outcrop_server.api.dependencies import CallerOf, Explorer, json_answer
from outcrop_server.api.problems import responses
from outcrop_server.api.store_schemas import ModelPrice, OwnPrice, PricesAnswer, StoreAnswer
from outcrop_server.model.errors import ForbiddenError
from outcrop_server.query.exploring import AskedNumbers

if TYPE_CHECKING:
    from decimal import Decimal

    from outcrop.pricing.rates import Rates
    from outcrop.pricing.table import PriceTable
    from outcrop_server.model.reading import RatesOfModel
    from outcrop_server.storage.api import TraceStore

router = APIRouter(tags=["health"])

_MOST_MODELS = 200


@router.get("/api/store", operation_id="getStore", response_model=StoreAnswer, responses=responses(403))
def get_store(request: Request, caller: CallerOf) -> Response:
    """Sizes of the store's files, and counts."""
    if caller.experiments is not None:
        raise ForbiddenError(f"The token '{caller.name}' is for some experiments alone, not for the store.")
    store: TraceStore = request.app.state.tokens
    health, experiments = store.health(), store.experiments()
    answer = StoreAnswer(
        version=__version__,
        engine=store.capabilities.engine,
        is_file=store.capabilities.is_file,
        file_bytes=health.file_bytes.get("database", 0),
        log_bytes=health.file_bytes.get("log"),
        free_bytes=health.free_bytes,
        waiting_bytes=health.waiting_bytes,
        faults=[fault for fault in (health.writer_fault, health.disk_fault) if fault is not None],
        experiment_count=len(experiments),
        trace_count=sum(row.trace_count for row in experiments),
        error_count=sum(row.error_count for row in experiments),
    )
    return json_answer(answer)


@router.get("/api/prices", operation_id="getPrices", response_model=PricesAnswer, responses=responses(403))
def get_prices(request: Request, explorer: Explorer) -> Response:
    """The prices of the models that were asked, and the server's own table."""
    table: PriceTable | None = request.app.state.prices
    rates_of: RatesOfModel = request.app.state.rates_of
    found = explorer.numbers(AskedNumbers(group_by=("model",), limit=_MOST_MODELS)).aggregates
    # Without a model are calls that name none.
    asked = [(str(each.key[0]), each.calls.count) for each in found.groups if each.key[0] is not None]
    answer = PricesAnswer(
        own=[] if table is None else [_own(key, rates) for key, rates in table.rates.items()],
        profiles={} if table is None else table.profiles,
        models=[_model(name, count, rates_of(name)) for name, count in asked],
    )
    return json_answer(answer)


def _own(key: str, rates: Rates) -> OwnPrice:
    return OwnPrice(key=key, **_dollars(rates))


def _model(name: str, calls: int, rates: Rates | None) -> ModelPrice:
    if rates is None:
        nothing = dict.fromkeys(("input", "output", "cache_read", "cache_write"))
        return ModelPrice(model=name, calls=calls, source=None, entry=None, **nothing)
    return ModelPrice(model=name, calls=calls, source=rates.source, entry=rates.model, **_dollars(rates))


def _dollars(rates: Rates) -> dict[str, float | None]:
    def number(rate: Decimal | None) -> float | None:
        return None if rate is None else float(rate)

    return {
        "input": number(rates.input),
        "output": number(rates.output),
        "cache_read": number(rates.cache_read),
        "cache_write": number(rates.cache_write),
    }
