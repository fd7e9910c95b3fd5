"""What a view of the page needs besides what every one needs, and what it will ask for first.

The files are as the build's own manifest tells. Answers are named as well: the browser asks for them before it has the
page's script, which takes them up as if it had asked itself. Both must then spell the address alike; see
`web/src/api/queries.ts`. A test in the browser holds that nothing is asked for twice.
"""

from __future__ import annotations

import html
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# Vite writes it beside the page.
MANIFEST = "chunks.json"


class View(NamedTuple):
    """A view of the page.

    Attributes:
        path: its address; with a slash at its end, whatever follows that.
        source: the module that the page loads for it; see `web/src/app/router.tsx`.
        asked: what it asks of the server first, with `*` for the rest of the path.
    """

    path: str
    source: str
    asked: tuple[str, ...] = ()


VIEWS = (
    View("traces/", "src/features/trace/TraceView.tsx", ("/api/traces/*",)),
    View(
        "traces",
        "src/features/traces/TracesView.tsx",
        ("/api/traces?limit=100", "/api/timeline?steps=100", "/api/views"),
    ),
    View("compare", "src/features/compare/CompareView.tsx"),
    View("sessions", "src/features/sessions/SessionsView.tsx"),
    View("overview", "src/features/overview/OverviewView.tsx"),
    View("experiments", "src/features/experiments/ExperimentsView.tsx"),
    View("settings", "src/features/settings/SettingsView.tsx"),
)
# The page's first address leads there.
_HOME = "traces"
# What the frame around every view asks for.
_ASKED_BY_ALL = ("/api/session", "/api/experiments")
# An id that is spelled in another way in another address is left to the page.
_PLAIN = re.compile(r"[\w-]+", re.ASCII)


def asked_at(path: str, query: str) -> str:
    """Links for the head of the page that name the answers which the view at an address needs first.

    Args:
        path: without a slash in front.
        query: what stands behind the path; a list that is narrowed by it asks for something else.
    """
    named = path or _HOME
    view, rest = _view_at(named)
    asked = list(_ASKED_BY_ALL)
    if view is not None and (_PLAIN.fullmatch(rest) if rest else not query):
        asked = [each.replace("*", rest) for each in view.asked] + asked
    return "".join(f'<link rel="preload" as="fetch" crossorigin href="{html.escape(each)}">\n' for each in asked)


def _view_at(named: str) -> tuple[View | None, str]:
    for view in VIEWS:
        if named == view.path:
            return view, ""
        if view.path.endswith("/") and named.startswith(view.path):
            return view, named.removeprefix(view.path)
    return None, ""


def links_of(static: Path, path: str) -> str:
    """Links for the head of the page when it is opened at a path; none where no view is known there.

    Args:
        static: the built page.
        path: without a slash in front.
    """
    view, _ = _view_at(path or _HOME)
    if view is None:
        return ""
    try:
        made = (static / MANIFEST).stat().st_mtime_ns
    except OSError:
        return ""
    return _links(static / MANIFEST, made, view.source)


@lru_cache(maxsize=64)
def _links(manifest: Path, made: int, source: str) -> str:  # noqa: ARG001 - another build has another time
    chunks: dict[str, dict[str, Any]] = json.loads(manifest.read_text("utf-8"))
    if source not in chunks:
        return ""
    # What the page loads anyway, and what it has loaded by then.
    known = _with_imports(chunks, [name for name, chunk in chunks.items() if chunk.get("isEntry")])
    wanted = [name for name in _with_imports(chunks, [source]) if name not in known]
    # A view's own styles go over those of what it is made of.
    styles = dict.fromkeys(file for name in wanted for file in chunks[name].get("css", ()))
    links = [f'<link rel="stylesheet" crossorigin href="/{html.escape(file)}">' for file in styles]
    links += [
        f'<link rel="modulepreload" crossorigin href="/{html.escape(chunks[name]["file"])}">'
        for name in wanted
    ]
    return "".join(f"{link}\n" for link in links)


def _with_imports(chunks: dict[str, dict[str, Any]], names: Iterable[str]) -> dict[str, None]:
    """These chunks, each behind those that it cannot run without."""
    found: dict[str, None] = {}
    for name in names:
        if name not in found:
            _add(chunks, name, found, set())
    return found


def _add(chunks: dict[str, dict[str, Any]], name: str, found: dict[str, None], above: set[str]) -> None:
    # Chunks may import each other in a circle.
    above.add(name)
    for needed in chunks[name].get("imports", ()):
        if needed not in found and needed not in above:
            _add(chunks, needed, found, above)
    found[name] = None
