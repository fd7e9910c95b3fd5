"""Between the shapes of numbers, facets, sessions and comparisons and what the query side has. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outcrop_server.api import aggregate_schemas as schemas
from outcrop_server.api.render import dollars, span_summary, trace_summary, usage
from outcrop_server.model.latency_bins import RELATIVE_ERROR
from outcrop_server.query.compare import difference
from outcrop_server.query.exploring import AskedNumbers, AskedTraces
from outcrop_server.query.jsonable import mended

if TYPE_CHECKING:
    from outcrop_server.model import aggregates as model
    from outcrop_server.model.latency_bins import Percentiles
    from outcrop_server.model.rows import SpanRow, TraceRow
    from outcrop_server.query.compare import AlignedSpan
    from outcrop_server.query.exploring import Numbers, SideBySide
    from outcrop_server.query.timeline import Drawn

_NS_IN_S = 1_000_000_000


def asked_traces(scope: schemas.TraceScope) -> AskedTraces:
    """Which traces are asked about, for the query side."""
    return AskedTraces(
        since_ns=None if scope.since_ns is None else int(scope.since_ns),
        until_ns=None if scope.until_ns is None else int(scope.until_ns),
        experiments=tuple(scope.experiments),
        filter_text=scope.filter,
    )


def asked(question: schemas.NumbersScope) -> AskedNumbers:
    """What is asked, for the query side."""
    scope = AskedNumbers(
        since_ns=None if question.since_ns is None else int(question.since_ns),
        until_ns=None if question.until_ns is None else int(question.until_ns),
        experiments=tuple(question.experiments),
        filter_text=question.filter,
        models=tuple(map(mended, question.models)),
    )
    if not isinstance(question, schemas.AggregateQuestion):
        return scope
    return replace(
        scope,
        group_by=tuple(question.group_by),
        interval_s=question.interval_s,
        limit=question.limit,
    )


def aggregates(found: Numbers) -> schemas.AggregateAnswer:
    """Numbers by group."""
    query = found.query
    return schemas.AggregateAnswer(
        groups=[_group(each, query.group_by) for each in found.aggregates.groups],
        is_complete=found.aggregates.is_complete,
        has_others=found.aggregates.has_others,
        since_ns=str(query.since_s * _NS_IN_S),
        until_ns=None if query.until_s is None else str(query.until_s * _NS_IN_S),
        relative_error=RELATIVE_ERROR,
    )


def timeline(found: Drawn) -> schemas.TimelineAnswer:
    """When traces began."""
    return schemas.TimelineAnswer(
        interval_s=found.interval_s,
        since_ns=str(found.since_s * _NS_IN_S),
        until_ns=str(found.until_s * _NS_IN_S),
        bars=[
            schemas.TimelineBar(start_ns=str(bar.start_s * _NS_IN_S), count=bar.traces, errors=bar.errors)
            for bar in found.timeline.bars
        ],
        is_exact=found.timeline.is_exact,
    )


def facets(found: model.Facets) -> schemas.FacetAnswer:
    """What traces have."""
    return schemas.FacetAnswer(
        trace_count=found.trace_count,
        is_exact=found.is_exact,
        facets={
            name: [schemas.FacetValue(value=each.value, count=each.count, key=each.key) for each in values]
            for name, values in found.values.items()
        },
        words_waiting=found.words_waiting,
    )


def session(row: model.SessionRow) -> schemas.TraceSession:
    """One line of the list of sessions."""
    return schemas.TraceSession(
        session_id=row.session_id,
        experiment_id=row.experiment_id,
        experiment_name=row.experiment,
        trace_count=row.trace_count,
        error_count=row.error_count,
        first_start_ns=str(row.first_start_ns),
        last_start_ns=str(row.last_start_ns),
        usage=usage(row.usage),
        cost_usd=row.cost_nano_usd / 1e9,
        unpriced_calls=row.unpriced_calls,
    )


def compared_traces(found: SideBySide) -> schemas.ComparisonAnswer:
    """Traces side by side."""
    rows = [trace.row for trace in found.traces]
    return schemas.ComparisonAnswer(
        traces=[
            schemas.ComparedTrace(
                info=trace_summary(trace), difference=_difference(rows[0], trace.row) if place else None
            )
            for place, trace in enumerate(found.traces)
        ],
        spans=[_aligned(place) for place in found.spans],
        groups=[],
        is_complete=found.is_complete,
    )


def compared_groups(found: list[Numbers]) -> schemas.ComparisonAnswer:
    """Groups side by side."""
    groups = [
        schemas.ComparedGroup(
            traces=_traces(group.traces),
            calls=_calls(group.calls),
            has_others=numbers.aggregates.has_others,
        )
        for numbers in found
        for group in numbers.aggregates.groups
    ]
    return schemas.ComparisonAnswer(traces=[], spans=[], groups=groups, is_complete=True)


def _group(group: model.Group, names: tuple[model.GroupKey, ...]) -> schemas.Group:
    key: dict[schemas.GroupName, str | None] = {}
    for name, value in zip(names, group.key, strict=True):
        key[name] = str(value * _NS_IN_S) if isinstance(value, int) else value
    return schemas.Group(key=key, traces=_traces(group.traces), calls=_calls(group.calls))


def _traces(numbers: model.TraceNumbers | None) -> schemas.TraceNumbers | None:
    if numbers is None:
        return None
    latency = _percentiles(numbers.latency)
    return schemas.TraceNumbers(count=numbers.count, errors=numbers.errors, latency=latency)


def _calls(numbers: model.CallNumbers) -> schemas.CallNumbers:
    return schemas.CallNumbers(
        count=numbers.count,
        errors=numbers.errors,
        latency=_percentiles(numbers.latency),
        time_to_first_chunk=_percentiles(numbers.time_to_first_chunk),
        usage=usage(numbers.usage),
        cost_usd=numbers.cost_nano_usd / 1e9,
        unpriced=numbers.unpriced,
    )


def _percentiles(found: Percentiles | None) -> schemas.Percentiles | None:
    return None if found is None else schemas.Percentiles(**found._asdict())


def _aligned(place: AlignedSpan) -> schemas.AlignedSpans:
    first = place.spans[0]
    spans = [
        None
        if span is None
        else schemas.ComparedSpan(
            span=span_summary(span, is_orphan=False), difference=_difference(first, span) if number else None
        )
        for number, span in enumerate(place.spans)
    ]
    return schemas.AlignedSpans(name=place.name, depth=place.depth, spans=spans)


def _difference(
    first: SpanRow | TraceRow | None, other: SpanRow | TraceRow | None
) -> schemas.Difference | None:
    found = difference(first, other)
    if found is None:
        return None
    return schemas.Difference(
        duration_ns=found.duration_ns,
        input_tokens=found.input_tokens,
        output_tokens=found.output_tokens,
        cost_usd=dollars(found.cost_nano_usd),
        has_other_status=found.has_other_status,
    )
