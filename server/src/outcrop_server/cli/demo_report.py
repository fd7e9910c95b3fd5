"""What the demo's programs left, read through the API as any client would: a table, and what is missing."""

from __future__ import annotations

import json
from typing import Any
from urllib.request import urlopen

from rich.console import Console
from rich.table import Table
from rich.text import Text

_TIMEOUT_S = 10
_UNKNOWN = "\N{EN DASH}"
_AGENT_TREE = ["AGENT", "CHAT_MODEL", "TOOL", "CHAT_MODEL"]


def print_traces(console: Console, url: str) -> list[str]:
    """Prints the table of traces; gives what is missing, in words."""
    traces = _get(url, "/api/traces")["traces"]
    console.print(_table(traces))
    missing: list[str] = []
    if len(traces) < 3:  # noqa: PLR2004  # one a program
        missing.append(f"3 traces were expected, {len(traces)} are there")
    missing += [
        f"trace {trace['trace_id']} is {trace['status']}" for trace in traces if trace["status"] != "OK"
    ]
    missing += _check_agent(url, traces) + _check_stream(url, traces) + _check_page(url)
    return missing


def _table(traces: list[Any]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", expand=True)
    table.add_column("Name", overflow="ellipsis", no_wrap=True, ratio=2)
    table.add_column("Asked → answered", overflow="ellipsis", no_wrap=True, ratio=5)
    table.add_column("Latency", justify="right", no_wrap=True, min_width=8)
    table.add_column("Tokens", justify="right", no_wrap=True, min_width=9)
    for trace in reversed(traces):
        words = f"{trace['request_preview'] or _UNKNOWN} → {trace['response_preview'] or _UNKNOWN}"
        usage = trace["usage"]
        tokens = f"{_count(usage['input_tokens'])} → {_count(usage['output_tokens'])}"
        name = Text(trace["name"], style="red" if trace["status"] == "ERROR" else "")
        table.add_row(name, Text(words), _duration(trace["duration_ns"]), tokens)
    return table


def _duration(nanoseconds: int) -> str:
    seconds = nanoseconds / 1e9
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _count(value: int | None) -> str:
    return _UNKNOWN if value is None else f"{value:,}"


def _check_agent(url: str, traces: list[Any]) -> list[str]:
    """The agent's trace must hold agent, model, tool and model in one tree, call and result in Chat."""
    agents = [trace for trace in traces if trace["name"] == "weather_agent"]
    if not agents:
        return ["the agent's trace"]
    trace_id = agents[0]["trace_id"]
    spans = _get(url, f"/api/traces/{trace_id}")["spans"]
    types = [span["span_type"] for span in spans]
    if types != _AGENT_TREE or any(span["parent_id"] != spans[0]["span_id"] for span in spans[1:]):
        return [f"the agent's tree {_AGENT_TREE}; it is {types}"]
    chat = _get(url, f"/api/traces/{trace_id}/spans/{spans[-1]['span_id']}")["chat"]
    parts = {part["type"] for message in chat["messages"] for part in message["parts"]}
    wanted = {"tool_call", "tool_call_response"}
    return [] if wanted <= parts else [f"{', '.join(sorted(wanted - parts))} in the agent's chat"]


def _check_stream(url: str, traces: list[Any]) -> list[str]:
    for trace in traces:
        for span in _get(url, f"/api/traces/{trace['trace_id']}")["spans"]:
            if span["is_stream"]:
                path = f"/api/traces/{trace['trace_id']}/spans/{span['span_id']}"
                stream = _get(url, path)["stream"]
                return [] if stream["chunks"] and stream["outcome"] == "complete" else ["the stream's chunks"]
    return ["a streamed call"]


def _check_page(url: str) -> list[str]:
    with urlopen(url, timeout=_TIMEOUT_S) as response:  # noqa: S310  # our own server
        page = response.read()
    return [] if b'id="root"' in page else ["the built page (in a checkout: make build)"]


def _get(url: str, path: str) -> Any:
    with urlopen(url + path, timeout=_TIMEOUT_S) as response:  # noqa: S310  # our own server
        return json.load(response)
