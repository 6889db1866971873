"""`skulens replies`: what models were asked, what it cost and what failed."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skulens.cli.asked import number, short
from skulens.cli.asking import classes, prices_option, replies_option
from skulens.cli.lazy import Group
from skulens.cli.options import json_option

if TYPE_CHECKING:
    from skulens.chat.batch.results import BatchResults
    from skulens.chat.replies.spending import Spending

store_argument = click.argument(
    "store", type=click.Path(path_type=Path), required=False, metavar="[STORE]"
)
STORE_HELP = "STORE is the folder given as --replies; left out: replies in $SKULENS_CACHE."


def place_of(store: Path | None) -> Path:
    """The folder of the reply store."""
    from skulens.files import cache_folder

    return store or cache_folder() / "replies"


@click.group(cls=Group)
def command() -> None:
    """What models were asked, what it cost and what failed."""


@command.command(epilog=STORE_HELP)
@store_argument
@click.option("--run", default="", help="Only this run, named as the table names it.")
@prices_option
@json_option
def show(store: Path | None, run: str, prices: Path | None, as_json: bool) -> None:
    """Runs with their questions, failures, tokens and money, and what a million items would cost.

    Money is computed anew each time, from the tokens that were reported and the price table.
    """
    from skulens.chat.money.ledger import Prices
    from skulens.chat.replies.spending import sum_spending, total_money
    from skulens.chat.replies.stored import count_outcomes, open_stored

    table = Prices.read(prices)
    folder = place_of(store)
    with open_stored(folder) as db:
        rows, outcomes = sum_spending(db, table, run), count_outcomes(db)
    answered = outcomes.pop("", 0)
    if as_json:
        money, unknown = total_money(rows)
        body = {
            "store": str(folder),
            "answered": answered,
            "failed": outcomes,
            "runs": [row.record() | {"price": price_said(row, table)} for row in rows],
            "money": money,
            "questions_of_unknown_money": unknown,
        }
        click.echo(json.dumps(body, ensure_ascii=False))
        return
    if rows:
        print_runs(rows)
    for sentence in remarks(rows, table):
        click.echo(sentence)
    click.echo(last_line(answered, outcomes, rows, folder))


def price_said(row: "Spending", prices: Any) -> str | None:
    price = prices.find(row.model)
    return price.says() if price is not None else None


def print_runs(rows: "list[Spending]") -> None:
    """One line per run, stage and model."""
    import re
    import time

    from skulens.report.console import show
    from skulens.report.grid import Grid

    table = Grid()
    for name in ("run", "stage", "engine"):
        table.add_column(name, "name")
    for name in ("asked", "answered", "failed", "tokens", "money"):
        table.add_column(name, "number", drop=name == "tokens")
    for row in rows:
        begun = time.strftime("%Y-%m-%d %H:%M", time.localtime(row.first))
        dated = row.run if re.search(r"\d{4}-\d\d-\d\d", row.run) else f"{row.run} {begun}"
        table.add_row(
            dated, row.stage, row.model,
            f"{row.questions:,}", f"{row.answered:,}",
            "\n".join(f"{n:,} {error}" for error, n in row.failed.items()) or "0",
            f"{short(row.tokens['input_tokens'])} + {short(row.tokens['output_tokens'])}",
            money_said(row.money, row.currency, row.uncounted),
        )  # fmt: skip
    show(table)


def money_said(money: float | None, currency: str, uncounted: int = 0) -> str:
    """ "0.42 USD"; "unknown"; "> 0.42 USD" where some tokens were not reported."""
    from skulens.chat.money.ledger import money_text

    if money is None:
        return "unknown"
    return f"{'> ' * bool(uncounted)}{money_text(money)} {currency}"


def remarks(rows: "list[Spending]", prices: Any) -> Iterable[str]:
    """Prices that are missing or may be old, and what a million items would take."""
    from skulens.chat.replies.spending import models_without_price

    for model in models_without_price(rows, prices):
        yield f"no price for {model}: {prices.how_to_add(model)}"
    for row in rows:
        million = row.for_items()
        if million["tokens"]:
            hours = f", {million['hours']:,.1f} h at this rate" if million["hours"] else ""
            yield (
                f"a million items as in {row.run or 'the run without a name'!r} "
                f"({row.stage or 'no stage'}, {row.model}): {short(round(million['tokens']))} "
                f"tokens, {money_said(million['money'], row.currency)}{hours}; "
                f"{money_said(row.money_per_answer, row.currency, row.uncounted)} per answer"
            )
    yield from dict.fromkeys(
        f"price of {row.model}: {price_said(row, prices)}" for row in rows if row.money is not None
    )


def last_line(answered: int, outcomes: dict[str, int], rows: "list[Spending]", folder: Path) -> str:
    """The sums of the store."""
    from skulens.chat.replies.spending import total_money

    if not answered and not outcomes and not rows:
        return f"nothing was asked yet; the store is {folder}"
    failed = ", ".join(f"{n:,} {error}" for error, n in outcomes.items())
    money, unknown = total_money(rows)
    said = [money_said(sum_, currency) for currency, sum_ in money.items()]
    said += [f"unknown for {number(unknown, 'question')}"] * bool(unknown)
    return (
        f"{number(answered, 'answer')} and {number(sum(outcomes.values()), 'failure')}"
        f"{f' ({failed})' if failed else ''}; money: {' and '.join(said) or 'none'}; "
        f"in {folder}"
    )


@command.command(epilog=STORE_HELP)
@store_argument
@click.option(
    "--error",
    "errors",
    type=classes(),
    multiple=True,
    metavar="CLASS",
    help="Only this error class; may be repeated.",
)
@click.option(
    "--most",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Show at most so many; --json gives all.",
)
@json_option
def failed(store: Path | None, errors: tuple[str, ...], most: int, as_json: bool) -> None:
    """Questions without an answer: about which item, and why. The newest first."""
    from skulens.chat.failures import ABOUT
    from skulens.chat.replies.stored import count_outcomes, failures, open_stored

    folder = place_of(store)
    keep = ("key", "item", "stage", "model", "error", "reason", "attempts", "run", "made")
    with open_stored(folder) as db:
        outcomes = {
            e: n for e, n in count_outcomes(db).items() if e and (not errors or e in errors)
        }
        rows = [
            {name: row[name] for name in keep}
            for row in failures(db, errors, None if as_json else most)
        ]
    if as_json:
        click.echo(json.dumps({"store": str(folder), "failed": rows}, ensure_ascii=False))
        return
    for row in rows:
        about = f"{row['item']} ({row['stage']})" if row["stage"] else row["item"]
        click.echo(f"{row['key'][:12]}  {row['error']:<16} {about}: {one_line(row['reason'])}")
    for error, n in outcomes.items():
        click.echo(f"{n:,} {error}: {ABOUT[error]}")  # type: ignore[index]
    total = sum(outcomes.values())
    if not total:
        click.echo(f"no failures{' of this kind' * bool(errors)} in {folder}")
        return
    more = f", {len(rows):,} of them shown" * (total > len(rows))
    click.echo(
        f"{number(total, 'failure')}{more}, in {folder}; `skulens replies one KEY` shows one whole, "
        "`skulens replies forget --error CLASS` lets them be asked again"
    )


def one_line(text: str, most: int = 200) -> str:
    """Without line breaks, cut."""
    flat = " ".join((text or "").split())
    return flat if len(flat) <= most else flat[: most - 3] + "..."


@command.command(epilog=STORE_HELP)
@click.argument("which", metavar="KEY_OR_ITEM")
@store_argument
@prices_option
@json_option
def one(which: str, store: Path | None, prices: Path | None, as_json: bool) -> None:
    """A question and its reply, whole: by its key, the first digits of it, or its item."""
    from skulens.chat.money.ledger import Prices
    from skulens.chat.replies.stored import find_questions, open_stored
    from skulens.errors import DataError

    folder, table = place_of(store), Prices.read(prices)
    with open_stored(folder) as db:
        rows = find_questions(db, which)
    if not rows:
        raise DataError(
            f"no question in {folder} has the key or item {which!r}; keys need their first six "
            "digits at least, as `skulens replies failed` shows them"
        )
    for row in rows:
        row |= cost_said(row, table)
    if as_json:
        click.echo(json.dumps({"store": str(folder), "questions": rows}, ensure_ascii=False))
        return
    for row in rows:
        print_question(row)
    click.echo(f"{number(len(rows), 'question')} of {which!r} in {folder}")


def cost_said(row: dict[str, Any], prices: Any) -> dict[str, Any]:
    """Money of one question; None where it is unknown or paid by the hour."""
    from skulens.chat.replies.stored import money_of

    money, currency = money_of(row, prices)
    return {"money": money, "currency": currency}


def print_question(row: dict[str, Any]) -> None:
    """Every field of a question and its reply, with a heading each."""
    import time

    asked = row["question"] if isinstance(row["question"], dict) else {"parts": []}
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(row["made"]))
    click.secho(f"{row['key']}", bold=True)
    click.echo(f"item {row['item']}, stage {row['stage'] or '-'}, {row['model']}, {when}, run "
               f"{row['run'] or '-'}")  # fmt: skip
    block("instructions", asked.get("system"))
    for part in asked.get("parts", []):
        block("picture (sha256 as sent)", part.get("image"))
        block("text", part.get("text"))
    if asked.get("schema") is not None:
        block("schema", json.dumps(asked["schema"], ensure_ascii=False, indent=1))
    if asked.get("sampling"):
        block("sampling", json.dumps(asked["sampling"], ensure_ascii=False))
    block("answer", row["text"])
    if row["value"] is not None:
        block("value", json.dumps(row["value"], ensure_ascii=False, indent=1))
    if row["error"]:
        block(f"failed: {row['error']}", row["reason"])
    usage = ", ".join(f"{n:,} {name}" for name, n in (row["usage"] or {}).items() if n)
    click.echo(
        f"finish {row['finish'] or '-'}; {usage or 'tokens unknown'}; "
        f"{money_said(row['money'], row['currency'] or '')}; {row['latency_s']:.2f} s, "
        f"attempts: {row['attempts']}\n"
    )


def block(heading: str, text: str | None) -> None:
    if text:
        click.secho(f"--- {heading}", fg="cyan")
        click.echo(text)


@command.command(epilog=STORE_HELP)
@store_argument
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The Parquet file.",
)
@prices_option
@json_option
def export(store: Path | None, out: Path, prices: Path | None, as_json: bool) -> None:
    """Write all questions and replies as one Parquet file, with tokens and money."""
    from skulens.chat.money.ledger import Prices
    from skulens.chat.replies.stored import export_replies, open_stored

    with open_stored(place_of(store)) as db:
        rows = export_replies(db, out, Prices.read(prices))
    if as_json:
        click.echo(json.dumps({"out": str(out), "replies": rows}))
    else:
        click.echo(f"{rows:,} replies in {out} ({out.stat().st_size / 1e6:,.1f} MB)")


@command.command(epilog=STORE_HELP)
@store_argument
@click.option(
    "--error",
    "errors",
    type=classes(),
    multiple=True,
    required=True,
    metavar="CLASS",
    help="Which failures, such as truncated; may be repeated.",
)
@click.option("--run", default="", help="Only those of this run.")
@json_option
def forget(store: Path | None, errors: tuple[str, ...], run: str, as_json: bool) -> None:
    """Remove failures, so that the next run asks their questions again. Answers stay.

    What the failures cost stays in the sums of `skulens replies show`.
    """
    from skulens.chat.replies import stored

    folder = place_of(store)
    found = stored.forget(folder, errors, run)
    if as_json:
        click.echo(json.dumps({"store": str(folder), "forgotten": found}))
        return
    said = ", ".join(f"{n:,} {error}" for error, n in found.items())
    click.echo(f"{number(sum(found.values()), 'failure')} forgotten{f' ({said})' if said else ''} "
               f"in {folder}")  # fmt: skip


@command.command("import")
@click.argument("folder", type=click.Path(path_type=Path), metavar="FOLDER")
@click.argument(
    "results", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="RESULTS..."
)
@replies_option
@json_option
def import_(folder: Path, results: tuple[Path, ...], replies: Path | None, as_json: bool) -> None:
    """Store the results of batch files: FOLDER as --batch wrote it, RESULTS as the server did.

    Give output and error files alike. Then run the asking command again: it asks what is missing.
    """
    from dataclasses import asdict

    from skulens.chat.batch.results import read_batch
    from skulens.chat.replies.store import ReplyStore

    place = place_of(replies)
    with ReplyStore(place) as store:
        counts = read_batch(folder, results, store)
    if as_json:
        record = asdict(counts) | {"replies": str(place)}
        record.pop("noted")
        click.echo(json.dumps(record, ensure_ascii=False))
        return
    for reject in counts.rejects[:20]:
        about = f" ({reject.item})" if reject.item else ""
        click.echo(f"left out: {reject.source}{about}: {reject.reason}; {reject.todo}", err=True)
    if counts.rejected > 20:
        click.echo(f"left out: {number(counts.rejected - 20, 'further line')}", err=True)
    click.echo(import_line(counts, place))


def import_line(counts: "BatchResults", place: Path) -> str:
    """What became of the batch."""
    failed = ", ".join(f"{n:,} {error}" for error, n in counts.failed.items())
    said = [f"{counts.answered:,} answered"]
    if failed:
        said.append(f"{sum(counts.failed.values()):,} failed ({failed})")
    if counts.known:
        said.append(f"{counts.known:,} known before")
    if counts.rejected:
        said.append(f"{number(counts.rejected, 'line')} left out")
    if counts.missing:
        first = ", ".join(counts.missing_items[:3])
        said.append(f"{counts.missing:,} without a result (such as {first})")
    return f"{number(counts.questions, 'question')}: {', '.join(said)}; replies in {place}"
