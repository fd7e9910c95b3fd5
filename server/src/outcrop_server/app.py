"""The only place that joins the parts: settings, store, ingest, query, API and page become one app."""

from __future__ import annotations

import atexit
import threading
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from fastapi import FastAPI

from outcrop._version import __version__
from outcrop.exceptions import ConfigurationError
from outcrop.pricing import library
from outcrop.pricing.listing import rates_now
from outcrop.pricing.quote import price_of
from outcrop.pricing.table import PriceTable, read_table
from outcrop.views import glance_span, read_span
from outcrop_server.access.cookie import SessionCookie
from outcrop_server.access.door import Door
from outcrop_server.access.start import check_start
from outcrop_server.api import openapi, problems
from outcrop_server.api.gate import Dialect, Gate
from outcrop_server.api.guard import Guard
from outcrop_server.api.tail import rendered
from outcrop_server.ingest.endpoint import TracesEndpoint
from outcrop_server.ingest.import_endpoint import ImportEndpoint
from outcrop_server.ingest.intake import Intake
from outcrop_server.ingest.pipeline import Pipeline
from outcrop_server.ingest.spool import SpoolReader, directories
from outcrop_server.lifecycle import Lifecycle
from outcrop_server.mlflow import errors as mlflow_errors
from outcrop_server.mlflow.edge import MlflowEdge, as_bearer, is_from_mlflow
from outcrop_server.mlflow.ids import ExperimentNames
from outcrop_server.observing.calls import ObservedCalls
from outcrop_server.observing.readiness import Readiness
from outcrop_server.observing.requests import ObservedRequests
from outcrop_server.otlp.fast_json import parse_fast
from outcrop_server.query.by_scope import QueriesByScope
from outcrop_server.query.tail import Tail
from outcrop_server.settings import SettingsError, from_environment, is_loopback
from outcrop_server.store_opening import audit_removed, open_store
from outcrop_server.turns import CountedQuestions, Turns, Work
from outcrop_server.upkeep.keeper import Keeper
from outcrop_server.upkeep.retention import Retention, policy_of
from outcrop_server.web.headers import SecurityHeaders
from outcrop_server.web.pages import Pages
from outcrop_server.web.sign_in import SignInPages

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from outcrop_server.grpc_edge.server import GrpcServer
    from outcrop_server.observing.metrics import Metrics
    from outcrop_server.settings import Settings
    from outcrop_server.storage.api import TraceStore

_ALL_ADDRESSES = {"0.0.0.0", "::"}  # noqa: S104 - compared with, never bound to


def create_app(
    settings: Settings,
    store: TraceStore,
    metrics: Metrics | None = None,
    lifecycle: Lifecycle | None = None,
) -> FastAPI:
    """The application.

    Args:
        settings: with the port that is really bound, since the spool goes by it.
        store: stays the caller's, who closes it after the application has ended.
        metrics: those that the store tells of its commits; None to count nothing and log no request, as where
            a program reads its own store.
        lifecycle: says whether the server stops; None where nobody will say so.

    Raises:
        SettingsError: the price file is wrong; says where. Or the traces would be open to a network.
    """
    door = _door(settings, store)
    cookie = SessionCookie(settings.port)
    prices = _prices(settings)
    price_span = partial(price_of, table=prices)
    if metrics is not None:
        metrics.watch_store(store)
    turns = Turns()
    pipeline = Pipeline(store, partial(glance_span, parse=parse_fast), price_span, metrics, turns)
    spool = _spool(settings, pipeline)
    policy = policy_of(settings)
    keeper = Keeper(Retention(store, policy), settings.retain_interval_s, audit_removed)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None, None]:
        if spool is not None:
            spool.start()
        # In half a second of another thread, so that the first request does not wait for it.
        threading.Thread(target=library.load, name="outcrop-prices", daemon=True).start()
        keeper.start()
        store.start_filling(Work.patient(turns).give_way)
        yield
        keeper.stop()
        if spool is not None:
            spool.stop()
        door.book.close()

    app = FastAPI(title="Outcrop", version=__version__, lifespan=lifespan, openapi_url=None)
    app.state.queries = QueriesByScope(store, read_span, price_span)
    importing = ImportEndpoint(pipeline, store, settings.max_body_bytes)
    app.state.tail = Tail(store, rendered)
    app.state.door, app.state.cookie, app.state.tokens = door, cookie, store
    app.state.metrics = metrics
    app.state.retention, app.state.retention_interval_s = policy, settings.retain_interval_s
    app.state.prices, app.state.rates_of = prices, partial(rates_now, table=prices)
    app.state.readiness = Readiness(
        store,
        lifecycle or Lifecycle(),
        settings.min_free_bytes,
        wants_grpc=settings.listening_grpc_port is not None,
    )
    problems.install(app)
    intake = Intake(pipeline, settings.max_body_bytes, settings.max_waiting_bytes)
    app.state.intake = intake
    endpoint = TracesEndpoint(intake, ExperimentNames(store))
    sign_in = SignInPages(door, cookie).router()
    app.router.routes.append(endpoint.route())
    app.router.routes.extend(MlflowEdge(store, pipeline, intake).routes())
    for router in (*openapi.ROUTERS, openapi.router, importing.router(), sign_in, Pages().router()):
        app.include_router(router)
    # The last one that is added is asked first.
    dialect = Dialect(is_from_mlflow, as_bearer, mlflow_errors.answer)
    app.add_middleware(Gate, door=door, cookie=cookie, dialect=dialect)
    app.add_middleware(Guard, settings=settings)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(CountedQuestions, turns=turns)
    if metrics is not None:
        # The last one that is added sees a request first, and its answer last.
        app.add_middleware(ObservedRequests, metrics=metrics, slow_request_ms=settings.slow_request_ms)
    return app


def create_grpc_server(
    app: FastAPI, settings: Settings, metrics: Metrics, lifecycle: Lifecycle
) -> GrpcServer | None:
    """OTLP over gRPC, beside an application and with its parts; None if it is not asked for.

    Args:
        app: what `create_app` made.
        settings: with the port to bind.
        metrics: told of each call.
        lifecycle: told when it serves and when no longer.
    """
    if settings.listening_grpc_port is None:
        return None
    # Its library is an extra of the installation.
    from outcrop_server.grpc_edge.entry import Entry  # noqa: PLC0415
    from outcrop_server.grpc_edge.export import ExportCalls  # noqa: PLC0415
    from outcrop_server.grpc_edge.server import GrpcServer  # noqa: PLC0415

    calls = ExportCalls(
        app.state.intake,
        Entry(app.state.door, settings.trusted_proxies),
        ObservedCalls(metrics, settings.slow_request_ms),
    )
    return GrpcServer(settings, calls, lifecycle)


def create_app_from_environment() -> FastAPI:
    """The application for an ASGI server that restarts it on each change (`make dev`).

    Its store is closed when the process ends.
    """
    settings = from_environment()
    # Not above: a program that opens its own store must not get a library that counts by its variables.
    from outcrop_server.observing.metrics import Metrics  # noqa: PLC0415

    metrics = Metrics()
    store = open_store(settings, metrics)
    atexit.register(store.close)
    return create_app(settings, store, metrics)


def _door(settings: Settings, store: TraceStore) -> Door:
    door = Door(
        store,
        is_local=is_loopback(settings.host),
        allows_anonymous=settings.allow_anonymous,
        requests_per_minute=settings.requests_per_minute,
    )
    door.book.refresh()
    check_start(settings, door.book)
    return door


def _prices(settings: Settings) -> PriceTable | None:
    if settings.prices is None:
        return None
    try:
        return read_table(settings.prices)
    except ConfigurationError as error:
        raise SettingsError(str(error)) from error


def _spool(settings: Settings, pipeline: Pipeline) -> SpoolReader | None:
    # What waits on this machine is meant for a server on this machine.
    if settings.spool is None or not (is_loopback(settings.host) or settings.host in _ALL_ADDRESSES):
        return None
    waiting = directories(settings.spool, settings.port)
    return SpoolReader(waiting, pipeline.accept, settings.spool_interval_s)
