"""One row of the table: an option's names, kind, default and words. They lie on a settings class's fields."""

from __future__ import annotations

from dataclasses import MISSING, Field, dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outcrop_server.configuration.kinds import Kind

_METADATA = "option"


class SettingsError(ValueError):
    """A setting has a value that cannot be used. The message names it and what is valid."""


@dataclass(frozen=True, slots=True)
class Option:
    """An option of the server.

    Attributes:
        field: the attribute of the settings class.
        name: its name in a file; the variable is made from it.
        kind: what values it has.
        unit: such as `s`; empty where there is none, or where the kind says it.
        flag: such as `--max-body-bytes`.
        help: a sentence for the help and the documentation.
        default: gives the value if nobody says another; it may depend on the user.
        shown_default: the same in words; the same on every machine.
        is_secret: whether its value is shown to nobody.
        is_in_file: whether a file may have it.
    """

    field: str
    name: str
    kind: Kind
    unit: str
    flag: str
    help: str
    default: Callable[[], Any]
    shown_default: str
    is_secret: bool
    is_in_file: bool

    @property
    def variable(self) -> str:
        """Such as `OUTCROP_MAX_BODY_BYTES`."""
        return "OUTCROP_" + self.name.upper()

    def shown(self, value: Any) -> str:
        """A value as TOML; of a secret only that there is one."""
        if value is None:
            return "none"
        return '"(hidden)"' if self.is_secret else self.kind.shown(value)


@dataclass(frozen=True, slots=True)
class _Words:
    kind: Kind
    help: str
    name: str | None
    flag: str | None
    unit: str
    shown_default: str | None
    is_secret: bool
    is_in_file: bool


def described(
    kind: Kind,
    words: str,
    *,
    name: str | None = None,
    flag: str | None = None,
    unit: str = "",
    shown_default: str | None = None,
    is_secret: bool = False,
    is_in_file: bool = True,
) -> Mapping[str, Any]:
    """The metadata of a field that is an option; see `Option`. Fields without it are none."""
    return {_METADATA: _Words(kind, words, name, flag, unit, shown_default, is_secret, is_in_file)}


def options_of(settings: type[Any]) -> tuple[Option, ...]:
    """The table that a settings class carries, in the order of its fields."""
    return tuple(
        _option(each, each.metadata[_METADATA]) for each in fields(settings) if _METADATA in each.metadata
    )


def _option(field: Field[Any], words: _Words) -> Option:
    fixed = field.default
    default: Callable[[], Any] = (
        (lambda: fixed) if field.default_factory is MISSING else field.default_factory
    )
    shown = words.shown_default
    if shown is None:
        shown = "none" if fixed in (None, ()) else words.kind.shown(fixed).strip('"')
    name = words.name or field.name
    return Option(
        field=field.name,
        name=name,
        kind=words.kind,
        unit=words.unit,
        flag=words.flag or "--" + name.replace("_", "-"),
        help=words.help,
        default=default,
        shown_default=shown,
        is_secret=words.is_secret,
        is_in_file=words.is_in_file,
    )
