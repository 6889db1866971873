"""Groups whose commands are imported when they are typed, so that --help stays instant."""

import importlib
from collections.abc import Mapping

import click


class LazyGroup(click.Group):
    """A group of commands that are named, not imported.

    Args:
        commands: name -> one line of help; the command is `package.<name>:command`, or where the
            package says so in `places`.
        package: the package whose modules define the commands.
        places: name -> "module:attribute" within the package, of commands that share a module.
    """

    def __init__(
        self,
        *args,
        lazy: Mapping[str, str],
        package: str,
        places: Mapping[str, str] | None = None,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self.lazy, self.package, self.places = lazy, package, places or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.lazy)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.lazy:
            return None
        place = self.places.get(name, f"{name.replace('-', '_')}:command")
        module, _, attribute = place.partition(":")
        return getattr(importlib.import_module(f"{self.package}.{module}"), attribute)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self.lazy.items()))
