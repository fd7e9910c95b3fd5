"""A command whose subcommands are imported when they are asked for: `tokens list` needs no web server."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


class Later(NamedTuple):
    """A subcommand that is not imported yet."""

    module: str
    attribute: str
    #: What the list of commands says of it: one line of 80 characters, so that the list imports none.
    help: str


class LazyGroup(click.Group):
    """A group that imports a subcommand when it runs."""

    def __init__(self, *args: Any, later: Mapping[str, Later], **kwargs: Any) -> None:
        """As click's own; `later` names the subcommands."""
        super().__init__(*args, **kwargs)
        self.later = later

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in click's order."""
        return sorted(self.later)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """The subcommand, imported; None if there is none of that name."""
        found = self.later.get(cmd_name)
        if found is None:
            return None
        command = getattr(import_module(found.module), found.attribute)
        if not isinstance(command, click.Command):
            message = f"{found.module}.{found.attribute} is not a command"
            raise TypeError(message)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of subcommands with what each does, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.later[name].help) for name in self.list_commands(ctx)])
