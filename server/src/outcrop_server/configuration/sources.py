"""Where values come from: flags go before variables, variables before the file, the file before defaults."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outcrop_server.configuration.option import Option, SettingsError
from outcrop_server.configuration.toml_file import FileValue, read_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

DEFAULT_ORIGIN = "default"
_CONFIG = "config"
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Found:
    """An option's value, and where it comes from: a flag, a variable, a file with its line, or `default`."""

    option: Option
    value: Any
    origin: str


def read_options(
    options: Sequence[Option], flags: Mapping[str, Any], environment: Mapping[str, str]
) -> list[Found]:
    """The value of every option.

    Args:
        options: the table.
        flags: values by option name, as given on the command line; None and empty ones count as absent.
        environment: variables; empty ones count as absent.

    Raises:
        SettingsError: a value or the file is wrong; names option, source and what is valid.
    """
    given = {option.name: _given(option, flags, environment) for option in options}
    config = next((option for option in options if option.name == _CONFIG), None)
    if config is None:
        return [given[option.name] or _default(option) for option in options]
    found_config = given[config.name] or _default_file(config, environment)
    given[config.name] = found_config
    file = _of_file(options, found_config.value)
    return [given[option.name] or file.get(option.name) or _default(option) for option in options]


def suggestion(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """` Did you mean 'port'?`, or nothing."""
    close = get_close_matches(name, list(known), n=1, cutoff=cutoff)
    return f" Did you mean '{close[0]}'?" if close else ""


def misspelt_variables(options: Sequence[Option], environment: Mapping[str, str]) -> list[str]:
    """What to say of variables that look like one of ours and are none.

    They are no error: the SDK's variables have the same prefix, and so may those of later versions.
    """
    known = {option.variable for option in options}
    told: list[str] = []
    for name in environment:
        close = get_close_matches(name, known, n=1, cutoff=0.9) if name.startswith("OUTCROP_") else []
        if close and name not in known:
            told.append(f"The variable {name} means nothing to the server. Did you mean {close[0]}?")
    return told


def _given(option: Option, flags: Mapping[str, Any], environment: Mapping[str, str]) -> Found | None:
    flag = flags.get(option.name)
    if flag not in (None, (), ""):
        text = ",".join(map(str, flag)) if isinstance(flag, tuple) else str(flag)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - of whatever was given
        return Found(option, _read(option, text, option.flag), option.flag)
    text = environment.get(option.variable, "").strip()
    return Found(option, _read(option, text, option.variable), option.variable) if text else None


def _default(option: Option) -> Found:
    return Found(option, option.default(), DEFAULT_ORIGIN)


def _default_file(config: Option, environment: Mapping[str, str]) -> Found:
    """The file at its default place, if there is one."""
    base = environment.get("XDG_CONFIG_HOME", "")
    home = environment.get("HOME", "")
    folder = Path(base) if Path(base).is_absolute() else Path(home) / ".config" if home else None
    if folder is not None and (path := folder / "outcrop" / "server.toml").is_file():
        return Found(config, path, DEFAULT_ORIGIN)
    return _default(config)


def _of_file(options: Sequence[Option], path: Path | None) -> dict[str, Found]:
    if path is None:
        return {}
    known = {option.name: option for option in options if option.is_in_file}
    return {key: _from_file(path, known, key, given) for key, given in read_file(path).items()}


def _from_file(path: Path, known: Mapping[str, Option], key: str, given: FileValue) -> Found:
    place = f"{path}, line {given.line}"
    option = known.get(key)
    if option is None:
        if isinstance(given.value, dict):
            raise SettingsError(
                f"[{key[:_SHOWN]}] in {place}: there are no tables; options stand by themselves."
            )
        like = suggestion(key, known)
        valid = "" if like else f" Valid are {', '.join(known)}."
        raise SettingsError(f"'{key[:_SHOWN]}' in {place}, is no option.{like}{valid}")
    label = f"{key} in {place},"
    value = given.value
    # To Python, True is a number.
    is_wrong = isinstance(value, bool) != (bool in option.kind.file_types)
    if is_wrong or not isinstance(value, option.kind.file_types):
        _refuse(option, label, str(value), _written(option))
    if isinstance(value, list):
        members: list[Any] = value  # pyright: ignore[reportUnknownVariableType] - as TOML has it
        if not all(isinstance(member, str) for member in members):
            _refuse(option, label, str(members), 'a list of texts, such as ["a", "b"]')
        value = ",".join(members)
    text = str(value)
    return Found(option, _read(option, text.lower() if isinstance(given.value, bool) else text, label), place)


def _read(option: Option, text: str, label: str) -> Any:
    try:
        return option.kind.read(text)
    except ValueError as error:
        _refuse(option, label, text, str(error))


def _refuse(option: Option, label: str, text: str, valid: str) -> Any:
    safe = getattr(option.kind, "safe", str)
    shown = "set" if option.is_secret else f"'{safe(text)[:_SHOWN]}'"
    unit = f" ({option.unit})" if option.unit else ""
    choices = getattr(option.kind, "choices", ())
    like = suggestion(text.lower(), choices) if choices else ""
    raise SettingsError(f"{label} is {shown}: give {valid}{unit}.{like}")


def _written(option: Option) -> str:
    kinds = option.kind.file_types
    if bool in kinds:
        return "true or false, without quotes"
    if str in kinds:
        return "a text in quotes"
    return "a number, without quotes"
