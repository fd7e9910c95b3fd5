"""`GET /api/retention`: how long traces are kept, and who says so."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from outcrop_server.api.dependencies import Reader, json_answer
from outcrop_server.api.experiment_schemas import ExperimentRetention, Retention, RetentionAnswer
from outcrop_server.api.problems import responses
from outcrop_server.configuration.retention import Limits, RetentionRule, limits_text, rule_of
from outcrop_server.upkeep.retention import RetentionPolicy

if TYPE_CHECKING:
    from outcrop_server.model.rows import ExperimentRow
    from outcrop_server.storage.api import TraceStore

router = APIRouter(tags=["experiments"])


async def _policy(request: Request) -> RetentionPolicy:
    policy: RetentionPolicy = request.app.state.retention
    return policy


Policy = Annotated[RetentionPolicy, Depends(_policy)]


@router.get(
    "/api/retention", operation_id="getRetention", response_model=RetentionAnswer, responses=responses(403)
)
def get_retention(request: Request, policy: Policy, reader: Reader) -> Response:
    """The limits of all traces and of each experiment."""
    store: TraceStore = request.app.state.tokens
    answer = RetentionAnswer(
        general=_shown(policy.general),
        interval_s=request.app.state.retention_interval_s,
        ages_by_days=store.capabilities.ages_by_days,
        experiments=[_experiment(policy, row) for row in reader.experiments()],
    )
    return json_answer(answer)


def words(given: Retention) -> str | None:
    """What the store keeps of it; None where it limits nothing."""
    parts = [] if given.max_age is None else [f"age={given.max_age}"]
    parts += [] if given.max_traces is None else [f"traces={given.max_traces}"]
    parts += [] if given.max_bytes is None else [f"bytes={given.max_bytes}"]
    return "keep" if given.is_kept else " ".join(parts) or None


def _experiment(policy: RetentionPolicy, row: ExperimentRow) -> ExperimentRetention:
    rule, source = policy.rule_for(row)
    own = None if row.retention is None else rule_of(row.name, row.retention)
    return ExperimentRetention(
        experiment_id=row.experiment_id,
        name=row.name,
        own=None if own is None else _shown(own.limits, is_kept=own.is_kept),
        in_force=_shown(policy.limits_of(rule), is_kept=rule.is_kept),
        source=source,
    )


def _shown(limits: Limits, *, is_kept: bool = False) -> Retention:
    age = None
    if limits.age_s is not None:
        written = limits_text(RetentionRule("", Limits(age_s=limits.age_s)))
        age = "never" if limits.age_s == math.inf else written.removeprefix("age=")
    return Retention(is_kept=is_kept, max_age=age, max_traces=limits.traces, max_bytes=limits.bytes)
