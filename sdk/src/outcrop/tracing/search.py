"""Finding traces, and deleting them, where they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from outcrop.exceptions import ConfigurationError, OutcropError
from outcrop.runtime import get_runtime
from outcrop.tracing.reading import plain_trace_id, reading_destination

if TYPE_CHECKING:
    from outcrop.entities import Trace

_PAGE = 100


@overload
def search_traces(
    experiment_ids: Sequence[str] | None = None,
    filter_string: str | None = None,
    max_results: int | None = None,
    order_by: Sequence[str] | None = None,
    *,
    return_type: Literal["list"] = "list",
) -> list[Trace]: ...


@overload
def search_traces(
    experiment_ids: Sequence[str] | None = None,
    filter_string: str | None = None,
    max_results: int | None = None,
    order_by: Sequence[str] | None = None,
    *,
    return_type: Literal["pandas"],
) -> Any: ...


def search_traces(
    experiment_ids: Sequence[str] | None = None,
    filter_string: str | None = None,
    max_results: int | None = None,
    order_by: Sequence[str] | None = None,
    *,
    return_type: Literal["list", "pandas"] = "list",
) -> Any:
    """Finds traces where traces go; what has ended in this process is delivered first.

    A filter is conditions with AND, OR, NOT and parentheses, and free words, such as
    `status = 'ERROR' AND attributes.model LIKE '%claude%' AND tags.team = 'blue' AND span.name = 'search'`.
    docs/filters.md lists fields and operators.

    Args:
        experiment_ids: names or ids of experiments; the current experiment by default. An empty list
            stands for all of them.
        filter_string: every trace by default.
        max_results: at most so many; all that fit by default.
        order_by: such as `["execution_time DESC"]`; the newest first by default.
        return_type: `list` of `Trace`, or `pandas` for a DataFrame with a row a trace.

    Returns:
        The traces with their spans. As a DataFrame they have the columns of `TraceInfo`, and `spans` and
        `trace` with the objects themselves.

    Raises:
        ConfigurationError: the filter, the order or another argument is wrong; says where.
        OutcropError: the destination cannot be asked, or pandas is asked for and not installed.
    """
    _check(max_results, return_type)
    to_frame = _pandas_frame() if return_type == "pandas" else None
    traces = _search(experiment_ids, filter_string, max_results, order_by)
    return traces if to_frame is None else to_frame(trace_columns(traces))


def delete_traces(
    experiment_id: str | None = None,
    max_timestamp_millis: int | None = None,
    max_traces: int | None = None,
    trace_ids: Sequence[str] | None = None,
) -> int:
    """Deletes traces with all that is known of them: by their ids, or the oldest of an experiment.

    Args:
        experiment_id: name or id of the experiment; needed unless `trace_ids` are given.
        max_timestamp_millis: traces that began at this moment or before, in milliseconds since the epoch.
        max_traces: at most so many, the oldest first.
        trace_ids: 32 hexadecimal digits each; a leading `tr-` is allowed.

    Returns:
        How many traces were deleted.

    Raises:
        ConfigurationError: neither ids nor an experiment with a limit are given, or both.
        OutcropError: the destination cannot be asked.
    """
    from outcrop.delivery.query import TraceDeletion  # noqa: PLC0415  # loaded by who deletes

    has_limit = max_timestamp_millis is not None or max_traces is not None
    if (trace_ids is None) is not has_limit or (has_limit and experiment_id is None):
        raise ConfigurationError(
            "Give either trace_ids, or experiment_id with max_timestamp_millis, max_traces or both."
        )
    if max_traces is not None and max_traces < 1:
        raise ConfigurationError(f"max_traces must be 1 or more, not {max_traces}.")
    ids = None if trace_ids is None else [plain_trace_id(each) for each in trace_ids]
    deletion = TraceDeletion(experiment_id, ids, max_timestamp_millis, max_traces)
    return reading_destination().delete_traces(deletion)


def trace_columns(traces: Sequence[Trace]) -> dict[str, list[Any]]:
    """The columns of a table with a row a trace: `TraceInfo`'s members, then spans and trace."""
    infos = [trace.info for trace in traces]
    return {
        "trace_id": [info.trace_id for info in infos],
        "trace": list(traces),
        "state": [info.state.value for info in infos],
        "request_time": [info.request_time for info in infos],
        "execution_duration": [info.execution_duration for info in infos],
        "experiment_name": [info.experiment_name for info in infos],
        "request_preview": [info.request_preview for info in infos],
        "response_preview": [info.response_preview for info in infos],
        "request": [_root_member(trace, "inputs") for trace in traces],
        "response": [_root_member(trace, "outputs") for trace in traces],
        "token_usage": [info.token_usage for info in infos],
        "session_id": [info.session_id for info in infos],
        "user_id": [info.user_id for info in infos],
        "tags": [info.tags for info in infos],
        "trace_metadata": [info.trace_metadata for info in infos],
        "assessments": [info.assessments for info in infos],
        "spans": [trace.data.spans for trace in traces],
    }


def _search(
    experiment_ids: Sequence[str] | None,
    filter_string: str | None,
    max_results: int | None,
    order_by: Sequence[str] | None,
) -> list[Trace]:
    # The readers and the filter are loaded by who searches; a program that only traces never does.
    from outcrop.assemble import assemble_trace  # noqa: PLC0415
    from outcrop.delivery.query import TraceQuery  # noqa: PLC0415

    destination = reading_destination()
    experiments = (get_runtime().experiment,) if experiment_ids is None else tuple(experiment_ids)
    traces: list[Trace] = []
    token: str | None = None
    while max_results is None or len(traces) < max_results:
        wanted = _PAGE if max_results is None else min(_PAGE, max_results - len(traces))
        query = TraceQuery(experiments, filter_string or "", tuple(order_by or ()), wanted, token)
        page = destination.search(query)
        traces.extend(assemble_trace(found.records, found.annotations) for found in page.traces)
        token = page.next_page_token
        if token is None:
            break
    return traces


def _check(max_results: int | None, return_type: str) -> None:
    if return_type not in {"list", "pandas"}:
        raise ConfigurationError(f"return_type is 'list' or 'pandas', not {return_type!r}.")
    if max_results is not None and max_results < 1:
        raise ConfigurationError(f"max_results must be 1 or more, not {max_results}.")


def _pandas_frame() -> Any:
    """Pandas' DataFrame. It is no dependency of ours and takes long to load."""
    import importlib  # noqa: PLC0415  # as pandas itself, only for who wants a table

    try:
        return importlib.import_module("pandas").DataFrame
    except ImportError as error:
        raise OutcropError(
            'search_traces(return_type="pandas") needs pandas: run `pip install pandas`, '
            'or take return_type="list".'
        ) from error


def _root_member(trace: Trace, name: str) -> Any:
    ids = {span.span_id for span in trace.data.spans}
    root = next((span for span in trace.data.spans if span.parent_id not in ids), None)
    return getattr(root, name, None)
