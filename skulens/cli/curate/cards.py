"""`skulens curate cards`, `lint-cards`, `import-cards`: attribute cards made, checked, imported."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import click

from skulens.cli.completion import DATA
from skulens.cli.curate.engine import optional_engine
from skulens.cli.options import DATA_HELP, catalog_options, json_option, open_data
from skulens.cli.progress import watch

claims_option = click.option(
    "--claims", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Claims of any reader, or any table with a row per product or per fact: they take the "
    "place of the products' own attributes.",
)  # fmt: skip


@click.command("cards", epilog=DATA_HELP)
@click.argument("data", type=DATA)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the cards.",
)  # fmt: skip
@claims_option
@click.option("--open", "open_set", is_flag=True,
              help="Let the engine read attributes of any name from pictures and texts first.")  # fmt: skip
@click.option("--class", "kind", default="", metavar="NAME",
              help="Class of products without a category.  [default: they are rejected]")  # fmt: skip
@click.option("--rank-by", type=click.Choice(["frequency", "distinct", "tfidf"]),
              default="frequency", show_default=True,
              help="What puts keys first: products, different values, or products weighted down "
              "where every class has the key.")  # fmt: skip
@click.option("--keys", default=100, show_default=True, type=click.IntRange(min=1),
              help="Most keys of a card.")  # fmt: skip
@click.option("--values", default=100, show_default=True, type=click.IntRange(min=1),
              help="Most values of a key.")  # fmt: skip
@click.option("--least", default=1, show_default=True, type=click.IntRange(min=1),
              help="Products that have a value, at least.")  # fmt: skip
@click.option("--choose-keys", default=20, show_default=True, type=click.IntRange(min=1),
              help="Most keys that the engine chooses.")  # fmt: skip
@click.option("--choose-values", default=20, show_default=True, type=click.IntRange(min=1),
              help="Most values of a key that the engine chooses.")  # fmt: skip
@optional_engine
@catalog_options
@json_option
def command(
    data,
    out,
    claims,
    open_set,
    kind,
    rank_by,
    keys,
    values,
    least,
    choose_keys,
    choose_values,
    asking,
    map_,
    as_json,
) -> None:
    """Make attribute cards from the attributes of DATA: one YAML file per class, to be edited.

    Keys and values are normalised, implausible keys refused, the rest counted per class. With
    --engine a model checks the keys, then chooses keys and values as MERIT does; without one the
    cards hold the most frequent.
    """
    from skulens.curate.cards.make import CardPlan, check_folder, count_catalog, draw_up, write_made
    from skulens.curate.cards.model import Answers

    if open_set and asking is None:
        raise click.UsageError("--open lets a model read the products: give --engine too")
    check_folder(out)
    plan = CardPlan(rank_by, keys, values, least)
    catalog, answers = open_data(data, map_), Answers()
    with opened(asking, "cards") as asked:
        products = watch(catalog.products(), "products")
        products = read_products(products, claims, open_set, asked, answers)
        found = count_catalog(products, answers.rejects.append, kind)
        made = draw_up(found, plan)
        if asked is not None and not answers.open:
            made = ask_for_cards(made, asked, (choose_keys, choose_values), answers)
        if asked is not None and answers.open:
            click.echo(json.dumps(asked.record()) if as_json else asked.last_line())
            return
        settings = asdict(plan) | {"data": catalog.info.name}
        if asked is not None:
            settings |= {"engine": asked.info.name, "choose_keys": choose_keys,
                         "choose_values": choose_values, "open": open_set}  # fmt: skip
        rejects = (*catalog.rejects, *made.rejects, *answers.rejects)
        write_made(out, made, rejects, settings, found)
        finish(out, asked, as_json)


def opened(asking, run: str):
    """The engine of a command, or nothing that can be closed."""
    from contextlib import nullcontext

    return asking.open(run) if asking is not None else nullcontext()


def read_products(products, claims: Path | None, open_set: bool, asked, answers) -> Iterator:
    """Products with their own attributes, those of a claims table, or those that a model reads."""
    if claims is not None:
        from skulens.curate.cards.claims import read_claimed, with_claims

        claimed = read_claimed(claims, answers.rejects.append)
        return with_claims(products, claimed, answers.rejects.append)
    if open_set:
        from skulens.curate.cards.model import open_attributes

        return open_attributes(products, asked, answers)
    return products


def ask_for_cards(made, chat, most: tuple[int, int], answers):
    """Check, then choose keys, then values; stops where batch files have to be answered first."""
    from skulens.curate.cards.model import check_keys, choose_keys, choose_values

    steps: list[Callable] = [
        lambda made: check_keys(made, chat, answers),
        lambda made: choose_keys(made, chat, most[0], answers),
        lambda made: choose_values(made, chat, most[1], answers),
    ]
    for step in steps:
        if not answers.open:
            made = step(made)
    return made


def finish(out: Path, asked, as_json: bool) -> None:
    from skulens.curate.cards.make import read_made

    record = read_made(out)
    if as_json:
        asking = {"asking": asked.record()} if asked is not None else {}
        click.echo(json.dumps({"folder": str(out)} | record | asking, ensure_ascii=False))
        return
    for kind, counts in record["cards"].items():
        click.echo(f"{kind:<16} {counts['keys']:>3} keys  {counts['values']:>5,} values")
    for refused in record["refused"][:10]:
        click.echo(f"refused: {refused['kind']}: {refused['key']}: {refused['reason']}")
    if len(record["refused"]) > 10:
        click.echo(f"refused: {len(record['refused']) - 10:,} more keys, in {out / 'made.json'}")
    if asked is not None:
        click.echo(asked.last_line())
    click.echo(
        f"{len(record['cards'])} cards over {record['products']:,} products, "
        f"{len(record['refused']):,} keys refused, {record['rejects']:,} rejects: {out}; edit "
        f"them, then skulens curate lint-cards {out}"
    )


@click.command("lint-cards")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--strict", is_flag=True, help="Exit with status 1 where there are errors.")
@click.option("--notes/--no-notes", default=True, help="Show notes, beside errors and warnings.")
@json_option
def lint_cards(folder, strict, notes, as_json) -> None:
    """Name what is wrong with the attribute cards of FOLDER, as FILE:KEY.

    Duplicates, mixed case, empty lists, clashing synonyms, keys and values that overlap, one key
    under several names across cards. Reads MERIT's JSON cards, too.
    """
    from skulens.curate.cards.lint import lint_folder

    found = lint_folder(folder)
    counts: Counter[str] = Counter(problem.level for problem in found)
    shown = [p for p in found if notes or p.level != "note"]
    if as_json:
        problems = [asdict(p) for p in shown]
        told: dict[str, object] = {"folder": str(folder), **counts, "problems": problems}
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        for p in shown:
            click.echo(f"{p.level:<7} {p.place}: {p.said} [{p.rule}]")
        said = ", ".join(f"{counts[level]:,} {level}s" for level in ("error", "warning", "note"))
        click.echo(
            f"{said} in {folder}; mend them, then skulens curate annotate DATA --cards {folder}"
        )
    if strict and counts["error"]:
        sys.exit(1)


@click.command("import-cards")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the YAML cards.",
)  # fmt: skip
@json_option
def import_cards(folder, out, as_json) -> None:
    """Turn MERIT's JSON cards in FOLDER into YAML cards, in small letters, duplicates joined."""
    from skulens.curate.cards.files import read_cards, write_cards
    from skulens.curate.cards.make import check_folder
    from skulens.curate.cards.tidy import tidy

    check_folder(out)
    cards, rejects = read_cards(folder)
    tidied = [tidy(card) for card in cards.values()]
    write_cards(out, tidied)
    before, after = (sum(c.count_values() for c in cs) for cs in (cards.values(), tidied))
    if as_json:
        told = {"folder": str(out), "cards": len(tidied), "values": after}
        told |= {"values_before": before, "rejects": [asdict(r) for r in rejects]}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for reject in rejects:
        click.echo(f"rejected: {reject.source}: {reject.reason}; {reject.todo}")
    click.echo(
        f"{len(tidied)} cards, {after:,} values ({before - after:,} duplicates joined): {out}; "
        f"next: skulens curate lint-cards {out}"
    )
