from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from outcrop_server.configuration.document import markdown_table, print_config
from outcrop_server.configuration.kinds import Size, Switch, Text
from outcrop_server.configuration.option import SettingsError, described, options_of
from outcrop_server.configuration.sources import misspelt_variables, read_options
from outcrop_server.settings import OPTIONS, Settings, read_settings

ROOT = Path(__file__).parents[3]


def origins(environment: dict[str, str], flags: dict[str, Any]) -> dict[str, tuple[Any, str]]:
    _, found = read_settings(environment, flags)
    return {each.option.name: (each.value, each.origin) for each in found}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config" / "outcrop" / "server.toml"
    path.parent.mkdir(parents=True)
    return path


def test_flags_go_before_variables_before_the_file_before_defaults(file: Path) -> None:
    file.write_text(
        'port = 1\nhost = "::1"\nstop_grace_s = 5\nmax_body_bytes = "2MiB"\nallowed_hosts = ["a", "b"]\n'
    )
    found = origins(
        {"OUTCROP_CONFIG": str(file), "OUTCROP_PORT": "2", "OUTCROP_HOST": "localhost"}, {"port": "3"}
    )
    assert found["port"] == (3, "--port")
    assert found["host"] == ("localhost", "OUTCROP_HOST")
    assert found["stop_grace_s"] == (5, f"{file}, line 3")
    assert found["max_body_bytes"] == (2 << 20, f"{file}, line 4")
    assert found["allowed_hosts"] == (("a", "b"), f"{file}, line 5")
    assert found["log_format"] == ("auto", "default")


def test_a_flag_for_no_goes_before_a_variable_for_yes() -> None:
    found = origins({"OUTCROP_ALLOW_ANONYMOUS": "1"}, {"allow_anonymous": False})
    assert found["allow_anonymous"] == (False, "--allow-anonymous")


def test_the_file_at_its_default_place_is_read_and_another_is_read_instead(
    file: Path, tmp_path: Path
) -> None:
    file.write_text("port = 1")
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    assert origins(environment, {})["port"] == (1, f"{file}, line 1")
    other = tmp_path / "other.toml"
    other.write_text("port = 2")
    assert origins(environment, {"config": str(other)})["port"] == (2, f"{other}, line 1")
    assert origins({"HOME": str(tmp_path)}, {})["port"] == (5115, "default")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\nprot = 1", "'prot' in FILE, line 2, is no option. Did you mean 'port'?"),
        ("zzzzzz = 1", "'zzzzzz' in FILE, line 1, is no option. Valid are host, port, store,"),
        ("\n\n[server]\nport = 1", "[server] in FILE, line 3: there are no tables"),
        ("port = 70000", "port in FILE, line 1, is '70000': give a whole number from 0 to 65535"),
        ('port = "1"', "port in FILE, line 1, is '1': give a number, without quotes"),
        ("port = true", "port in FILE, line 1, is 'True': give a number, without quotes"),
        ('allow_anonymous = "yes"', "give true or false, without quotes"),
        ('log_format = "jsn"', "'jsn': give auto, human or json. Did you mean 'json'?"),
        ('log_level = "loud"', "'loud': give debug, info, warning, error"),
        ('max_body_bytes = "many"', "'many': give bytes, 1 or more, such as 67108864, 64MiB or 2GB"),
        ("allowed_hosts = [1]", "give a list of texts"),
        ("slow_request_ms = -1", "give a number from 0 to 3.6e+06 (milliseconds)"),
        ('config = "a"', "'config' in FILE, line 1, is no option"),
        ("port =", "FILE is no TOML: Invalid value (at end of document)"),
    ],
)
def test_a_wrong_file_is_refused_with_the_line_and_what_is_valid(file: Path, text: str, words: str) -> None:
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        read_settings({}, {"config": str(file)})
    assert words.replace("FILE", str(file)) in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"missing\.toml cannot be read: No such file"):
        read_settings({"OUTCROP_CONFIG": str(tmp_path / "missing.toml")}, {})


def test_a_wrong_flag_names_the_flag() -> None:
    with pytest.raises(SettingsError, match="--max-body-bytes is '0B': give bytes, 1 or more"):
        read_settings({}, {"max_body_bytes": "0B"})


def test_a_misspelt_variable_is_told_and_those_of_the_sdk_are_not() -> None:
    told = misspelt_variables(
        OPTIONS, {"OUTCROP_LOG_LEVLE": "debug", "OUTCROP_TOKEN": "x", "OUTCROP_STORE": "y"}
    )
    assert told == [
        "The variable OUTCROP_LOG_LEVLE means nothing to the server. Did you mean OUTCROP_LOG_LEVEL?"
    ]


def test_every_field_of_the_settings_is_an_option() -> None:
    assert [option.field for option in OPTIONS] == list(Settings.__dataclass_fields__)


def test_the_documentation_has_every_option_as_it_is() -> None:
    assert markdown_table(OPTIONS) in (ROOT / "docs" / "configuration.md").read_text()


@pytest.mark.parametrize("name", ["configuration.md", "running.md"])
def test_the_files_in_the_documentation_are_right(name: str, file: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / name).read_text(), re.DOTALL)
    file.write_text(example)
    assert read_settings({}, {"config": str(file)})[0].store == Path("/var/lib/outcrop/outcrop.db")


def test_what_print_config_shows_is_a_file_that_says_the_same(file: Path) -> None:
    settings, found = read_settings({}, {"allowed_hosts": ("a", 'b"\\'), "max_body_bytes": "3000"})
    file.write_text(print_config(found))
    assert read_settings({}, {"config": str(file)})[0] == replace(settings, config=file)


def test_a_secret_is_shown_to_nobody() -> None:
    @dataclass
    class WithSecret:
        key: str = field(default="", metadata=described(Text(), "A key.", is_secret=True))
        size: int = field(default=1, metadata=described(Size(), "A size."))
        is_on: bool = field(default=False, metadata=described(Switch(), "A switch."))

    options = options_of(WithSecret)
    shown = print_config(read_options(options, {"key": "sesame"}, {}))
    assert "sesame" not in shown
    assert '# key = "(hidden)"' in shown
    assert "# --key" in shown


def test_a_wrong_secret_is_repeated_by_no_message() -> None:
    @dataclass
    class WithSecret:
        key: str = field(default="", metadata=described(Text("KEY", ("a", "b")), "A key.", is_secret=True))

    with pytest.raises(SettingsError, match="OUTCROP_KEY is set: give a or b") as caught:
        read_options(options_of(WithSecret), {}, {"OUTCROP_KEY": "sesame"})
    assert "sesame" not in str(caught.value)
