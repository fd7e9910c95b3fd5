"""The code that the page writes for a call: it is run, and makes the same request again."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import outcrop
from outcrop.testing import BedrockEmulator

pytestmark = pytest.mark.browser

MODEL = "amazon.nova-lite-v1:0"
ODD = "it's \"so\" $(x) `y` \\ 日本\nJSON\n'"
PICTURE = {"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}}
MESSAGES: list[dict[str, Any]] = [{"role": "user", "content": [{"text": ODD}, PICTURE]}]
# Stand for the programs: say how they were called.
STUBS = 'curl() { printf "%s\\0" "$@"; }; aws() { printf "%s\\0" "$@"; };'


@pytest.fixture
def page_of_call(client: Any, tracing: str, page: Page) -> Page:
    """The code of a converse with odd words and a picture."""
    client.converse(modelId=MODEL, messages=MESSAGES, inferenceConfig={"temperature": 0.25})
    outcrop.flush()
    page.goto(tracing)
    page.get_by_role("link", name="chat").first.click()
    page.get_by_role("tab", name="Code").click()
    return page


def _code(page: Page, form: str) -> str:
    page.get_by_role("radio", name=form).click()
    expect(page.get_by_role("radio", name=form)).to_be_checked()
    return page.get_by_role("tabpanel").locator("pre").inner_text()


def test_the_boto3_code_makes_the_same_request(
    page_of_call: Page, bedrock_emulator: BedrockEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = _code(page_of_call, "boto3")
    (first,) = bedrock_emulator.requests
    environment = {
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": bedrock_emulator.endpoint_url,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    done = subprocess.run([sys.executable, "-"], input=code, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    second = bedrock_emulator.requests[-1]
    assert len(bedrock_emulator.requests) == 2
    assert (second.path, json.loads(second.body)) == (first.path, json.loads(first.body))


@pytest.mark.parametrize(("form", "option"), [("curl", "--data-binary"), ("AWS CLI", "--cli-input-json")])
def test_a_shell_hands_on_the_same_words(
    page_of_call: Page, bedrock_emulator: BedrockEmulator, form: str, option: str
) -> None:
    code = _code(page_of_call, form)
    (sent,) = bedrock_emulator.requests
    done = subprocess.run(["bash", "-c", f"{STUBS}\n{code}"], capture_output=True, text=True, check=True)  # noqa: S603, S607  # own code
    arguments = done.stdout.split("\0")
    given = json.loads(arguments[arguments.index(option) + 1])
    if form == "AWS CLI":
        assert arguments[:2] == ["bedrock-runtime", "converse"]
        assert given.pop("modelId") == MODEL
    else:
        assert arguments[0].endswith("/model/amazon.nova-lite-v1%3A0/converse")
    assert given == json.loads(sent.body)
