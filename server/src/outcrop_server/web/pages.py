"""Serves the page that the web build leaves in `static/`; any path that is no file opens the page itself."""

from __future__ import annotations

import gzip
import mimetypes
from pathlib import Path
from typing import NamedTuple

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import FileResponse, HTMLResponse, Response

from outcrop_server.model.errors import NotFoundError
from outcrop_server.web.views import asked_at, links_of

STATIC = Path(__file__).parent / "static"

# Vite puts a hash of the content into these files' names.
_HASHED = "assets/"
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
_ASK_AGAIN = {"Cache-Control": "no-cache"}
_NOT_PAGES = ("api", "v1", "healthz", "readyz", "metrics")
_COMPRESSED = ("text/", "application/json", "image/svg+xml")
# A compressed file that saves less is not worth unpacking.
_LEAST_SAVED = 0.9
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


class _Asset(NamedTuple):
    """A file that never changes: its bytes, and the same in gzip where that saves something."""

    media_type: str
    plain: bytes
    zipped: bytes | None


class Pages:
    """Serves one folder.

    Args:
        static: the built page; may be missing. None takes the one that came with this package.
    """

    def __init__(self, static: Path | None = None) -> None:
        self._static = (static or STATIC).resolve()
        # From memory, each takes a tenth of the time.
        self._assets: dict[str, _Asset] = {}
        self._opened: dict[str, tuple[int, str]] = {}

    def router(self) -> APIRouter:
        """The route for everything that no other route answers; include it last."""
        router = APIRouter()
        router.add_api_route("/{path:path}", self._get, methods=["GET", "HEAD"], include_in_schema=False)
        return router

    async def _get(self, path: str, request: Request) -> Response:
        if path.partition("/")[0] in _NOT_PAGES:
            raise NotFoundError(f"There is nothing at /{path[:200]}. /api/openapi.json lists what there is.")
        known: _Asset | Response | None = self._assets.get(path)
        if known is None:
            known = await run_in_threadpool(self._loaded, path, request.url.query)
        if isinstance(known, Response):
            return known
        if known.zipped is not None and _takes_gzip(request.headers.get("accept-encoding", "")):
            headers = {**_FOREVER, "Content-Encoding": "gzip"}
            return Response(known.zipped, media_type=known.media_type, headers=headers)
        return Response(known.plain, media_type=known.media_type, headers=_FOREVER)

    def _loaded(self, path: str, query: str) -> _Asset | Response:
        file = self._file(path)
        if file is not None and path.startswith(_HASHED):
            self._assets[path] = _read(file)
            return self._assets[path]
        if file is not None:
            return FileResponse(file, headers=_ASK_AGAIN)
        if path.startswith(_HASHED):
            raise NotFoundError(f"There is no file {path[:200]}: the page was built anew. Load it again.")
        index = self._static / "index.html"
        if index.is_file():
            return HTMLResponse(self._page(index, path, query), headers=_ASK_AGAIN)
        return HTMLResponse(_NOT_BUILT, headers=_ASK_AGAIN)

    def _page(self, index: Path, path: str, query: str) -> str:
        """The page, which names what the view at this path needs: so it comes with the rest, not after it."""
        links, made = links_of(self._static, path), index.stat().st_mtime_ns
        known = self._opened.get(links)
        if known is None or known[0] != made:
            html = index.read_text("utf-8")
            known = self._opened[links] = (made, html.replace("</head>", f"{links}</head>", 1))
        return known[1].replace("</head>", f"{asked_at(path, query)}</head>", 1)

    def _file(self, path: str) -> Path | None:
        """The file of a path; None if there is none within the folder."""
        if not path or "\0" in path:
            return None
        file = (self._static / path).resolve()
        return file if file.is_relative_to(self._static) and file.is_file() else None


def _read(file: Path) -> _Asset:
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    plain = file.read_bytes()
    if not media_type.startswith(_COMPRESSED):
        return _Asset(media_type, plain, None)
    # Without the time, so that it is the same each time.
    zipped = gzip.compress(plain, mtime=0)
    return _Asset(media_type, plain, zipped if len(zipped) < len(plain) * _LEAST_SAVED else None)


def _takes_gzip(header: str) -> bool:
    named = [each.partition(";") for each in header.lower().replace(" ", "").split(",")]
    return any(name == "gzip" and weight.rstrip("0.") != "q=" for name, _, weight in named)
