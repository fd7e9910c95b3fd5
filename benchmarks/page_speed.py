"""How fast is the page? Medians of five cold loads in headless Chromium, with a server on loopback.

The list, a trace of six spans, one of 33,000 with its heap, a request of 20 MB with its longest frame, and
how large the script of the first load is. Needs the built page (`make build`) and Chromium, or
OUTCROP_CHROMIUM. OUTCROP_BENCHMARK_SPANS fills the store behind the list (8,000; a million takes minutes),
or OUTCROP_BENCHMARK_STORE names one, which gets a few traces more.
"""

from __future__ import annotations

import gzip
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from _million import build
from _page_traces import HEAVY, LARGE, SMALL, heavy, large, send, small
from playwright.sync_api import Browser, Page, sync_playwright

from outcrop_server.web.pages import STATIC

sys.path.append(str(Path(__file__).parents[1] / "scripts"))
from bootstrap import find_chromium

ROUNDS = 5
PORT = 5197
SPANS = int(os.environ.get("OUTCROP_BENCHMARK_SPANS", "8000"))
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
)

# Notes when something is seen first; the page's policy lets no text be run as script later on.
_WATCH = """
window.seen = {};
const marks = {
  row: "[role=rowgroup] [role=row]",
  spans: "[role=tree][aria-busy=false] [role=treeitem]",
  tree: "[role=treeitem]",
  pane: "[role=tabpanel] [role=alert], [role=tabpanel] [data-role], [role=tabpanel] section",
};
const look = () => {
  for (const [name, query] of Object.entries(marks))
    if (!(name in window.seen) && document.querySelector(query)) window.seen[name] = performance.now();
};
new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
window.frames_ms = [];
let before = performance.now();
const frame = (now) => { window.frames_ms.push(now - before); before = now; requestAnimationFrame(frame); };
requestAnimationFrame(frame);
"""


class Visit:
    """One cold load: a browser context of its own, so that nothing is cached."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._processes: Any = browser.new_browser_cdp_session()
        self._context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
        self.page: Page = self._context.new_page()
        # Its answers have no types.
        self.cdp: Any = self._context.new_cdp_session(self.page)
        self.cdp.send("Network.enable")
        self.bytes_of_api = 0
        self._paths: dict[str, str] = {}
        self.cdp.on("Network.responseReceived", self._note)
        self.cdp.on("Network.loadingFinished", self._count)
        self.page.add_init_script(_WATCH)
        self.page.goto(url)

    def _note(self, event: dict[str, Any]) -> None:
        self._paths[event["requestId"]] = event["response"]["url"]

    def _count(self, event: dict[str, Any]) -> None:
        if "/api/" in self._paths.get(event["requestId"], ""):
            self.bytes_of_api += int(event["encodedDataLength"])

    def until(self, *names: str) -> float:
        """Milliseconds from the navigation until all of these were seen."""
        for _ in range(1200):
            seen: dict[str, float] = self.page.evaluate("window.seen")
            if all(name in seen for name in names):
                return max(seen[name] for name in names)
            self.page.wait_for_timeout(25)
        raise SystemExit(f"{names} were not seen within 30 s at {self.page.url}")

    def cpu_ms(self) -> float:
        """What the page took of the processor so far, which depends little on what else the machine does."""
        found = self._processes.send("SystemInfo.getProcessInfo")["processInfo"]
        return sum(float(each["cpuTime"]) for each in found if each["type"] == "renderer") * 1000

    def heap_mb(self) -> float:
        """The page's heap after a collection."""
        self.cdp.send("HeapProfiler.collectGarbage")
        return float(self.cdp.send("Runtime.getHeapUsage")["usedSize"]) / 1e6

    def close(self) -> None:
        """Ends it."""
        self._context.close()


def _list(visit: Visit) -> dict[str, float]:
    return {
        "list, ms": visit.until("row"),
        "list, CPU of the page, ms": visit.cpu_ms(),
        "list, kB of data": visit.bytes_of_api / 1e3,
    }


def _small(visit: Visit) -> dict[str, float]:
    return {"6 spans, ms": visit.until("spans", "pane"), "6 spans, CPU of the page, ms": visit.cpu_ms()}


def _large(visit: Visit) -> dict[str, float]:
    first, whole = visit.until("tree"), visit.until("spans", "pane")
    found = {
        "33,000 spans, first rows, ms": first,
        "33,000 spans, all of them, ms": whole,
        "33,000 spans, CPU of the page, ms": visit.cpu_ms(),
        "33,000 spans, heap, MB": visit.heap_mb(),
    }
    visit.page.get_by_role("button", name="Unfold all").click()
    visit.page.wait_for_timeout(300)
    visit.page.evaluate("window.frames_ms = []")
    visit.page.evaluate(
        """async () => {
          const pane = document.querySelector("[role=tree]").parentElement;
          for (let i = 0; i < 120; i++) {
            pane.scrollTop = i * 8000;
            await new Promise((resolve) => requestAnimationFrame(resolve));
          }
        }"""
    )
    frames: list[float] = visit.page.evaluate("window.frames_ms")
    found["33,000 spans, scrolling, median frame, ms"] = statistics.median(frames)
    found["33,000 spans, scrolling, longest frame, ms"] = max(frames)
    return found


def _heavy(visit: Visit) -> dict[str, float]:
    page = visit.page
    first = visit.until("pane")
    page.evaluate("window.frames_ms = []")
    begin: float = page.evaluate("performance.now()")
    page.get_by_role("button", name=re.compile("^Load all of it")).click()
    page.get_by_text("All of it, as captured").wait_for()
    loaded: float = page.evaluate("performance.now()")
    field = page.get_by_label("Find inside: Inputs")
    field.fill("19000: the")
    field.press("Enter")
    page.locator("[role=tabpanel] mark").first.wait_for()
    page.get_by_role("button", name="Raw", exact=True).first.click()
    page.wait_for_timeout(500)
    frames: list[float] = page.evaluate("window.frames_ms")
    return {
        "20 MB, first megabyte, ms": first,
        "20 MB, all of it after the click, ms": loaded - begin,
        "20 MB, longest frame, ms": max(frames),
    }


def _script_kb() -> float:
    """What index.html asks for, and the list's own chunk with what it imports at once, gzipped."""
    index = (STATIC / "index.html").read_text()
    waiting = re.findall(r"/assets/([\w.-]+\.js)", index)
    waiting += [file.name for file in (STATIC / "assets").glob("TracesView-*.js")]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        text = (STATIC / "assets" / name).read_text()
        waiting += re.findall(r"""(?:from|import)\s*["']\./([\w.-]+\.js)["']""", text)
    return sum(len(gzip.compress((STATIC / "assets" / name).read_bytes(), 9)) for name in seen) / 1e3


@contextmanager
def _server(store: Path, folder: Path) -> Generator[str]:
    """A process of its own: what asks the browser must not take the server's time."""
    outcrop = Path(sys.executable).with_name("outcrop")
    command = [str(outcrop), "server", "--port", str(PORT), "--store", str(store)]
    env = {**os.environ, "OUTCROP_SPOOL_DIR": str(folder)}
    server = subprocess.Popen(  # noqa: S603  # our own server
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert server.stdout is not None
    server.stdout.readline()
    try:
        yield f"http://127.0.0.1:{PORT}"
    finally:
        server.terminate()
        server.communicate()


def main() -> None:
    """Prints the medians."""
    chromium = find_chromium()
    if chromium is None or not (STATIC / "index.html").is_file():
        raise SystemExit("Needs Chromium (or OUTCROP_CHROMIUM) and the built page (make build).")
    with tempfile.TemporaryDirectory() as folder:
        store = Path(os.environ.get("OUTCROP_BENCHMARK_STORE", f"{folder}/page.db"))
        if not store.exists():
            build(store, SPANS)
        with _server(store, Path(folder)) as url:
            for spans in (small(), large(), heavy()):
                send(url, spans)
            _measure(chromium, url)
    print(f"script at first load, gzipped: {_script_kb():.0f} kB")


def _measure(chromium: str, url: str) -> None:
    questions: list[tuple[str, Callable[[Visit], dict[str, float]]]] = [
        (f"{url}/traces", _list),
        (f"{url}/traces/{SMALL.hex()}", _small),
        (f"{url}/traces/{LARGE.hex()}", _large),
        (f"{url}/traces/{HEAVY.hex()}?tab=io", _heavy),
    ]
    found: dict[str, list[float]] = {}
    with sync_playwright() as playwright:
        for _ in range(ROUNDS):
            for address, ask in questions:
                # A browser of its own: nothing is warm but the machine's disk.
                browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
                visit = Visit(browser, address)
                for name, value in ask(visit).items():
                    found.setdefault(name, []).append(value)
                visit.close()
                browser.close()
    for name, values in found.items():
        print(
            f"{name}: {statistics.median(values):,.1f} (of {', '.join(f'{value:,.1f}' for value in values)})"
        )


if __name__ == "__main__":
    main()
