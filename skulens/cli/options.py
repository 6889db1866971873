"""Options that several commands share."""

from collections.abc import Callable

import click

DATA_HELP = "DATA is a folder or table of yours, or a dataset name of `skulens list datasets`."


def mapping(_ctx, _param, pairs: tuple[str, ...]) -> dict[str, str]:
    """--map id=sku --map image=photo -> {"id": "sku", "image": "photo"}."""
    for pair in pairs:
        if "=" not in pair:
            raise click.BadParameter(f"expected FIELD=COLUMN, such as id=sku, got {pair!r}")
    return dict(pair.split("=", 1) for pair in pairs)


def catalog_options(command: Callable) -> Callable:
    return click.option(
        "--map",
        "map_",
        multiple=True,
        callback=mapping,
        metavar="FIELD=COLUMN",
        help="Column of your table that holds a field (id, title, image, split ...); "
        "may be repeated.",
    )(command)


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

    return open_catalog(data, **({"map": map_} if map_ else {}))
