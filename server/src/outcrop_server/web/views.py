"""What a view of the page needs besides what every one needs, as the build's own manifest tells."""

from __future__ import annotations

import html
import json
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
    """

    path: str
    source: str


VIEWS = (
    View("traces/", "src/features/trace/TraceView.tsx"),
    View("traces", "src/features/traces/TracesView.tsx"),
    View("compare", "src/features/compare/CompareView.tsx"),
    View("sessions", "src/features/sessions/SessionsView.tsx"),
    View("overview", "src/features/overview/OverviewView.tsx"),
    View("experiments", "src/features/experiments/ExperimentsView.tsx"),
    View("settings", "src/features/settings/SettingsView.tsx"),
)
# The page's first address leads there.
_HOME = "traces"


def links_of(static: Path, path: str) -> str:
    """Links for the head of the page when it is opened at a path; none where no view is known there.

    Args:
        static: the built page.
        path: without a slash in front.
    """
    named = path or _HOME
    for view in VIEWS:
        if named == view.path or (view.path.endswith("/") and named.startswith(view.path)):
            try:
                made = (static / MANIFEST).stat().st_mtime_ns
            except OSError:
                return ""
            return _links(static / MANIFEST, made, view.source)
    return ""


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
