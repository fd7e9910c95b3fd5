from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from outcrop_server.configuration.document import print_config
from outcrop_server.configuration.retention import Limits, RetentionRule
from outcrop_server.settings import SettingsError, from_environment, read_settings


def test_limits_come_from_flags_variables_and_the_file(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text(
        'retain_traces = 5\nretain_experiments = ["prod: age=1y", "a b: traces=0 bytes=1GB", "*: bytes=0"]\n'
    )
    settings = from_environment(
        {"OUTCROP_CONFIG": str(file), "OUTCROP_RETAIN_AGE": "2w"}, retain_bytes="10GB"
    )
    assert (settings.retain_age_s, settings.retain_traces, settings.retain_bytes) == (1_209_600, 5, 10**10)
    assert settings.retain_experiments == (
        RetentionRule("prod", Limits(age_s=31_536_000)),
        RetentionRule("a b", Limits(traces=0, bytes=10**9)),
        RetentionRule("*", Limits(bytes=0)),
    )


def test_a_rule_may_be_repeated_as_a_flag_and_names_may_hold_anything() -> None:
    settings = from_environment({}, retain_experiments=("/a: b: keep", "50%25%2C x: age=never"))
    assert settings.retain_experiments == (
        RetentionRule("/a: b", Limits(), is_kept=True),
        RetentionRule("50%, x", Limits(age_s=math.inf)),
    )


def test_nothing_is_removed_unless_told() -> None:
    settings = from_environment({})
    assert (settings.retain_age_s, settings.retain_traces, settings.retain_bytes) == (None, None, None)
    assert settings.retain_experiments == ()


@pytest.mark.parametrize("age", ["30", "0d", "d", "-1d", "1.5d", "101y", "30 d", "forever"])
def test_an_age_that_is_none_is_refused(age: str) -> None:
    with pytest.raises(SettingsError, match=r"--retain-age is '.*': give a number and m, h, d, w or y"):
        from_environment({}, retain_age=age)


@pytest.mark.parametrize(
    "rule",
    [
        "a",
        "a:",
        ": keep",
        "a: keep age=1d",
        "a: age",
        "a: age=",
        "a: ages=1d",
        "a: age=1d age=2d",
        "a: traces=-1",
        "a: traces=x",
        "a: bytes=many",
        "a: age=30",
        "a: keep, a: age=1d",
    ],
)
def test_a_rule_that_is_none_is_refused(rule: str) -> None:
    with pytest.raises(SettingsError, match=r"--retain-experiment is '.*': give "):
        from_environment({}, retain_experiments=(rule,))


def test_what_print_config_shows_of_rules_is_a_file_that_says_the_same(tmp_path: Path) -> None:
    flags = {
        "retain_age": "90m",
        "retain_experiments": ("a%2C%25: é: keep", "b: age=never", "*: age=3d traces=7 bytes=5"),
    }
    settings, found = read_settings({}, flags)
    file = tmp_path / "server.toml"
    file.write_text(print_config(found))
    assert read_settings({}, {"config": str(file)})[0] == replace(settings, config=file)
