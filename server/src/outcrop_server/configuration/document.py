"""The table in other forms: for the documentation, and for `--print-config`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outcrop_server.configuration.option import Option
    from outcrop_server.configuration.sources import Found


def markdown_table(options: Sequence[Option]) -> str:
    """The table of docs/configuration.md."""
    rows = ["| In a file | Flag | Variable | Value | Default | |", "|---|---|---|---|---|---|"]
    for option in options:
        name = f"`{option.name}`" if option.is_in_file else ""
        value = (
            " or ".join(f"`{choice}`" for choice in getattr(option.kind, "choices", ()))
            or option.kind.metavar
        )
        unit = f" ({option.unit})" if option.unit else ""
        rows.append(
            f"| {name} | `{option.flag}` | `{option.variable}` | {value or 'yes or no'}{unit} "
            f"| {option.shown_default} | {option.help} |"
        )
    return "\n".join(rows) + "\n"


def print_config(found: Sequence[Found]) -> str:
    """Every value and where it comes from, as a file that would say the same."""
    lines: list[tuple[str, str]] = []
    for each in found:
        shown = f"{each.option.name} = {each.option.shown(each.value)}"
        # TOML has no word for nothing, and a file names no other file.
        is_comment = each.value is None or not each.option.is_in_file or each.option.is_secret
        lines.append((f"# {shown}" if is_comment else shown, each.origin))
    width = max(len(shown) for shown, _ in lines)
    return "".join(f"{shown.ljust(width)}  # {origin}\n" for shown, origin in lines)
