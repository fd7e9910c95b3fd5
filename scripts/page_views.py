"""The views of the page over a day of `screenshot_scenes`: where each is, and what is done there.

`screenshots.py` takes pictures of them, `tests/browser/test_axe.py` looks whether everyone can use them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

SIZES = {"wide": (1440, 900), "phone": (390, 844)}
Act = Callable[[Page], object]


@dataclass(frozen=True)
class View:
    """An address, and what is done there.

    Attributes:
        address: where it is; `{stream}` and its like are traces' ids, by the names of `ids_by_name`.
        words: English words that are on show once it has come.
        act: what is done then.
        is_wide_alone: a phone does not have it, or only as a further step: a menu, the pane beside a tree.
    """

    address: str
    words: str
    act: Act | None = None
    is_wide_alone: bool = False


def ids_by_name(rows: Iterable[dict[str, Any]]) -> dict[str, str]:
    """The newest trace of each kind, from rows of `GET /api/traces`; of agents the one before, too."""
    ids: dict[str, str] = {}
    for row in rows:
        words = row.get("request_preview") or ""
        name = "throttled" if "delays" in words else "stream" if "Plan two" in words else row["name"]
        name = "japanese" if "寝台" in words else name
        if name == "night_train_agent" and name in ids:
            name = "night_train_before"
        ids.setdefault(name, row["trace_id"])
    return ids


def _keys(keys: str) -> Act:
    def press(page: Page) -> None:
        page.keyboard.press(keys)
        page.get_by_role("dialog").wait_for()

    return press


def _type(words: str) -> Act:
    def typed(page: Page) -> None:
        page.keyboard.press("/")
        page.keyboard.type(words)

    return typed


def _click(english: str, japanese: str, *, opens_window: bool = False) -> Act:
    def click(page: Page) -> None:
        name = japanese if page.evaluate("document.documentElement.lang") == "ja" else english
        page.get_by_role("button", name=name).first.click()
        if opens_window:
            # It is loaded when it is first wanted.
            page.get_by_role("dialog").wait_for()

    return click


def _choose(page: Page) -> None:
    boxes = page.get_by_role("checkbox")
    for place in (1, 2, 3):
        boxes.nth(place).check()


_LIST, _ASKED = "/traces?range=24h", "night train"
_FAILED = f"{_LIST}&filter=status = 'ERROR'"
_AGENT, _STREAM = "/traces/{night_train_agent}", "/traces/{stream}"
VIEWS = {
    "list": View(_LIST, _ASKED),
    "facets": View(_FAILED, "Throttling", _click("Facets", "内訳"), is_wide_alone=True),
    "completion": View(_LIST, _ASKED, _type("status = 'ERROR' AND la"), is_wide_alone=True),
    "words": View('/traces?range=24h&filter="night train"', _ASKED),
    "fault": View("/traces?filter=statos = 'ERROR'", "Use status"),
    "no-match": View("/traces?filter=latency > 900s", "No trace matches"),
    "chosen": View(_LIST, _ASKED, _choose, is_wide_alone=True),
    "columns": View(_LIST, _ASKED, _click("Columns", "列"), is_wide_alone=True),
    "views": View(_LIST, _ASKED, _click("Views: none chosen", "ビュー: 未選択"), is_wide_alone=True),
    "palette": View("/traces", _ASKED, _keys("Control+k")),
    "keys": View("/traces", _ASKED, _keys("?"), is_wide_alone=True),
    "trace": View(_AGENT, "Chat"),
    "graph": View(f"{_AGENT}?show=graph", "Agents at a glance"),
    "io": View(f"{_AGENT}?tab=io", "Inputs", is_wide_alone=True),
    "raw": View(f"{_AGENT}?tab=io", "Download raw", _click("Raw", "原文"), is_wide_alone=True),
    "attributes": View(f"{_AGENT}?tab=attributes", "Attributes", is_wide_alone=True),
    "code": View(f"{_AGENT}?tab=code", "Code", is_wide_alone=True),
    "feedback": View(f"{_AGENT}?tab=feedback", "Feedback", is_wide_alone=True),
    "events": View(f"{_STREAM}?tab=events", "Events", is_wide_alone=True),
    "stream": View(_STREAM, "Chat"),
    "error": View("/traces/{throttled}", "ThrottlingException"),
    "error-events": View("/traces/{throttled}?tab=events", "ThrottlingException", is_wide_alone=True),
    "japanese": View("/traces/{japanese}", "Chat"),
    "documents": View("/traces/{answer_from_documents}", "Chat"),
    "compare": View("/compare?items={night_train_agent},{night_train_before}", "Prompt and answer"),
    "sessions": View("/sessions", "desk-4711"),
    "session": View("/sessions?session=desk-4711", _ASKED),
    "overview": View("/overview?range=24h", "Failing most"),
    "experiments": View("/experiments", "Last trace"),
    "experiment": View(
        "/experiments", "Last trace", _click("New experiment", "新しい実験", opens_window=True)
    ),
    "settings": View("/settings", "List price"),
    "token": View("/settings", "List price", _click("New token", "新しいトークン", opens_window=True)),
    "limits": View("/settings", "List price", _click("Change the limits", "の制限を変更", opens_window=True)),
    "first-run": View("/traces?experiment=none", "Waiting for the first trace"),
    "nowhere": View("/nowhere", "There is nothing at this address."),
}
