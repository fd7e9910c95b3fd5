"""How long traces are kept: the limits that options give, for the whole store and for single experiments."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from outcrop_server.configuration.kinds import Names, Size, quoted

EVERY_OTHER = "*"
_SECONDS = {"m": 60, "h": 3600, "d": 24 * 3600, "w": 7 * 24 * 3600, "y": 365 * 24 * 3600}
_AGE = re.compile(r"([1-9][0-9]{0,5})([mhdwy])")
_MOST_S = 100 * _SECONDS["y"]
_COUNT = re.compile(r"[0-9]{1,18}")
_FORM = (
    "an experiment, a colon, and `keep` or some of age=30d (or never), traces=1000 and bytes=1GB with spaces "
    "between, such as 'checkout: age=7d traces=1000'; several rules with commas between"
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be kept; None is no limit, or in a rule: not said.

    Attributes:
        age_s: seconds since a trace began; infinite where a rule says never.
        traces: how many traces.
        bytes: how many bytes.
    """

    age_s: float | None = None
    traces: int | None = None
    bytes: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it limits nothing."""
        return self == Limits()


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """What holds for one experiment, or for every one that no other rule names (`*`).

    Attributes:
        experiment: its name.
        limits: its own.
        is_kept: nothing of it is ever removed.
    """

    experiment: str
    limits: Limits
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class Age:
    """A length of time, such as `30d`."""

    metavar: str = "AGE"
    file_types: tuple[type, ...] = (str,)

    def read(self, text: str) -> int:
        """In seconds."""
        found = _AGE.fullmatch(text)
        seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
        if not 0 < seconds <= _MOST_S:
            raise ValueError("a number and m, h, d, w or y, such as 12h, 30d or 1y; at most 100y")
        return seconds

    def shown(self, value: float) -> str:
        """In the largest unit that divides it."""
        return quoted(_age(value))


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """Rules, with commas between them; a list in a file."""

    metavar: str = "RULE,…"
    file_types: tuple[type, ...] = (list, str)

    def read(self, text: str) -> tuple[RetentionRule, ...]:
        """Each rule; no experiment may have two."""
        rules = tuple(_rule(each) for each in Names().read(text))
        named = [rule.experiment for rule in rules]
        for name in named:
            if named.count(name) > 1:
                raise ValueError(f"'{name[:80]}' one rule, not several")
        return rules

    def shown(self, value: tuple[RetentionRule, ...]) -> str:
        """As a list."""
        return f"[{', '.join(quoted(_rule_text(rule)) for rule in value)}]"


def _rule(text: str) -> RetentionRule:
    name, colon, limits = text.rpartition(":")
    experiment = unquote(name.strip())
    if not colon or not experiment:
        raise ValueError(_FORM)
    return rule_of(experiment, limits)


def rule_of(experiment: str, limits: str) -> RetentionRule:
    """The rule of an experiment from its limits, such as `age=30d traces=1000`.

    Raises:
        ValueError: they cannot be understood.
    """
    words = limits.split()
    if not words:
        raise ValueError(_FORM)
    if words == ["keep"]:
        return RetentionRule(experiment, Limits(), is_kept=True)
    given = {word.partition("=")[0]: word.partition("=")[2] for word in words}
    if len(given) < len(words) or not given.keys() <= {"age", "traces", "bytes"}:
        raise ValueError(_FORM)
    age, traces, size = given.get("age"), given.get("traces"), given.get("bytes")
    if traces is not None and not _COUNT.fullmatch(traces):
        raise ValueError(_FORM)
    return RetentionRule(
        experiment,
        Limits(
            None if age is None else math.inf if age == "never" else Age().read(age),
            None if traces is None else int(traces),
            None if size is None else Size(0).read(size),
        ),
    )


def limits_text(rule: RetentionRule) -> str:
    """The limits of a rule, as `rule_of` reads them."""
    limits = rule.limits
    words = ["keep"] if rule.is_kept else []
    if limits.age_s is not None:
        words.append(f"age={_age(limits.age_s)}")
    if limits.traces is not None:
        words.append(f"traces={limits.traces}")
    if limits.bytes is not None:
        words.append(f"bytes={limits.bytes}")
    return " ".join(words)


def _rule_text(rule: RetentionRule) -> str:
    return f"{quote(rule.experiment, safe=' /*')}: {limits_text(rule)}"


def _age(seconds: float) -> str:
    if seconds == math.inf:
        return "never"
    unit = max((unit for unit, length in _SECONDS.items() if seconds % length == 0), key=_SECONDS.__getitem__)
    return f"{int(seconds) // _SECONDS[unit]}{unit}"
