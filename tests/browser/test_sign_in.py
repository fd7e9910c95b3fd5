"""Signing in with a real browser; what breaks the Content-Security-Policy fails the page's fixture."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from outcrop_server.access.making import make_token
from outcrop_server.serve import BackgroundServer
from outcrop_server.settings import Settings
from outcrop_server.storage.sqlite.store import SqliteStore

pytestmark = pytest.mark.browser


def test_one_is_led_to_sign_in_and_back_sees_who_one_is_and_signs_out(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "outcrop.db"
    with closing(SqliteStore(path)) as store:
        token, _ = make_token(store, "ann", "read", by="the test")
    with BackgroundServer(Settings(port=0, store=path, spool=None)) as server:
        page.goto(f"{server.url}/experiments")
        page.wait_for_url(f"{server.url}/sign-in?next=%2Fexperiments")
        page.get_by_label("Token").fill("outcrop_wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("This token opens nothing here")
        page.get_by_label("Token").fill(token)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{server.url}/experiments")
        page.get_by_role("button", name="Signed in as ann").click()
        expect(page.get_by_text("ann · read")).to_be_visible()
        (cookie,) = page.context.cookies()
        assert (cookie.get("httpOnly"), cookie.get("sameSite")) == (True, "Strict")
        assert page.evaluate("document.cookie") == ""
        assert token not in str(page.context.storage_state())
        page.get_by_role("menuitem", name="Sign out").click()
        page.wait_for_url(f"{server.url}/sign-in")
        assert page.context.cookies() == []
        page.goto(f"{server.url}/traces")
        page.wait_for_url(re.compile("/sign-in"))


def test_the_built_page_runs_under_a_policy_that_lets_no_inline_script_run(
    page: Page, browser: Browser, tmp_path: Path
) -> None:
    with BackgroundServer(Settings(port=0, store=tmp_path / "outcrop.db", spool=None)) as server:
        answer = page.goto(f"{server.url}/traces")
        assert answer is not None
        assert "script-src 'self';" in answer.headers["content-security-policy"]
        expect(page.get_by_role("button", name="Theme")).to_be_visible()
        # The policy is at work: what gets itself written into the page is not run. In a page of its own,
        # since the browser reports it as an error.
        other = browser.new_page()
        other.goto(f"{server.url}/traces")
        with other.expect_console_message(lambda message: "Content Security Policy" in message.text):
            other.evaluate(
                """() => {
                    const script = document.createElement("script");
                    script.textContent = "window.ranInline = true";
                    document.body.append(script);
                }"""
            )
        assert other.evaluate("window.ranInline") is None
        other.close()
