"""The user's own prices: a JSON file, read once and checked as a whole.

    {
      "anthropic.claude-sonnet-4-5*": {"input": 2.7, "output": 13.5, "cache_read": 0.27, "cache_write": 3.4},
      "amazon.nova-pro-v1:0@flex": {"input": 0.4, "output": 1.6},
      "profiles": {"arn:aws:bedrock:…:application-inference-profile/abc123": "us.amazon.nova-pro-v1:0"}
    }

Prices are US dollars per million tokens. `profiles` says which model an identifier stands for that does
not say it itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

from outcrop.exceptions import ConfigurationError
from outcrop.json_reading import JsonObject, as_object
from outcrop.pricing.rates import Rates

SOURCE = "outcrop-prices-file"
_PROFILES = "profiles"
_KINDS = ("input", "output", "cache_read", "cache_write", "cache_write_1h")
_WILD = frozenset("*?[")


@dataclass(frozen=True)
class PriceTable:
    """The file's content.

    Attributes:
        rates: by identifier or pattern (`*`, `?`), with `@` and a service tier behind it or without, in
            the file's order; keys in lower case.
        profiles: the model that an identifier stands for.
    """

    rates: dict[str, Rates] = field(default_factory=dict[str, Rates])
    profiles: dict[str, str] = field(default_factory=dict[str, str])

    def find(self, names: tuple[str, ...], tier: str | None = None) -> Rates | None:
        """The rates of the first of these names that has an entry of its own, else of the first pattern.

        Args:
            names: the most specific first; letters' case does not matter.
            tier: the service tier, for which an entry must be made; None for the standard one.
        """
        entries = self._by_tier.get((tier or "").lower(), {})
        lowered = [name.lower() for name in names]
        exact = next((entries[name] for name in lowered if name in entries), None)
        if exact is not None:
            return exact
        patterns = ((key, rates) for key, rates in entries.items() if _WILD & set(key))
        return next(
            (rates for key, rates in patterns if any(fnmatchcase(name, key) for name in lowered)), None
        )

    @cached_property
    def _by_tier(self) -> dict[str, dict[str, Rates]]:
        tiers: dict[str, dict[str, Rates]] = {}
        for key, rates in self.rates.items():
            name, _, tier = key.partition("@")
            tiers.setdefault(tier, {})[name] = rates
        return tiers


def read_table(path: Path) -> PriceTable:
    """Reads and checks a price file.

    Raises:
        ConfigurationError: it cannot be read, is no JSON, or an entry is wrong; names line or key, and
            what would be right.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(
            f"The price file {path} (OUTCROP_PRICES) cannot be read: {why}. Name a JSON file that can, "
            "or unset it to use list prices."
        ) from error
    reader = _Reader(path)
    return reader.read(text)


class _Reader:
    """Reads one file; every complaint names it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, text: str) -> PriceTable:
        try:
            content = json.loads(
                text, parse_float=Decimal, parse_constant=self._constant, object_pairs_hook=self._object
            )
        except json.JSONDecodeError as error:
            self._wrong(f"line {error.lineno}, column {error.colno}: {error.msg}.", error)
        if not isinstance(content, dict):
            self._wrong("it must hold a JSON object: model identifiers and their prices.")
        members = as_object(content)
        profiles = self._profiles(members.get(_PROFILES, {}))
        entries = {key: value for key, value in members.items() if key != _PROFILES}
        return PriceTable({key.lower(): self._rates(key, value) for key, value in entries.items()}, profiles)

    def _rates(self, key: str, value: Any) -> Rates:
        valid = f"Valid are {', '.join(_KINDS)}, in US dollars per million tokens."
        if not isinstance(value, dict):
            self._wrong(f'"{key}" must be an object of prices. {valid}')
        prices = as_object(value)
        for kind, price in prices.items():
            if kind not in _KINDS:
                self._wrong(f'"{key}" has a price "{kind}", which means nothing here. {valid}')
            if isinstance(price, bool) or not isinstance(price, int | Decimal) or price < 0:
                self._wrong(f'"{key}": "{kind}" must be a number, 0 or more. {valid}')
        if not {"input", "output"} & prices.keys():
            self._wrong(f'"{key}" has neither "input" nor "output". {valid}')
        values = [Decimal(prices[kind]) if kind in prices else None for kind in _KINDS]
        return Rates(key, SOURCE, *values)

    def _profiles(self, value: Any) -> dict[str, str]:
        profiles = as_object(value)
        if not isinstance(value, dict) or not all(isinstance(m, str) and m for m in profiles.values()):
            self._wrong('"profiles" must map ARNs to model identifiers, such as "amazon.nova-pro-v1:0".')
        return profiles

    def _object(self, pairs: list[tuple[str, Any]]) -> JsonObject:
        members: JsonObject = {}
        for name, value in pairs:
            # JSON would let the last one win without a word.
            if name in members:
                self._wrong(f'"{name}" stands there twice.')
            members[name] = value
        return members

    def _constant(self, name: str) -> NoReturn:
        self._wrong(f"{name} is no price.")

    def _wrong(self, what: str, cause: Exception | None = None) -> NoReturn:
        raise ConfigurationError(f"The price file {self._path} (OUTCROP_PRICES) is wrong: {what}") from cause
