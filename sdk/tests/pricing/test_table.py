"""The user's price file: what it may say, and how a wrong one is told."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest

from outcrop.exceptions import ConfigurationError
from outcrop.pricing.environment import table_from_environment
from outcrop.pricing.table import PriceTable, read_table


def table(folder: Path, content: object) -> PriceTable:
    file = folder / "prices.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return read_table(file)


def test_prices_are_exact_and_profiles_are_kept(tmp_path: Path) -> None:
    arn = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/a"
    read = table(
        tmp_path,
        {"Amazon.nova-pro-v1:0": {"input": 0.8, "output": 3, "cache_write_1h": 0}, "profiles": {arn: "x.y"}},
    )
    rates = read.rates["amazon.nova-pro-v1:0"]
    assert (rates.input, rates.output, rates.cache_read) == (Decimal("0.8"), Decimal(3), None)
    assert rates.cache_write_1h == 0
    assert (rates.model, rates.source) == ("Amazon.nova-pro-v1:0", "outcrop-prices-file")
    assert read.profiles == {arn: "x.y"}


def test_an_exact_name_goes_before_patterns_and_the_first_pattern_before_the_next(tmp_path: Path) -> None:
    price = {"input": 1}
    read = table(tmp_path, {"amazon.*": price, "amazon.nova*": price, "us.amazon.nova-lite": price})

    def found(*names: str) -> str | None:
        rates = read.find(names)
        return None if rates is None else rates.model

    assert found("us.amazon.nova-lite", "amazon.nova-lite") == "us.amazon.nova-lite"
    assert found("EU.amazon.nova-lite", "AMAZON.nova-lite") == "amazon.*"
    assert found("meta.llama") is None
    # A price for the standard tier says nothing of another.
    assert read.find(("amazon.nova-lite",), "flex") is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{\n  "a.b": {"input": 1,}\n}', r"line 2, column \d+"),
        ("[]", "must hold a JSON object"),
        ('{"a.b": 3}', '"a.b" must be an object of prices. Valid are input, output, cache_read'),
        ('{"a.b": {"inptu": 3}}', '"a.b" has a price "inptu".*Valid are input'),
        ('{"a.b": {"input": "3"}}', '"a.b": "input" must be a number, 0 or more'),
        ('{"a.b": {"input": true}}', "must be a number"),
        ('{"a.b": {"input": -1}}', "must be a number, 0 or more"),
        ('{"a.b": {"input": NaN}}', "NaN is no price"),
        ('{"a.b": {"cache_read": 1}}', 'neither "input" nor "output"'),
        ('{"a.b": {"input": 1}, "a.b": {"input": 2}}', '"a.b" stands there twice'),
        ('{"profiles": ["a"]}', '"profiles" must map ARNs'),
        ('{"profiles": {"a": 1}}', '"profiles" must map ARNs'),
    ],
)
def test_a_wrong_file_is_told_with_the_place_and_what_is_valid(
    tmp_path: Path, content: str, words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words) as raised:
        table(tmp_path, content)
    assert "prices.json" in str(raised.value)


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        read_table(tmp_path / "none.json")
    (tmp_path / "picture.json").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        read_table(tmp_path / "picture.json")


def test_the_environment_names_the_file_and_a_changed_file_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OUTCROP_PRICES", raising=False)
    assert table_from_environment() is None
    file = tmp_path / "p.json"
    file.write_text('{"a.b": {"input": 1}}')
    monkeypatch.setenv("OUTCROP_PRICES", str(file))
    first = table_from_environment()
    assert first is table_from_environment() is not None
    file.write_text('{"c.d": {"input": 1}}')
    later_ns = file.stat().st_mtime_ns + 1_000_000_000
    os.utime(file, ns=(later_ns, later_ns))
    second = table_from_environment()
    assert second is not None
    assert list(second.rates) == ["c.d"]
    monkeypatch.setenv("OUTCROP_PRICES", str(tmp_path / "gone.json"))
    with pytest.raises(ConfigurationError, match=r"gone\.json"):
        table_from_environment()
