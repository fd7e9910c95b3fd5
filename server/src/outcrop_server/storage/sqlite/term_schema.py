"""The tables of what searches ask of an index, and how an older store is given them."""

# ruff: noqa: S608 - put together from constants only

from __future__ import annotations

# What searches ask of an index: the terms of each trace (see `terms`), and the columns that are ordered by.
# A trace is deleted by its key, so the second index: it grows at its end alone.
SPAN_TERMS = {
    "name": "name",
    "type": "span_type",
    "model": "model",
    "vendor": "vendor",
    "finish_reason": "finish_reason",
    "error": "error_type",
    "failed": "CASE status WHEN 'ERROR' THEN span_type END",
}
_LISTED_TERMS = {"tool": "tools"}
_TEXT_TERMS = {"tag": "tags", "metadata": "metadata"}


def _fill_terms(kind: str, rows: str) -> tuple[str, str]:
    """From a statement that gives `kind`, `value` and `trace_key`; all of it is constants."""
    where = "WHERE value IS NOT NULL"
    return (
        f"INSERT OR IGNORE INTO term (kind, value) SELECT DISTINCT {kind}, value FROM ({rows}) {where}",
        f"""INSERT OR IGNORE INTO trace_term (term_id, trace_key)
        SELECT DISTINCT term_id, trace_key FROM ({rows}) AS found
        JOIN term ON term.kind = {kind} AND term.value = found.value""",
    )


STEP = (
    """CREATE TABLE term (
        term_id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        value TEXT NOT NULL,
        UNIQUE (kind, value)
    )""",
    """CREATE TABLE trace_term (
        term_id INTEGER NOT NULL REFERENCES term (term_id),
        trace_key INTEGER NOT NULL REFERENCES trace (trace_key),
        PRIMARY KEY (term_id, trace_key)
    ) WITHOUT ROWID""",
    "CREATE INDEX trace_term_by_trace ON trace_term (trace_key)",
    *(
        statement
        for kind, column in SPAN_TERMS.items()
        for statement in _fill_terms(f"'{kind}'", f"SELECT {column} AS value, trace_key FROM span")
    ),
    *(
        statement
        for kind, column in _LISTED_TERMS.items()
        for statement in _fill_terms(
            f"'{kind}'", f"SELECT json_each.value, trace_key FROM trace, json_each({column})"
        )
    ),
    *(
        statement
        for entity, column in _TEXT_TERMS.items()
        for statement in _fill_terms(
            f"'{entity}.' || name",
            f"SELECT json_each.key AS name, json_each.value, trace_key FROM trace, json_each({column})",
        )
    ),
    "CREATE INDEX trace_by_user ON trace (user_id, start_time_ns) WHERE user_id IS NOT NULL",
    "CREATE INDEX trace_failed ON trace (start_time_ns) WHERE status = 'ERROR'",
    "CREATE INDEX span_failed ON span (trace_key) WHERE error_message IS NOT NULL",
    "CREATE INDEX trace_by_duration ON trace (duration_ns, trace_id)",
    "CREATE INDEX trace_by_cost ON trace (coalesce(cost_nano_usd / 1e9, -1), trace_id)",
    "CREATE INDEX trace_by_tokens ON trace (coalesce(input_tokens + output_tokens, -1), trace_id)",
)
