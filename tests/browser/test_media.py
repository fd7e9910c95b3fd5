"""Sound and video of a conversation in a real browser: played in place, sought by ranges, harmless."""

from __future__ import annotations

import io
import math
import struct
import wave
from typing import Any

import pytest
from playwright.sync_api import Page, Response, expect

import outcrop

pytestmark = pytest.mark.browser

MODEL = "amazon.nova-pro-v1:0"
SECONDS, RATE = 90, 22_050


def _sound() -> bytes:
    """A minute and a half of a low tone, two bytes a sample: more than a browser asks for at once."""
    tone = [int(3000 * math.sin(index / 40)) for index in range(RATE)]
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(struct.pack(f"<{RATE}h", *tone) * SECONDS)
    return held.getvalue()


def test_sound_plays_in_place_and_is_sought_and_what_cannot_be_played_says_so(
    client: Any, tracing: str, page: Page
) -> None:
    sound = _sound()
    hostile = b"<script>document.title = 'taken'</script>"
    content = [
        {"audio": {"format": "wav", "source": {"bytes": sound}}},
        {"video": {"format": "mp4", "source": {"bytes": hostile}}},
        {"document": {"format": "html", "name": "notes", "source": {"bytes": hostile}}},
        {"text": "What is this?"},
    ]
    client.converse(modelId=MODEL, messages=[{"role": "user", "content": content}])
    outcrop.flush()

    seen: list[Response] = []
    page.on("response", lambda response: seen.append(response) if "/media/" in response.url else None)
    page.goto(tracing)
    page.get_by_role("link", name="chat").first.click()
    audio = page.get_by_label("Audio", exact=True)
    expect(audio).to_be_visible()
    audio.evaluate(
        """element => new Promise((done, failed) => {
            if (element.readyState >= 1) done();
            element.addEventListener("loadedmetadata", done);
            element.addEventListener("error", () => failed(element.error.message));
        })"""
    )
    assert audio.evaluate("element => element.duration") == pytest.approx(SECONDS, abs=0.1)
    reached = audio.evaluate(
        """element => new Promise(done => {
            element.muted = true;
            const look = () => element.currentTime > 70.05 && done(element.currentTime);
            element.addEventListener("timeupdate", look);
            element.currentTime = 70;
            element.play();
        })"""
    )
    assert reached > 70
    assert {response.status for response in seen if response.url.endswith("/media/0")} == {206}

    expect(page.get_by_text("This browser cannot play it.")).to_be_visible()
    expect(page.get_by_role("link", name="Download")).to_have_count(3)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download").nth(2).click()
    assert (waiting.value.suggested_filename, waiting.value.path().read_bytes()) == ("notes.html", hostile)
    # Also where its address is opened, it is a file and no page.
    path = next(response.url for response in seen if response.url.endswith("/media/1"))
    answer = page.request.get(path)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-disposition"] == "attachment"
    assert page.title() != "taken"
