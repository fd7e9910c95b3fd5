"""A headless Chromium for the tests of the page; `make test` brings one where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bootstrap import find_chromium
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from outcrop.testing import BedrockEmulator

# No sandbox: containers and CI run as root. The rest keeps Chromium off the network.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# A busy machine takes its time: how long an action or an expectation waits before it is given up.
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def client(bedrock_emulator: BedrockEmulator) -> Iterator[Any]:
    """A boto3 client of the emulator."""
    made = bedrock_emulator.client()
    yield made
    made.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for the run."""
    path = find_chromium()
    if path is None:
        pytest.fail("The browser tests need Chromium: run them by make test, or set OUTCROP_CHROMIUM.")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page in English and light; an error in its console fails the test."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, locale="en-US", color_scheme="light", timezone_id="UTC"
    )
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    errors: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        # A request that the test lets fail is reported by the browser itself.
        if message.type == "error" and "Failed to load resource" not in message.text:
            errors.append(message.text)

    opened.on("console", on_console)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert errors == []


@pytest.fixture
def block(page: Page) -> Callable[[str], None]:
    """Has the browser fail the page's requests to addresses of a pattern, `*` being any text.

    Not by a route, whose handler runs in this process: one that is called just as the page closes never ends.
    """
    # Playwright's own type leaves open what is sent.
    session: Any = page.context.new_cdp_session(page)

    def refuse(pattern: str) -> None:
        session.send("Network.enable")
        session.send("Network.setBlockedURLs", {"urls": [pattern]})

    return refuse
