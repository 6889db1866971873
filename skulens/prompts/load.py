"""Templates of what we say to a model: NAME.vN.md, a YAML head and a jinja2 body.

prompt = load_prompt("openmpr_caption")          # the newest version
said = prompt.render(description="...", tag="...", tokens=77)
question = prompt.ask(product.id, [picture], description="...", tag="...", tokens=77)
"""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Template, TemplateSyntaxError

from skulens.errors import DataError, MissingFile, UnknownName, unknown
from skulens.prompts.body import (
    LIMIT,
    Said,
    TooLong,
    compile_turn,
    fill_turn,
    names_used,
    split_turns,
    tame,
    tidy,
)
from skulens.prompts.head import Head, check_value, make_choices, read_head
from skulens.protocols import Ask
from skulens.records import Image, Part

HERE = Path(__file__).parent
FILE = re.compile(r"(?P<name>[a-z0-9_]+)\.v(?P<version>[1-9]\d*)\.md")
SHAPE = re.compile(r"---\n(?P<head>.*?)^---\n(?P<body>.*)", re.S | re.M)
MOST_BYTES = 200_000
"""Largest file that is taken for a template."""


@dataclass(frozen=True)
class Prompt:
    """A template with what its head says of it."""

    name: str
    version: int
    """0 for a file of one's own that names none."""
    sha256: str
    """Of the whole file, with line feeds: part of every key of a question made with it."""
    head: Head
    body: str
    path: Path
    """Where it was read."""

    def __getstate__(self) -> dict[str, Any]:
        """Without what is compiled, so that a prompt can go to another process."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @cached_property
    def turns(self) -> tuple[Template, Template]:
        """The system and the user turn, ready to be filled."""
        system, user = [*split_turns(self.body), ""][:2]
        return compile_turn(system), compile_turn(user)

    @cached_property
    def shows_schema(self) -> bool:
        return any("schema" in names_used(part) for part in split_turns(self.body))

    def render(self, schema: Mapping[str, object] | None = None, **inputs: object) -> Said:
        """Fill the slots. Inputs are data: whatever they hold, the turns stay as they are.

        Args:
            schema: of the answer, for a template that shows the schema its caller gives.
        Raises:
            DataError: an input is missing, empty, unknown or of the wrong type, or a turn gets
                longer than `body.LIMIT` characters: texts are not cut here, since only the caller
                knows what may be lost.
        """
        values = self._values(inputs)
        if self.shows_schema:
            values["schema"] = self._schema(schema, inputs)
        try:
            system, user = (fill_turn(turn, values) for turn in self.turns)
        except TooLong as e:
            longest = max(inputs, key=lambda name: len(str(inputs[name])))
            raise DataError(
                f"prompt {self.name!r} would be longer than {LIMIT:,} characters: shorten the "
                f"input {longest!r} ({len(str(inputs[longest])):,} characters)"
            ) from e
        return Said(system, user)

    def _values(self, inputs: Mapping[str, object]) -> dict[str, Any]:
        """What the template sees."""
        slots = self.head.inputs
        for name in inputs:
            if name not in slots:
                known = ", ".join(slots) or "none"
                raise DataError(f"prompt {self.name!r} has no input {name!r}; its inputs: {known}")
        values = {}
        for slot in slots.values():
            given = inputs.get(slot.name)
            if given is not None:
                try:
                    check_value(slot, given)
                except TypeError as e:
                    raise DataError(f"prompt {self.name!r}: {e}") from e
                given = tidy(str(given)) if slot.kind == "turn" else tame(given)
            if given is None or given in ("", [], {}):
                if not slot.optional:
                    state = "is empty" if inputs.get(slot.name) is not None else "is missing"
                    raise DataError(
                        f"prompt {self.name!r}: the input {slot.name!r} {state} ({slot.about})"
                    )
                given = slot.empty
            values[slot.name] = given
        return values

    def ask(
        self,
        id: str,
        pictures: Iterable[Image] = (),
        *,
        schema: Mapping[str, object] | None = None,
        sampling: Mapping[str, object] | None = None,
        stage: str = "",
        **inputs: object,
    ) -> Ask:
        """The question about one item: its pictures first, then what is said of it.

        Args:
            id: of the item; the reply carries it back.
            schema: of the answer, where the template leaves it to the caller.
            sampling: what differs from the template's own.
        Raises:
            DataError: as `render`; the number of pictures is not what the template is for; a
                schema is missing, or given although the template has one.
        """
        shown = tuple(pictures)
        wanted = self.head.pictures
        if len(shown) < wanted.least or (wanted.most is not None and len(shown) > wanted.most):
            raise DataError(
                f"prompt {self.name!r} is for {wanted} picture(s), item {id!r} has {len(shown)}"
            )
        said = self.render(schema, **inputs)
        schema = self._schema(schema, inputs)
        parts: tuple[Part, ...] = (*shown, said.user) if said.user else shown
        if not parts:
            raise DataError(f"prompt {self.name!r} leaves nothing to say of item {id!r}")
        return Ask(
            id, parts, said.system, schema, {**self.head.sampling, **(sampling or {})},
            self.sha256, stage,
        )  # fmt: skip

    def _schema(
        self, given: Mapping[str, object] | None, inputs: Mapping[str, object]
    ) -> Mapping[str, object] | None:
        """The schema of the answer, from the head, the caller or the choices among the inputs."""
        answer = self.head.answer
        if answer.kind == "given":
            if given is None:
                raise DataError(f"prompt {self.name!r} needs the schema of its answer: schema=...")
            return given
        if given is not None:
            raise DataError(f"prompt {self.name!r} takes no schema: its answer is {answer}")
        if answer.kind == "choices":
            return make_choices(self._values(inputs)[answer.choices])
        return answer.schema


@cache
def known_prompts() -> dict[str, dict[int, Path]]:
    """Name -> version -> file of the templates that come with skulens."""
    found: dict[str, dict[int, Path]] = {}
    for path in sorted(HERE.glob("*.md")):
        if match := FILE.fullmatch(path.name):
            found.setdefault(match["name"], {})[int(match["version"])] = path
    return found


def load_prompt(name: str | Path) -> Prompt:
    """A template by name ("openmpr_caption", "openmpr_caption.v1") or by the path of one's own.

    Raises:
        UnknownName: no such name or version; names the nearest.
        MissingFile: there is no such file.
        DataError: the file is no template; says what is wrong and where.
    """
    return read_prompt(find_prompt(name))


def find_prompt(name: str | Path) -> Path:
    """The file behind a name; a known name wins over a file that happens to be called so."""
    text = os.fspath(name)
    plain, _, version = text.partition(".v")
    if versions := known_prompts().get(plain):
        if not version:
            return versions[max(versions)]
        if version in {str(n) for n in versions}:
            return versions[int(version)]
    path = Path(name)
    if path.is_file():
        return path
    if path.suffix == ".md" or len(path.parts) > 1:
        raise MissingFile(f"there is no prompt file {text!r}: expected a template, NAME.v1.md")
    if versions:
        has = ", ".join(str(n) for n in versions)
        raise UnknownName(f"prompt {plain!r} has no version {version!r}; it has {has}")
    raise unknown("prompt", text, known_prompts(), "skulens list prompts")


def read_prompt(path: Path) -> Prompt:
    """The template in a file."""
    head, body, text = split_file(read_file(path), str(path))
    match = FILE.fullmatch(path.name)
    made = Prompt(
        match["name"] if match else path.name.removesuffix(".md"),
        int(match["version"]) if match else 0,
        hashlib.sha256(text.encode()).hexdigest(),
        read_head(head, str(path)),
        body,
        path,
    )
    try:
        made.turns  # noqa: B018  compile at the door, not at the first item
        used = set().union(*map(names_used, split_turns(body)))
    except TemplateSyntaxError as e:
        raise DataError(f"the body of {path}: {e.message}; see `skulens prompts check`") from e
    if strange := sorted(used - set(made.head.inputs) - {"schema"}):
        raise DataError(f"{path} uses {strange[0]!r}, which is none of the inputs of its head")
    return made


def read_file(path: Path) -> str:
    """The text of a template's file."""
    if path.stat().st_size > MOST_BYTES:
        raise DataError(f"{path} has more than {MOST_BYTES:,} bytes: that is no template")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as e:
        raise DataError(f"{path} is not UTF-8 ({e.reason} at byte {e.start})") from e


def with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def split_file(text: str, file: str) -> tuple[object, str, str]:
    """(parsed head, body, the text with line feeds only)."""
    text = with_line_feeds(text)
    match = SHAPE.fullmatch(text)
    if match is None:
        raise DataError(f"{file} has no head: expected ---, YAML, --- before the template")
    try:
        return yaml.safe_load(match["head"]), match["body"], text
    except (ValueError, RecursionError) as e:  # a date such as 2024-99-99, endless brackets
        raise DataError(f"the head of {file} is no YAML that we can read: {e}") from e
    except yaml.YAMLError as e:
        where = getattr(e, "problem_mark", None)
        line = f" in line {where.line + 2}" if where else ""
        raise DataError(f"the head of {file} is no YAML{line}: {getattr(e, 'problem', e)}") from e
