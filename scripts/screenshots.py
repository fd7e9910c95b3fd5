"""Pictures of every view of the page, in both themes, languages and sizes: `make screenshots`.

All go to .make/screenshots; those that the docs show are copied to docs/images. A fault that the page writes
to its console, or a page that is wider than its window, ends this with 1. ARGS="trace list" takes some views.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from itertools import product
from pathlib import Path
from typing import Any

from bootstrap import ROOT, TOOLS, find_chromium, run
from page_views import SIZES, VIEWS, ids_by_name
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as TookTooLong
from screenshot_scenes import send_a_day

from outcrop_server.serve import BackgroundServer
from outcrop_server.settings import Settings

OUT, DOCS = TOOLS / "screenshots", ROOT / "docs" / "images"
THEMES, LANGUAGES = ("light", "dark"), {"en": "en-US", "ja": "ja-JP"}
# Machines that run tests seldom have Japanese letters. The package is pinned, and kept out of the page's own.
FONT = "@expo-google-fonts/noto-sans-jp@0.4.3"
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars")
# What a picture is called in the docs.
SHOWN = {
    "list-wide-light-en": "list.png",
    "trace-wide-light-en": "trace.png",
    "trace-wide-light-ja": "trace-ja.png",
    "events-wide-light-en": "events.png",
    "compare-wide-light-en": "compare.png",
    "overview-wide-light-en": "overview.png",
}


def main() -> int:
    """Takes the pictures; gives the exit code."""
    chosen = sys.argv[1:] or list(VIEWS)
    if unknown := [name for name in chosen if name not in VIEWS]:
        print(f"There is no view {', '.join(unknown)}. There are: {', '.join(VIEWS)}", file=sys.stderr)
        return 2
    OUT.mkdir(parents=True, exist_ok=True)
    faults: list[str] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        _server(Path(folder)) as url,
        _browser(Path(folder)) as browser,
    ):
        send_a_day(url)
        ids = _ids(browser, url)
        for size, theme, language in product(SIZES, THEMES, LANGUAGES):
            for name in chosen:
                if not (size == "phone" and VIEWS[name].is_wide_alone):
                    faults += _take(browser, url, ids, f"{name}-{size}-{theme}-{language}")
            print(f"{size}, {theme}, {language}: taken", flush=True)
    DOCS.mkdir(exist_ok=True)
    for source, target in SHOWN.items():
        if source.partition("-")[0] in chosen:
            shutil.copy(OUT / f"{source}.png", DOCS / target)
    print(*faults, f"Pictures are in {OUT.relative_to(ROOT)}.", sep="\n")
    return int(bool(faults))


@contextmanager
def _server(folder: Path) -> Generator[str, None, None]:
    settings = Settings(port=0, store=folder / "outcrop.db", spool=None)
    with BackgroundServer(settings) as running:
        yield running.url


@contextmanager
def _browser(folder: Path) -> Generator[Browser, None, None]:
    os.environ["FONTCONFIG_FILE"] = str(_fonts(folder))
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
        yield launched
        launched.close()


def _fonts(folder: Path) -> Path:
    """A configuration with the system's fonts, and Japanese ones where it has none."""
    lister = shutil.which("fc-list")
    listing = [lister, ":lang=ja"] if lister else []
    known = subprocess.run(listing, capture_output=True, text=True, check=False).stdout if listing else ""  # noqa: S603
    fonts = TOOLS / "fonts"
    if not known and not fonts.exists():
        run(TOOLS / "bin" / "npm", "install", "--prefix", fonts, "--no-audit", "--no-fund", "--silent", FONT)
    path = folder / "fonts.conf"
    path.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f'<include ignore_missing="yes">/etc/fonts/fonts.conf</include><dir>{fonts}</dir></fontconfig>',
        encoding="utf-8",
    )
    return path


def _ids(browser: Browser, url: str) -> dict[str, str]:
    page = browser.new_page()
    found: dict[str, Any] = page.request.get(f"{url}/api/traces?limit=200").json()
    page.close()
    return ids_by_name(found["traces"])


def _take(browser: Browser, url: str, ids: dict[str, str], name: str) -> list[str]:
    """One picture; gives what was wrong with the page."""
    view, size, theme, language = name.rsplit("-", 3)
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=theme,  # type: ignore[arg-type] # one of the two
        locale=LANGUAGES[language],
        reduced_motion="reduce",
    )
    page = context.new_page()
    faults: list[str] = []

    def note(message: Any) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            faults.append(f"{name}: {message.text}")

    page.on("console", note)
    page.on("pageerror", lambda error: faults.append(f"{name}: {error}"))
    page.goto(url + VIEWS[view].address.format(**ids))
    _settle(page)
    act = VIEWS[view].act
    if act is not None:
        act(page)
        _settle(page)
    if page.evaluate("document.documentElement.scrollWidth") > width:
        faults.append(f"{name}: the page is wider than its window")
    page.screenshot(path=OUT / f"{name}.png")
    context.close()
    return faults


def _settle(page: Page) -> None:
    """Waits until nothing is loaded any more; a page that goes on asking has shown what it has by then."""
    with suppress(TookTooLong):
        page.wait_for_load_state("networkidle", timeout=5_000)
    page.wait_for_timeout(250)


if __name__ == "__main__":
    sys.exit(main())
