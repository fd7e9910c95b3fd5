"""The kinds of values that an option can have: how each is read from text, and what is said of valid ones."""

from __future__ import annotations

import ipaddress
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}
_UNITS = {
    "": 1,
    "b": 1,
    "kib": 1 << 10,
    "mib": 1 << 20,
    "gib": 1 << 30,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
}
_SIZE = re.compile(r"([0-9]+)\s*([a-z]*)", re.IGNORECASE)


class Kind(Protocol):
    """How a value is read and shown.

    Attributes:
        metavar: stands for a value in the help.
        file_types: what may stand for it in a TOML file; there, numbers and flags are written without quotes.
    """

    @property
    def metavar(self) -> str:
        """See above."""
        ...

    @property
    def file_types(self) -> tuple[type, ...]:
        """See above."""
        ...

    def read(self, text: str) -> Any:
        """The value that a text means.

        Raises:
            ValueError: none; says what would be, to follow "give".
        """
        ...

    def shown(self, value: Any) -> str:
        """The value as TOML."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """Any text that is not empty; of `choices` if there are any."""

    metavar: str = "TEXT"
    choices: tuple[str, ...] = ()
    file_types: tuple[type, ...] = (str,)

    def read(self, text: str) -> str:
        """The text; one of the choices in small letters."""
        if not self.choices:
            return text
        if text.lower() in self.choices:
            return text.lower()
        raise ValueError(f"{', '.join(self.choices[:-1])} or {self.choices[-1]}")

    def shown(self, value: str) -> str:
        """In quotes."""
        return quoted(value)


@dataclass(frozen=True, slots=True)
class File:
    """A path; `~` is the user's home."""

    metavar: str = "FILE"
    file_types: tuple[type, ...] = (str,)

    def read(self, text: str) -> Path:
        """The path."""
        return Path(text).expanduser()

    def shown(self, value: Path) -> str:
        """In quotes."""
        return quoted(str(value))


@dataclass(frozen=True, slots=True)
class Names:
    """Several texts, with commas between them; a list in a file."""

    metavar: str = "NAME,…"
    file_types: tuple[type, ...] = (list, str)

    def read(self, text: str) -> tuple[str, ...]:
        """Each without spaces around it."""
        return tuple(name.strip() for name in text.split(",") if name.strip())

    def shown(self, value: tuple[str, ...]) -> str:
        """As a list."""
        return f"[{', '.join(map(quoted, value))}]"


@dataclass(frozen=True, slots=True)
class Networks:
    """Several addresses or networks of the internet protocol, otherwise like `Names`."""

    metavar: str = "ADDRESS,…"
    file_types: tuple[type, ...] = (list, str)

    def read(self, text: str) -> tuple[str, ...]:
        """Each without spaces around it."""
        networks = Names().read(text)
        for network in networks:
            try:
                ipaddress.ip_network(network)
            except ValueError:
                raise ValueError("addresses or networks, such as 127.0.0.1 or 10.0.0.0/8") from None
        return networks

    def shown(self, value: tuple[str, ...]) -> str:
        """As a list."""
        return Names().shown(value)


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within bounds, both included."""

    low: int
    high: int
    metavar: str = "N"
    file_types: tuple[type, ...] = (int,)

    def read(self, text: str) -> int:
        """The number."""
        if text.isascii() and text.lstrip("-").isdecimal() and self.low <= int(text) <= self.high:
            return int(text)
        raise ValueError(f"a whole number from {self.low} to {self.high}")

    def shown(self, value: int) -> str:
        """In digits."""
        return str(value)


@dataclass(frozen=True, slots=True)
class Number:
    """A number within bounds, both included."""

    low: float
    high: float
    metavar: str = "N"
    file_types: tuple[type, ...] = (int, float)

    def read(self, text: str) -> float:
        """The number."""
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if self.low <= value <= self.high:
            return value
        raise ValueError(f"a number from {self.low:g} to {self.high:g}")

    def shown(self, value: float) -> str:
        """In digits."""
        return f"{value:g}"


@dataclass(frozen=True, slots=True)
class Size:
    """A number of bytes, also as `64MiB` or `10GB`."""

    low: int = 1
    metavar: str = "SIZE"
    file_types: tuple[type, ...] = (int, str)

    def read(self, text: str) -> int:
        """The bytes."""
        found = _SIZE.fullmatch(text)
        unit = _UNITS.get(found[2].lower()) if found else None
        if found and unit and len(found[1]) < 20 and int(found[1]) * unit >= self.low:  # noqa: PLR2004 - below 2**63
            return int(found[1]) * unit
        raise ValueError(f"bytes, {self.low} or more, such as 67108864, 64MiB or 2GB")

    def shown(self, value: int) -> str:
        """In the largest unit that divides it."""
        for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
            if value and value % factor == 0:
                return quoted(f"{value // factor}{unit}")
        return str(value)


@dataclass(frozen=True, slots=True)
class Switch:
    """Yes or no."""

    metavar: str = ""
    file_types: tuple[type, ...] = (bool,)

    def read(self, text: str) -> bool:
        """Whether it is yes."""
        if text.lower() in _TRUE:
            return True
        if text.lower() in _FALSE:
            return False
        raise ValueError("1, true, yes or on, or 0, false, no or off")

    def shown(self, value: bool) -> str:
        """As TOML has it."""
        return "true" if value else "false"


def quoted(text: str) -> str:
    """A basic string of TOML."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in escaped) + '"'
