"""Serves the page that the web build leaves in `static/`; any path that is no file opens the page itself."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, HTMLResponse, Response

from outcrop_server.model.errors import NotFoundError

STATIC = Path(__file__).parent / "static"

# Vite puts a hash of the content into these files' names.
_HASHED = "assets/"
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_ASK_AGAIN = {"Cache-Control": "no-cache"}
_NOT_PAGES = ("api", "v1", "healthz", "readyz", "metrics")
_NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Outcrop</title>
<body style="font: 15px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem">
<h1>The page is not built</h1>
<p>The server runs and takes traces, but this copy of Outcrop comes without its web page.</p>
<p>In a checkout, run <code>make build</code> (or <code>npm ci &amp;&amp; npm run build</code> in
<code>web/</code>) and load this again. An installed <code>outcrop</code> brings the page with it.</p>
<p>Meanwhile: <a href="/api/traces">/api/traces</a>, <a href="/api/openapi.json">/api/openapi.json</a>.</p>
</body></html>
"""


class Pages:
    """Serves one folder.

    Args:
        static: the built page; may be missing. None takes the one that came with this package.
    """

    def __init__(self, static: Path | None = None) -> None:
        self._static = (static or STATIC).resolve()

    def router(self) -> APIRouter:
        """The route for everything that no other route answers; include it last."""
        router = APIRouter()
        router.add_api_route("/{path:path}", self._get, methods=["GET", "HEAD"], include_in_schema=False)
        return router

    def _get(self, path: str) -> Response:
        if path.partition("/")[0] in _NOT_PAGES:
            raise NotFoundError(f"There is nothing at /{path[:200]}. /api/openapi.json lists what there is.")
        file = self._file(path)
        if file is not None:
            return FileResponse(file, headers=_FOREVER if path.startswith(_HASHED) else _ASK_AGAIN)
        if path.startswith(_HASHED):
            raise NotFoundError(f"There is no file {path[:200]}: the page was built anew. Load it again.")
        index = self._static / "index.html"
        if index.is_file():
            return FileResponse(index, headers=_ASK_AGAIN)
        return HTMLResponse(_NOT_BUILT, headers=_ASK_AGAIN)

    def _file(self, path: str) -> Path | None:
        """The file of a path; None if there is none within the folder."""
        if not path or "\0" in path:
            return None
        file = (self._static / path).resolve()
        return file if file.is_relative_to(self._static) and file.is_file() else None
