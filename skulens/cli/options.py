"""Options that several commands share."""

from collections.abc import Callable

import click

DATA_HELP = "DATA is a folder or table of yours, or a dataset name of `skulens list datasets`."

OUTSIDE = "skulens.allow_outside"
"""Key of the option's value in the context of a command."""


def mapping(_ctx, _param, pairs: tuple[str, ...]) -> dict[str, str]:
    """--map id=sku --map image=photo -> {"id": "sku", "image": "photo"}."""
    for pair in pairs:
        if "=" not in pair:
            raise click.BadParameter(f"expected FIELD=COLUMN, such as id=sku, got {pair!r}")
    return dict(pair.split("=", 1) for pair in pairs)


def note_outside(context: click.Context, _param, allowed: bool) -> None:
    """Keep the choice for `reader_options`."""
    context.meta[OUTSIDE] = allowed


def catalog_options(command: Callable) -> Callable:
    """Options on how a table is read: `map_` is passed on, the rest is for `reader_options`."""
    outside = click.option(
        "--allow-outside",
        is_flag=True,
        expose_value=False,
        callback=note_outside,
        help="Read pictures that your table names outside its own folder.",
    )
    columns = click.option(
        "--map",
        "map_",
        multiple=True,
        callback=mapping,
        metavar="FIELD=COLUMN",
        help="Column of your table that holds a field (id, title, image, split ...); "
        "may be repeated.",
    )
    return columns(outside(command))


def json_option(command: Callable) -> Callable:
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")(
        command
    )


def patterns_option(command: Callable) -> Callable:
    return click.option(
        "--patterns",
        default=10_000,
        show_default=True,
        type=click.IntRange(min=19),
        help="Sign patterns of the paired test, where there are too many to try all.",
    )(command)


def open_data(data: str, map_: dict[str, str]):
    """The catalogue behind a DATA argument."""
    from skulens.catalog.open import open_catalog

    return open_catalog(data, **reader_options(map_))


def reader_options(map_: dict[str, str]) -> dict[str, object]:
    """What the options of `catalog_options` say to a reader; only what was typed."""
    context = click.get_current_context(silent=True)
    outside = context is not None and context.meta.get(OUTSIDE)
    return ({"map": map_} if map_ else {}) | ({"allow_outside": True} if outside else {})
