"""A body of server-sent events, in which agents on AgentCore stream: its lines of data as texts that grow.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html, "Parsing an event stream".
"""

from __future__ import annotations

from collections.abc import Callable

from outcrop.capture.json_text import dump_json, load_json
from outcrop.capture.lanes import Document, lanes_of, rewrite_lane

_FIELDS = ("data:", "event:", "id:", "retry:", ":")
_DATA = "data:"


def rewrite_event_lines(body: bytes, rewrite: Callable[[list[str]], list[str]]) -> bytes:
    """Gives the pieces of each text of the stream to a function, and writes what it gives.

    Args:
        body: any body; one that is no stream of such events comes back as it is.
        rewrite: gives pieces for pieces.
    """
    try:
        text = body.decode().removeprefix("\ufeff")
    except UnicodeDecodeError:
        return body
    if not text.lstrip("\r\n").startswith(_FIELDS):
        return body
    lines = text.split("\n")
    documents: dict[int, Document] = {}
    for number, line in enumerate(lines):
        if line.startswith(_DATA):
            said = _said(line)
            is_json, value = load_json(said)
            # Data that is text may look like a number: a card may come in four of them.
            is_json = is_json and isinstance(value, dict | list | str)
            documents[number] = Document(value if is_json else said, "json" if is_json else "text")
    for lane in lanes_of(list(documents.values())):
        rewrite_lane(lane, rewrite)
    for number, document in documents.items():
        if document.is_changed:
            lines[number] = _written(lines[number], document)
    return "\n".join(lines).encode()


def _said(line: str) -> str:
    return line[len(_DATA) :].removesuffix("\r").removeprefix(" ")


def _written(line: str, document: Document) -> str:
    value = document.value
    said = dump_json(value) if document.kind == "json" else str(value)
    end = "\r" if line.endswith("\r") else ""
    return f"{_DATA} {said}{end}"
