"""`skulens prompts`: templates of what is said to a model, shown and checked."""

import json
import sys
from pathlib import Path

import click

from skulens.cli.lazy import Group
from skulens.cli.options import json_option
from skulens.errors import DataError


@click.group(cls=Group)
def command() -> None:
    """Show a template of what is said to a model; check your own."""


@command.command()
@click.argument("name")
@click.option(
    "--set",
    "given",
    multiple=True,
    metavar="INPUT=VALUE",
    help="Fill an input; lists and tables as JSON, @FILE reads a file. Others show their example.",
)
@click.option("--fields", help="Fields of a schema that the caller gives, with commas between.")
@json_option
def show(name: str, given: tuple[str, ...], fields: str | None, as_json: bool) -> None:
    """Show the template NAME, or a file of your own, and what it says to a model."""
    from skulens.prompts.load import load_prompt

    prompt = load_prompt(name)
    inputs = {slot.name: example_of(slot) for slot in prompt.head.inputs.values()}
    inputs |= dict(read_value(prompt, pair) for pair in given)
    schema = example_schema(fields) if prompt.head.answer.kind == "given" else None
    if fields and schema is None:
        raise click.BadParameter(
            f"the answer of {prompt.name} is {prompt.head.answer}: no schema is given with it",
            param_hint="--fields",
        )
    said = prompt.render(schema, **inputs)
    if as_json:
        click.echo(json.dumps(record_of(prompt) | {"system": said.system, "user": said.user}))
        return
    show_head(prompt)
    pictures = "" if prompt.head.pictures.most == 0 else f"[pictures: {prompt.head.pictures}]\n"
    for title, text in (("system", said.system), ("user", f"{pictures}{said.user}".rstrip())):
        click.secho(f"----- {title} " + "-" * (40 - len(title)), dim=True)
        click.echo(text)
    click.secho("-" * 47, dim=True)
    click.echo(
        f"{len(said.system):,} characters of instructions, {len(said.user):,} of the item; "
        f"{prompt.name} is {prompt.path}"
    )


def example_of(slot) -> object:
    """The example of an input; its name in brackets where the head gives none."""
    if slot.example is not None:
        return slot.example
    name = f"[{slot.name}]"
    return {"list": [name], "table": {name: "[value]"}, "number": 0}.get(slot.kind, name)


def example_schema(fields: str | None) -> dict:
    """The schema of some fields of item intelligence."""
    from skulens.values.schema import make_schema

    paths = fields or "identifiers.gtin,attributes.brand,attributes.certifications"
    return make_schema([path.strip() for path in paths.split(",")])


def read_value(prompt, pair: str) -> tuple[str, object]:
    """INPUT=VALUE as a name and a value of the input's kind."""
    name, equals, text = pair.partition("=")
    slot = prompt.head.inputs.get(name)
    if not equals or slot is None:
        known = ", ".join(prompt.head.inputs) or "none"
        raise click.BadParameter(
            f"expected INPUT=VALUE, got {pair!r}; inputs of {prompt.name}: {known}",
            param_hint="--set",
        )
    if text.startswith("@"):
        text = Path(text[1:]).read_text(encoding="utf-8")
    if slot.kind in ("text", "turn"):
        return name, text
    try:
        return name, json.loads(text)
    except ValueError as e:
        examples = {"list": '["red", "blue"]', "table": '{"colour": "red"}', "number": "77"}
        raise click.BadParameter(
            f"{name!r} is a {slot.kind}: write JSON such as {examples[slot.kind]} ({e})",
            param_hint="--set",
        ) from e


def record_of(prompt) -> dict:
    """A template's head for programs."""
    head = prompt.head
    return {
        "name": prompt.name,
        "version": prompt.version,
        "sha256": prompt.sha256,
        "purpose": head.purpose,
        "source": head.source,
        "printed": head.printed,
        "inputs": {
            s.name: {"about": s.about, "kind": s.kind, "optional": s.optional, "shared": s.shared}
            for s in head.inputs.values()
        },
        "pictures": {"least": head.pictures.least, "most": head.pictures.most},
        "answer": head.answer.kind,
        "schema": head.answer.schema,
        "sampling": dict(head.sampling),
        "notes": head.notes,
    }


def show_head(prompt) -> None:
    """The head for people."""
    head = prompt.head
    version = f".v{prompt.version}" if prompt.version else ""
    click.secho(f"{prompt.name}{version}: {head.purpose}", bold=True)
    rows = [
        ("from", f"{head.source} ({head.printed})" if head.source else "a file of your own"),
        ("pictures", f"{head.pictures}. {head.pictures.about}".rstrip(". ")),
        ("answer", str(head.answer)),
        ("sampling", json.dumps(dict(head.sampling)) if head.sampling else ""),
        ("sha256", prompt.sha256),
    ]
    for label, text in rows:
        if text:
            click.echo(f"{label:<9} {text}")
    for slot in head.inputs.values():
        how = [slot.kind, *(["optional"] if slot.optional else [])]
        how += ["the same for a whole run"] if slot.shared else []
        click.echo(f"{'input':<9} {slot.name} ({', '.join(how)}): {slot.about}")
    if head.added:
        click.echo(f"{'ours':<9} " + " | ".join(head.added))
    if head.notes:
        click.echo(f"\n{head.notes}")
    click.echo()


@command.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@json_option
def check(files: tuple[Path, ...], as_json: bool) -> None:
    """Check templates: FILES of your own, or names of ours. Exit status 1 where there are findings.

    Slots that are not declared, unused or break a sentence when empty; instructions after the
    pictures; schemas that not every engine understands; characters and tokens that models take for
    something else.
    """
    from skulens.prompts.lint import lint_file
    from skulens.prompts.load import find_prompt

    found = []
    for file in files:
        path = find_prompt(str(file))
        found += [(path, f) for f in [*lint_file(path), *lint_schemas(path)]]
    if as_json:
        rows = [
            {"file": str(p), "line": f.line, "rule": f.rule, "message": f.message} for p, f in found
        ]
        click.echo(json.dumps({"findings": rows}))
    else:
        for path, f in found:
            click.echo(f"{path}:{f.line}: {f.message} ({f.rule})")
        templates = f"{len(files)} template{'' if len(files) == 1 else 's'}"
        click.echo(f"{len(found)} finding{'' if len(found) == 1 else 's'} in {templates}")
    if found:
        sys.exit(1)


def lint_schemas(path: Path) -> list:
    """Findings of the schema in the head: here, since prompts lie below chat."""
    from skulens.chat.schemas.check import check_schema
    from skulens.prompts.lint import Finding
    from skulens.prompts.load import read_prompt

    try:
        schema = read_prompt(path).head.answer.schema
    except DataError:
        return []  # what keeps it from being read is a finding of `lint_file`
    try:
        if schema is not None:
            check_schema(schema)
    except DataError as e:
        return [Finding(1, "schema", str(e))]
    return []
