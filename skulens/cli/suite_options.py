"""Options of a suite's command: those of every suite, and those made from its Settings."""

import ast
import inspect
import itertools
import textwrap
import typing
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import click

ENCODER_OPTIONS = (
    click.option(
        "--dtype",
        default="auto",
        type=click.Choice(["auto", "float32", "bfloat16"]),
        show_default=True,
        help="Of the forward pass; auto: float32 on a CPU, bfloat16 on a GPU.",
    ),
    click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1 ..."),
    click.option(
        "--batch",
        type=click.IntRange(min=1),
        default=32,
        show_default=True,
        help="Parts of one forward pass.",
    ),
    click.option(
        "--threads",
        type=click.IntRange(min=0),
        default=0,
        help="Worker threads; 0 is one per core.",
    ),
    click.option(
        "--together",
        type=click.IntRange(min=1),
        default=4,
        show_default=True,
        help="Encoders in memory at once; they share the decoding of each picture.",
    ),
    click.option("--no-cache", is_flag=True, help="Neither read nor keep vectors."),
    click.option(
        "--no-cost",
        is_flag=True,
        help="Do not measure memory and latency, which takes a process of its own and some seconds "
        "per encoder; what is remembered of earlier runs is shown.",
    ),
)
PLAN_OPTIONS = (
    click.option(
        "--plan", is_flag=True, help="Only say what it will take: download and hours, estimated."
    ),
    click.option(
        "--speed",
        "speeds",
        multiple=True,
        metavar="ENCODER=PHOTOS_PER_S",
        help="Of --plan: a rate that was measured; may be repeated. Default: those of RESULTS.",
    ),
)


def setting_options(settings: Any) -> list[Callable]:
    """An option for every field: its type and default, the sentence below it as help."""
    hints, helps = typing.get_type_hints(settings), field_sentences(settings)
    return [
        setting_option(f.name, hints[f.name], f.default, helps.get(f.name, ""), f.metadata)
        for f in fields(settings)
    ]


def setting_option(
    name: str, hint: object, default: object, sentence: str, about: Mapping[str, Any]
) -> Callable:
    """One option of a suite; its numbers are at least `about["least"]`, else 0."""
    args = typing.get_args(hint)
    if typing.get_origin(hint) is tuple:
        flag = f"--{name.removesuffix('s').replace('_', '-')}"  # typed once for each value
        return click.option(
            flag, name, multiple=True, type=kind_of(args[0], about), default=default, help=sentence
        )
    flag = f"--{name.replace('_', '-')}"
    if typing.get_origin(hint) is typing.Literal:
        kind: object = click.Choice(list(args))
    elif hint is bool:
        return click.option(
            f"{flag}/--no-{flag[2:]}", name, default=default, show_default=True, help=sentence
        )
    else:
        kind = kind_of(hint, about)
    return click.option(flag, name, type=kind, default=default, show_default=True, help=sentence)


def kind_of(hint: object, about: Mapping[str, Any]) -> object:
    """The type of an option: numbers are refused at the door."""
    ranges = {int: click.IntRange, float: click.FloatRange}
    return ranges[hint](min=about.get("least", 0)) if hint in ranges else hint


def field_sentences(settings: type) -> dict[str, str]:
    """Field -> the string that stands below it in the source."""
    try:
        source = textwrap.dedent(inspect.getsource(settings))
    except (OSError, TypeError):  # installed without its source: options without a sentence
        return {}
    body = ast.parse(source).body[0].body  # type: ignore[attr-defined]
    found = {}
    for this, below in itertools.pairwise(body):
        match this, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(sentence))),
            ):
                found[name] = " ".join(sentence.split())
    return found
