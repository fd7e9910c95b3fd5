"""Experiments, settings and the first run on the page, over a real server."""

from __future__ import annotations

import re
import time
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import outcrop
from outcrop.testing import BedrockEmulator, Reply, Usage
from outcrop_server.access.making import make_token
from outcrop_server.serve import BackgroundServer
from outcrop_server.settings import Settings
from outcrop_server.storage.sqlite.store import SqliteStore

pytestmark = pytest.mark.browser

SONNET = "anthropic.claude-3-5-sonnet-20241022-v2:0"


def _ask(emulator: BedrockEmulator, client: Any, experiment: str) -> None:
    outcrop.set_experiment(experiment)
    emulator.script(SONNET, Reply("Hello!", usage=Usage(10, 5)))
    client.converse(modelId=SONNET, messages=[{"role": "user", "content": [{"text": "Hi"}]}])
    outcrop.flush()


def _menu(page: Page, experiment: str, item: str) -> None:
    page.get_by_role("button", name=f"Change {experiment}").click()
    page.get_by_role("menuitem", name=item).click()


def test_an_experiment_is_made_renamed_archived_and_restored(
    bedrock_emulator: BedrockEmulator, client: Any, tracing: str, page: Page
) -> None:
    page.goto(f"{tracing}/experiments")
    page.get_by_role("button", name="New experiment").click()
    page.get_by_role("textbox", name="Name").fill("/Shared/first")
    page.get_by_role("textbox", name="Description").fill("Where we begin")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Save").click()
    table = page.get_by_role("table", name="Experiments", exact=True)
    expect(table).to_contain_text("Where we begin")

    _menu(page, "/Shared/first", "Rename or describe")
    page.get_by_role("textbox", name="Name").fill("/Shared/second")
    expect(page.get_by_role("dialog")).to_contain_text("still comes here")
    page.get_by_role("button", name="Save").click()
    expect(table).to_contain_text("also /Shared/first")
    # A program that knows nothing of it.
    _ask(bedrock_emulator, client, "/Shared/first")
    page.get_by_role("link", name="/Shared/second").click()
    expect(page.get_by_role("rowgroup").get_by_role("row")).to_have_count(1)

    page.goto(f"{tracing}/experiments")
    _menu(page, "/Shared/second", "Archive")
    page.get_by_role("button", name="1 archived").click()
    archived = page.get_by_role("table", name="Archived experiments")
    expect(archived).to_contain_text("/Shared/second")
    page.get_by_role("combobox", name="Experiment").click()
    expect(page.get_by_role("option", name="/Shared/second")).to_have_count(0)
    page.keyboard.press("Escape")
    _menu(page, "/Shared/second", "Restore")
    expect(table).to_contain_text("/Shared/second")


def test_settings_show_the_store_and_prices_and_set_limits(
    bedrock_emulator: BedrockEmulator, client: Any, tracing: str, page: Page
) -> None:
    _ask(bedrock_emulator, client, "/Shared/checkout")
    page.goto(f"{tracing}/settings")
    store = page.get_by_role("region", name="Store")
    expect(store.locator("div", has_text=re.compile("^Traces1$"))).to_be_visible()
    store.get_by_role("button", name="Count the size of each experiment").click()
    expect(store.get_by_role("row", name=re.compile("checkout"))).to_contain_text("kB")
    prices = page.get_by_role("table", name="Prices of the models that were asked")
    expect(prices.get_by_role("row", name=re.compile("sonnet 3.5"))).to_contain_text("List price of")

    limits = page.get_by_role("table", name="Retention")
    page.get_by_role("button", name="Change the limits of /Shared/checkout").click()
    page.get_by_role("textbox", name="Age").fill("soon")
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    page.get_by_role("textbox", name="Age").fill("30d")
    page.get_by_role("textbox", name="Size").fill("5 GB")
    page.get_by_role("button", name="Save").click()
    expect(limits.get_by_role("row", name=re.compile("checkout"))).to_contain_text("30 days · 5 GB")

    page.get_by_role("radio", name="Dark").check()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    page.get_by_role("radio", name="日本語").check()
    expect(page.get_by_role("heading", name="設定")).to_be_visible()


def test_the_first_token_closes_the_server_and_is_shown_once(tracing: str, page: Page) -> None:
    page.goto(f"{tracing}/settings")
    page.get_by_role("button", name="New token").click()
    expect(page.get_by_role("dialog")).to_contain_text("asks everybody for one")
    page.get_by_role("textbox", name="Name").fill("ann")
    page.get_by_role("button", name="Make token").click()
    shown = page.get_by_role("dialog", name="The token is made").locator("code")
    expect(shown).to_have_text(re.compile("^outcrop_"))
    token = shown.inner_text()
    page.get_by_role("link", name="I have copied it: sign in").click()
    page.get_by_label("Token").fill(token)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    tokens = page.get_by_role("table", name="Access tokens")
    expect(tokens.get_by_role("row", name=re.compile("^ann"))).to_contain_text("admin")

    page.get_by_role("button", name="New token").click()
    page.get_by_role("textbox", name="Name").fill("program")
    page.get_by_role("button", name="Make token").click()
    page.get_by_role("button", name="I have copied it").click()
    page.get_by_role("button", name="Revoke program").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("button", name="1 revoked or expired")).to_be_visible()


def test_a_reader_is_told_what_an_admin_may(tmp_path: Path, page: Page) -> None:
    store = tmp_path / "closed.db"
    with closing(SqliteStore(store)) as opened:
        token, _ = make_token(opened, "bob", "read", experiments=(), by="the test")
    with BackgroundServer(Settings(port=0, store=store, spool=tmp_path / "spool")) as server:
        page.goto(f"{server.url}/sign-in?next=/settings")
        page.get_by_label("Token").fill(token)
        page.keyboard.press("Enter")
        expect(page.get_by_text("Access tokens are managed with a token of role admin.")).to_be_visible()
        expect(page.get_by_role("button", name="New token")).to_have_count(0)
        page.get_by_role("link", name="Experiments").click()
        expect(page.get_by_role("heading", name="Experiments")).to_be_visible()
        expect(page.get_by_role("button", name="New experiment")).to_have_count(0)
        page.goto(f"{server.url}/traces")
        expect(page.get_by_text("make one of role write in Settings")).to_be_visible()


def test_the_first_run_leads_to_a_first_trace_wherever_it_goes(
    bedrock_emulator: BedrockEmulator, client: Any, tracing: str, page: Page
) -> None:
    # The page's time goes on only where it is told to: how long the machine takes must not count.
    began = datetime.now(timezone.utc) - timedelta(minutes=1)
    page.clock.install(time=began)
    page.clock.pause_at(began + timedelta(seconds=1))
    page.goto(f"{tracing}/traces?experiment=/Shared/mine")
    heading = page.get_by_role("heading", name="Waiting for the first trace")
    given_up_at = time.monotonic() + 60
    while not heading.is_visible() and time.monotonic() < given_up_at:
        page.clock.run_for(50)
    expect(heading).to_be_visible()
    expect(page.get_by_text(f'outcrop.set_tracking_uri("{tracing}")').first).to_be_visible()
    page.clock.run_for(19_000)
    expect(page.get_by_text("Nothing yet? Check these:")).to_have_count(0)
    page.clock.run_for(2_000)
    expect(page.get_by_text("Nothing yet? Check these:")).to_be_visible()
    _ask(bedrock_emulator, client, "/Shared/elsewhere")
    page.clock.run_for(20_000)
    page.clock.resume()
    page.get_by_role("link", name="A trace came into /Shared/elsewhere meanwhile").click()
    expect(page.get_by_role("rowgroup").get_by_role("row")).to_have_count(1)
