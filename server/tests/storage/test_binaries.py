from __future__ import annotations

import base64
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcrop_server.storage.binaries import LEAST_BYTES, Cut, as_it_was, cuts, whole, without
from server.tests.support.binaries import base64_of, image, turn
from server.tests.support.spans import otlp_span, request

IMAGE = image(1)
TEXT = base64.b64encode(IMAGE)
assert len(TEXT) % 4 == 0
assert not TEXT.endswith(b"=")
PADDED = base64.b64encode(image(2, 60_001))
assert PADDED.endswith(b"==")


def taken(payload: bytes) -> list[Cut]:
    """What is cut out, after it was seen that it can be put back."""
    found = cuts(payload)
    gone, parts, position = 0, list[tuple[int, bytes]](), 0
    for cut in found:
        assert max(position, 1) <= cut.start < cut.end <= len(payload)
        assert cut.end - cut.start >= LEAST_BYTES - 3
        parts.append((cut.start - gone, as_it_was(cut.form, cut.content)))
        gone += cut.end - cut.start
        position = cut.end
    rest = without(payload, found)
    assert len(rest) == len(payload) - gone
    assert whole(rest, parts) == payload
    return found


def test_base64_in_json_is_kept_decoded() -> None:
    payload = turn(1, 1, 2)
    assert [(cut.form, cut.content) for cut in taken(payload)] == [("base64", IMAGE), ("base64", image(2))]
    assert len(without(payload, cuts(payload))) < 250


@pytest.mark.parametrize(
    "around", [b'{"url": "data:image/png;base64,%b"}', b'{"a": "{\\"b\\": \\"%b\\"}"}', b"x%b", b"x %b\n\xff"]
)
@pytest.mark.parametrize(("text", "content"), [(TEXT, IMAGE), (PADDED, image(2, 60_001))])
def test_what_stands_around_it_changes_nothing(around: bytes, text: bytes, content: bytes) -> None:
    assert [(cut.form, cut.content) for cut in taken(around % text)] == [("base64", content)]


@pytest.mark.parametrize("short", [1, 2, 3])
def test_torn_base64_is_kept_as_far_as_it_is_whole(short: int) -> None:
    (cut,) = taken(b'{"bytes": "' + TEXT[:-short] + b'"}')
    assert (cut.form, cut.content) == ("base64", IMAGE[:-3])
    (cut,) = taken(b'{"bytes": "' + TEXT[short:] + b'"}')
    assert cut.form == "base64"


@pytest.mark.parametrize("end", [b"R==", b"/=", b"=", b"===", b"A===", b"====", b"B="])
def test_padding_that_no_encoder_writes_comes_back_as_it_was(end: bytes) -> None:
    # The bits that mean nothing are not zero in the first two.
    taken(b'"' + TEXT + b"Q" + end + b'"')
    taken(b'"' + TEXT + end + b'"')


@pytest.mark.parametrize(
    "text",
    [
        base64.encodebytes(IMAGE),
        base64.encodebytes(IMAGE).replace(b"\n", b"\\r\\n"),
        base64.urlsafe_b64encode(IMAGE),
        TEXT.replace(b"/", b"\\/"),
    ],
    ids=["lines", "escaped lines", "for URLs", "escaped slashes"],
)
def test_other_ways_to_write_it_are_kept_as_they_came(text: bytes) -> None:
    (cut,) = taken(b'{"bytes": "' + text + b'"}')
    assert cut.form == "as it came"
    assert len(cut.content) > len(text) - 10


def test_only_what_is_long_enough_counts() -> None:
    for size, count in ((LEAST_BYTES - 1, 0), (LEAST_BYTES, 1), (LEAST_BYTES + 1, 1)):
        for before in (
            1,
            2,
            63,
            64,
            65,
            LEAST_BYTES - 65,
            LEAST_BYTES - 64,
            LEAST_BYTES,
            3 * LEAST_BYTES + 7,
        ):
            for behind in (b"", b'"', b'" words' * 5000):
                payload = b"? " * (before // 2) + b"?" * (before % 2) + TEXT[:size] + behind
                assert len(taken(payload)) == count, (size, before, len(behind))


def test_many_runs_that_are_just_too_short_are_left() -> None:
    assert taken(b'","'.join([TEXT[: LEAST_BYTES - 1]] * 50)) == []


def test_text_is_no_binary() -> None:
    words = {"text": "Wie ist das Wetter? 天気はどうですか。 \U0001f600 " * 4000, "n": list(range(20_000))}
    assert taken(json.dumps(words).encode()) == []
    assert taken(json.dumps(words, ensure_ascii=False).encode()) == []


def test_megabytes_of_one_letter() -> None:
    (cut,) = taken(b"A" * 3_000_001)
    assert (cut.form, cut.content) == ("base64", bytes(2_250_000))
    for letter in (b"=", b"\\", b"\n", b"\0", b"\xff", b"-"):
        taken(letter * 1_000_000)


def test_bytes_of_a_span_are_found_where_they_are_no_text() -> None:
    json_body = json.dumps({"text": "What is the weather like? " * 2000}).encode()
    attributes = {
        "image": IMAGE,
        "json": json_body,
        "list": [b"x", image(2)],
        "in.json": turn(1, 3),
        "outcrop.stream.chunks": image(4),
        "small": image(5, 900),
    }
    payload = request(
        otlp_span(1, attributes=attributes, events=[("e", {"deep": {"er": [image(6)]}})]),
        resource={"logo": image(7)},
    )
    found = taken(payload)
    assert {cut.content for cut in found if cut.form == "as it came"} == {
        IMAGE,
        image(2),
        image(6),
        image(7),
    }
    assert [cut.content for cut in found if cut.form == "base64"] == [image(3)]


def test_the_same_bytes_are_one_content_in_either_form() -> None:
    (raw,) = taken(request(otlp_span(1, attributes={"a": IMAGE})))
    (encoded,) = taken(request(otlp_span(1, attributes={"a": "data:;base64," + TEXT.decode()})))
    assert raw.content == encoded.content == IMAGE


PIECES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([TEXT, PADDED, TEXT[1:], TEXT[: LEAST_BYTES - 1], TEXT[:LEAST_BYTES], base64_of(3)]),
    st.sampled_from([base64.encodebytes(IMAGE), base64.urlsafe_b64encode(IMAGE), IMAGE, b"\\" * 20_000]),
    st.sampled_from([b'", "', b"=", b"==", b"\n", b"A", b"\x3a\x80\x80\x04", b"word " * 5000]),
)


@given(st.lists(PIECES, max_size=8).map(b"".join))
def test_any_bytes_come_back(payload: bytes) -> None:
    taken(payload)


def test_requests_that_were_cut_or_changed_anywhere_come_back() -> None:
    attributes = {"a": image(1, 20_000), "b": turn(1, 1), "c": [image(3, 20_000)]}
    payload = request(otlp_span(1, attributes=attributes))
    chance = random.Random(5)  # noqa: S311 - no secret
    for _ in range(60):
        damaged = bytearray(payload[: chance.randrange(len(payload))])
        for _ in range(3):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        taken(bytes(damaged))
