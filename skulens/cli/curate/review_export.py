"""`skulens curate review-export`: tasks for Label Studio, in which people judge queries."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from skulens.cli.completion import ENCODER
from skulens.cli.options import OUTSIDE, catalog_options, json_option, open_data

if TYPE_CHECKING:
    from skulens.curate.review.export import Exported


@click.command("review-export")
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False),
              help="Folder for tasks and labeling configuration.")  # fmt: skip
@click.option("--split", help="Only queries of this split.")
@click.option("--sample", default=0, type=click.IntRange(min=0),
              help="So many queries, in proportion to --stratify; 0 is all.")  # fmt: skip
@click.option(
    "--stratify", multiple=True, default=("language", "class", "n_conditions", "method"),
    show_default=True, help="Tag of which the sample gets its share; may be repeated.",
)  # fmt: skip
@click.option("--candidates", default=30, show_default=True, type=click.IntRange(min=1),
              help="Most products to judge for a query.")  # fmt: skip
@click.option("--encoder", type=ENCODER, help="Ranks candidates by similarity to the query's pictures: a row of "
              "`skulens list encoders`. Without one they come in catalogue order.")  # fmt: skip
@click.option(
    "--pictures", type=click.Choice(["embed", "serve", "copy"]), default="embed", show_default=True,
    help="embed: small, in the tasks; serve: Label Studio reads them where they are; copy: it "
    "reads copies below OUT. serve and copy need --served-root.",
)  # fmt: skip
@click.option(
    "--served-root", type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Label Studio's LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT.",
)  # fmt: skip
@click.option("--naming", type=click.Choice(["one", "paper"]), default="one", show_default=True,
              help="paper: a file per task, product_category_{Number}.json.")  # fmt: skip
@click.option("--round", "number", default=1, show_default=True, type=click.IntRange(min=1),
              help="A later round is drawn from the --first ones.")  # fmt: skip
@click.option("--first", "exports", multiple=True,
              type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Label Studio's export of an earlier round; may be repeated.")  # fmt: skip
@click.option("--annotator", "annotators", multiple=True,
              help="Who filled an export of --first, one for each, in order.")  # fmt: skip
@click.option("--blind", is_flag=True, help="A later round sees nothing of what was said before.")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of the sample and its order.",
)
@catalog_options
@json_option
def command(
    folder,
    out,
    split,
    sample,
    stratify,
    candidates,
    encoder,
    pictures,
    served_root,
    naming,
    number,
    exports,
    annotators,
    blind,
    seed,
    map_,
    as_json,
) -> None:
    """Write the queries of FOLDER as tasks for Label Studio.

    People keep, rewrite or delete a query, add answers, or call it ambiguous; answers that are
    known are filled in. A second round (--round 2 --first EXPORT) asks what was disputed or
    ambiguous.
    """
    from skulens.cli.curate.compose import Phases
    from skulens.cli.curate.expand import open_embedder
    from skulens.curate.asked.folders import read_queries
    from skulens.curate.review.export import ReviewPlan, export_tasks

    if (number > 1) != bool(exports):
        raise click.UsageError("a round after the first needs --first, and the first has none")
    if (pictures != "embed") != (served_root is not None):
        raise click.UsageError("--pictures serve and copy need --served-root, and embed has none")
    queried = read_queries(open_data(folder, map_))
    if split and split not in queried.catalog.info.splits:
        raise click.UsageError(
            f"no split {split!r}; the folder has {', '.join(queried.catalog.info.splits)}"
        )
    asked = [q for q in queried.queries if not split or split in queried.splits[q.id]]
    rulings, unread = earlier(exports, annotators, asked)
    plan = ReviewPlan(sample, stratify, candidates, number, blind, naming, seed)
    show = way_to_show(pictures, out, served_root)
    embedder = open_embedder(encoder) if encoder else None
    with Phases() as phases:
        found = export_tasks(
            asked, queried.products, out, show, plan, embedder, rulings,
            [*queried.rejects, *unread], phases.begin,
        )  # fmt: skip
    if as_json:
        record = {
            "folder": str(out),
            "files": [str(path) for path in found.files],
            "tasks": found.tasks,
            "unshown_answers": found.unshown_answers,
            "rejects": len(found.rejects),
        }
        click.echo(json.dumps(record))
        return
    print_exported(found, served_root)
    outside = " --allow-outside" if click.get_current_context().meta.get(OUTSIDE) else ""
    click.echo(
        f"{found.tasks:,} tasks in {len(found.files)} files: {out}; paste labeling-config.xml into "
        "a project of Label Studio, import the tasks, export as JSON, then "
        f"skulens curate review-import {folder} EXPORT.json --out NEW{outside}"
    )


def print_exported(found: "Exported", served_root: Path | None) -> None:
    """What was left out, and what Label Studio needs to show served pictures."""
    for reject in found.rejects[:5]:
        click.echo(f"{reject.source}: {reject.item}: {reject.reason}; {reject.todo}")
    if len(found.rejects) > 5:
        click.echo(f"{len(found.rejects):,} rejects, the others in {found.folder / 'review.json'}")
    if found.unshown_answers:
        click.echo(f"{found.unshown_answers:,} known answers are not shown; see --candidates")
    if served_root is not None:
        click.echo(
            "Label Studio has to run with LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true and "
            f"LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT={served_root.resolve()}, and the project "
            "needs a source storage Local files at the folder of the pictures"
        )


def way_to_show(pictures: str, out: Path, root: Path | None):
    """How pictures get into tasks."""
    from skulens.curate.review.pictures import copy_to, embed, serve_from

    if root is None:
        return embed
    return serve_from(root) if pictures == "serve" else copy_to(out / "images", root)


def earlier(exports, annotators, queries):
    """(rulings of earlier rounds, None without any; rejects)."""
    from skulens.curate.review.answers import read_exports
    from skulens.curate.review.rulings import settle

    if not exports:
        return None, []
    by_id = {q.id: q for q in queries}
    answers, rejects = read_exports(exports, by_id, name_exports(exports, annotators))
    return settle(answers, by_id), rejects


def name_exports(exports, annotators) -> dict[Path, str]:
    """Export -> who filled it, where that is said."""
    if annotators and len(annotators) != len(exports):
        raise click.UsageError(f"{len(annotators)} annotators for {len(exports)} exports")
    return dict(zip(exports, annotators, strict=False))
