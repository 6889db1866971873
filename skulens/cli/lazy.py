"""Groups whose commands are imported when they are typed, so that --help stays instant."""

import importlib
import sys
from collections.abc import Mapping

import click

from skulens.errors import nearest

PATH = "skulens.path"
"""Key of the names of the commands typed, in the context."""
GOES_ON = {
    ("bench",), ("demo",), ("train",), ("verify",), ("read-labels",), ("world", "make"), ("index", "build"),
}  # fmt: skip
"""Commands that go on where they stopped; so does every one that asks a model."""


class Group(click.Group):
    """A group that names the nearest commands, and that ends with status 130 after Ctrl-C."""

    def resolve_command(self, ctx, args):
        """Raises click.UsageError for an unknown command."""
        name = str(args[0])
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            near = nearest(name, self.list_commands(ctx))
            hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise click.UsageError(f"No such command {name!r}.{hint}", ctx)
        ctx.meta.setdefault(PATH, []).append(name)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            if ctx.parent is not None:
                raise
            click.echo("\r" * sys.stderr.isatty() + describe_stop(self, ctx), err=True)
            ctx.exit(130)


def describe_stop(group: click.Group, ctx: click.Context) -> str:
    """What to say after Ctrl-C: that a command goes on where it stopped, only where it does."""
    path = ctx.meta.get(PATH, [])
    command: click.Command | None = group
    for name in path:
        command = command.get_command(ctx, name) if isinstance(command, click.Group) else None
    asks = command is not None and any("--engine" in p.opts for p in command.params)
    kept = asks or any(tuple(path[: len(p)]) == p for p in GOES_ON)
    if not kept or "--no-cache" in sys.argv:
        return "interrupted"
    return "interrupted; the same command goes on where it stopped"


def suggest_options(error: click.UsageError) -> click.UsageError:
    """The error for an unknown option with the nearest one; click's are in no order."""
    if isinstance(error, click.NoSuchOption) and error.ctx is not None:
        known = [
            o for p in error.ctx.command.get_params(error.ctx) for o in p.opts if o[:2] == "--"
        ]
        near = nearest(error.option_name, known, 1)
        return click.NoSuchOption(error.option_name, possibilities=near, ctx=error.ctx)
    return error


class LazyGroup(Group):
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
