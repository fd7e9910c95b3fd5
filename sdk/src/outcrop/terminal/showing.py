"""One trace as a tree, and one span with its payload."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from outcrop.delivery.console_tree import SpanLine, draw_tree
from outcrop.entities import SpanType
from outcrop.exceptions import ConfigurationError
from outcrop.json_reading import JsonObject, as_int, as_list, as_object, as_text
from outcrop.terminal.cells import Paint, cut, harmless
from outcrop.terminal.words import UNKNOWN, cost, failure, lasted, moment, short, tokens

_PLAIN_ENDS = frozenset({None, "end_turn", "stop", "stop_sequence", "tool_use", "tool_calls"})
_INDENT = "  "
_SPAN_ID = 16
_HEX = frozenset("0123456789abcdef")


def trace_text(trace: JsonObject, page_url: str | None, paint: Paint, room: int | None = None) -> str:
    """A head, then every span in its place; ends with a line break.

    Args:
        trace: as the API has it.
        page_url: where a browser shows it; None for nowhere.
        paint: gives the colours.
        room: cells of a line, in which the tree is cut; None for any number.
    """
    info = as_object(trace.get("info"))
    is_error = info.get("status") == "ERROR"
    status = short(info.get("status"))
    head = [
        f"Trace {short(info.get('trace_id'))}",
        paint.red(status) if is_error else paint.green(status) if status == "OK" else status,
        lasted(info.get("duration_ns")),
        f"{tokens(info.get('usage'))} tokens",
        cost(info.get("cost_usd"), is_partial=info.get("cost_is_partial") is True),
        moment(info.get("start_time_ns")),
        f"experiment {short(trace.get('experiment_name'))}",
    ]
    named = (("session", info.get("session_id")), ("user", info.get("user_id")))
    labels = [f"{name} {short(value)}" for name, value in named if value]
    labels += [f"{short(key)}={short(value)}" for key, value in as_object(info.get("tags")).items()]
    lines = [" · ".join(head), *([" · ".join(labels)] if labels else []), *([page_url] if page_url else [])]
    spans = [_line(info, as_object(span)) for span in as_list(trace.get("spans"))]
    trees = [draw_tree(root, others, has_colour=paint.has_colour) for root, others in _trees(spans)]
    drawn = [line if room is None else cut(line, room) for line in "".join(trees).splitlines()]
    if trace.get("spans_are_cut") is True:
        count = as_int(info.get("span_count")) or 0
        drawn.append(f"… {len(spans):,} of {count:,} spans, those nearest to the roots.")
    return "\n".join([*lines, "", *drawn]) + "\n"


def span_text(detail: JsonObject, paint: Paint) -> str:
    """A span's facts, its conversation or else what went in and out, and its attributes."""
    span = as_object(detail.get("span"))
    facts = [
        f"{short(detail.get('trace_id'))}/{short(span.get('span_id'))}",
        short(span.get("span_type")),
        short(span.get("status")),
        lasted(span.get("duration_ns")),
        moment(span.get("start_time_ns")),
        *_details(span),
    ]
    parts = [paint.bold(short(span.get("name"))), paint.dim(" · ".join(facts))]
    wrong = failure(span.get("error"))
    if wrong:
        parts.append(paint.red(wrong))
    chat = as_object(detail.get("chat"))
    said = list(_conversation(chat)) if chat else []
    if not said:
        payload = {name: detail.get(name) for name in ("inputs", "outputs")}
        said = [(name, _json(value)) for name, value in payload.items() if value is not None]
    for event in map(as_object, as_list(detail.get("events"))):
        said.append((f"event {short(event.get('name'))}", _json(event.get("attributes"))))
    parts += [f"\n{paint.bold(who)}\n{_indented(what)}" for who, what in said]
    cut_members = [short(each) for each in as_list(detail.get("cut_members"))]
    if cut_members:
        parts.append(f"\n(too large to be shown whole: {', '.join(cut_members)}; an export has all of it)")
    attributes = as_object(detail.get("attributes"))
    if attributes:
        shown = "\n".join(f"{short(name)} = {short(_plain(attributes[name]))}" for name in sorted(attributes))
        parts.append(f"\n{paint.bold('attributes')}\n{_indented(shown)}")
    return "\n".join(parts) + "\n"


def whole_span_id(trace: JsonObject, given: str) -> str:
    """The id of the span that begins as given.

    Raises:
        ConfigurationError: none does, or several do.
    """
    text = given.strip().lower()
    found = [str(as_object(span).get("span_id")) for span in as_list(trace.get("spans"))]
    ids = [span_id for span_id in found if text and span_id.startswith(text)]
    if len(ids) == 1:
        return ids[0]
    if trace.get("spans_are_cut") is True and len(text) == _SPAN_ID and _HEX.issuperset(text):
        # One that is deeper than those that are listed.
        return text
    what = "More than one span's id begins" if ids else "No span's id of this trace begins"
    raise ConfigurationError(f"{what} with {given[:100]!r}.")


def _trees(spans: list[SpanLine]) -> Iterator[tuple[SpanLine, list[SpanLine]]]:
    """Each topmost span, and all that is below it; spans whose parent did not come are topmost."""
    children: dict[bytes, list[SpanLine]] = {}
    known = {span.span_id for span in spans}
    for span in spans:
        children.setdefault(span.parent_id if span.parent_id in known else b"", []).append(span)
    seen: set[bytes] = set()
    # Spans in a ring have no top: each that was not met begins a tree of its own.
    for root in (*children.get(b"", []), *spans):
        if root.span_id in seen:
            continue
        seen.add(root.span_id)
        below: list[SpanLine] = []
        above = [root]
        while above:
            for child in children.get(above.pop().span_id, []):
                if child.span_id not in seen:
                    seen.add(child.span_id)
                    below.append(child)
                    above.append(child)
        yield root, below


def _line(info: JsonObject, span: JsonObject) -> SpanLine:
    wrong = failure(span.get("error"))
    is_error = span.get("status") == "ERROR"
    return SpanLine(
        trace_id=_id(info.get("trace_id")),
        span_id=_id(span.get("span_id")),
        parent_id=_id(span.get("parent_id")),
        name=short(span.get("name")),
        start_ns=as_int(span.get("start_time_ns")) or 0,
        duration_ns=as_int(span.get("duration_ns")) or 0,
        is_error=is_error,
        details=tuple(_details(span)),
        asked=None,
        answered=(wrong or "failed") if is_error else None,
    )


def _details(span: JsonObject) -> list[str]:
    """Model or type, tokens, cost, first chunk, and an end that is worth a word."""
    name = as_text(span.get("name")) or ""
    model = as_text(span.get("model"))
    found: list[str] = []
    if model and model not in name:
        found.append(short(model))
    elif not model and span.get("span_type") not in {None, SpanType.UNKNOWN}:
        found.append(short(span.get("span_type")).lower())
    if (counts := tokens(span.get("usage"))) != UNKNOWN:
        found.append(f"{counts} tokens")
    if (dollars := cost(span.get("cost_usd"))) != UNKNOWN:
        found.append(dollars)
    if as_int(span.get("time_to_first_chunk_ns")) is not None:
        found.append(f"first chunk {lasted(span.get('time_to_first_chunk_ns'))}")
    if span.get("finish_reason") not in _PLAIN_ENDS:
        found.append(short(span.get("finish_reason")))
    return found


def _conversation(chat: JsonObject) -> Iterator[tuple[str, str]]:
    system = as_list(chat.get("system"))
    if system:
        yield "system", _parts(system)
    for message in map(as_object, (*as_list(chat.get("messages")), *as_list(chat.get("output")))):
        yield short(message.get("role")), _parts(as_list(message.get("parts")))


def _parts(parts: list[Any]) -> str:
    return "\n".join(_part(as_object(part)) for part in parts)


def _part(part: JsonObject) -> str:
    content = part.get("content")
    match part.get("type"):
        case "text" if isinstance(content, str):
            return content
        case "reasoning":
            return f"(reasoning) {content if isinstance(content, str) else 'encrypted by the provider'}"
        case "tool_call":
            return f"(calls {short(part.get('name'))}) {_json(part.get('arguments'))}"
        case "tool_call_response":
            return f"(result of {short(part.get('id'))}) {_json(part.get('response'))}"
        case "blob" | "uri":
            named = [part.get(name) for name in ("modality", "mime_type", "name", "uri") if part.get(name)]
            return f"({' '.join(map(short, named))})"
        case _:
            return _json(part.get("value", part))


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _indented(text: str) -> str:
    return "\n".join(_INDENT + line for line in harmless(text).split("\n"))


def _id(text: Any) -> bytes:
    try:
        return bytes.fromhex(as_text(text) or "")
    except ValueError:
        return b""
