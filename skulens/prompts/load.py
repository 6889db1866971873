"""Templates of what we say to a model: NAME.vN.md, a YAML head and a jinja2 body.

prompt = load_prompt("openmpr_caption")          # the newest version
said = prompt.render(description="...", tag="...")
Ask(id, (picture, said.user), said.system, template=prompt.sha256)
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from skulens.errors import DataError, unknown

HERE = Path(__file__).parent
FILE = re.compile(r"(?P<name>[a-z0-9_]+)\.v(?P<version>\d+)\.md")
USER = re.compile(r"^-{3,} *user *-{3,}$", re.M)
"""What separates the instructions from the user's turn in a body."""


@dataclass(frozen=True)
class Said:
    """A rendered prompt."""

    system: str
    """Instructions; they stand before the pictures."""
    user: str
    """What is said of this item, after its pictures."""


@dataclass(frozen=True)
class Prompt:
    """A template with what its head says of it."""

    name: str
    version: int
    sha256: str
    """Of the whole file: part of every key of a question made with it."""
    head: Mapping[str, object]
    body: str

    def render(self, **inputs: object) -> Said:
        """Fill the slots.

        Raises:
            DataError: an input is missing or unknown.
        """
        from jinja2 import StrictUndefined, UndefinedError
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        known = set(self.head.get("inputs", {}))  # type: ignore[call-overload]
        if set(inputs) - known:
            raise DataError(
                f"prompt {self.name!r} has no input {sorted(set(inputs) - known)[0]!r}; "
                f"it has {', '.join(sorted(known))}"
            )
        environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
        try:
            filled = environment.from_string(self.body).render(**inputs)
        except UndefinedError as e:
            raise DataError(f"prompt {self.name!r}: {e}; give all its inputs") from e
        parts = USER.split(filled, maxsplit=1)
        system = parts[0].strip()
        user = parts[1].strip() if len(parts) > 1 else ""
        return Said(system, user)


@cache
def known_prompts() -> dict[str, dict[int, Path]]:
    """Name -> version -> file of the templates that come with skulens."""
    found: dict[str, dict[int, Path]] = {}
    for path in sorted(HERE.glob("*.md")):
        if match := FILE.fullmatch(path.name):
            found.setdefault(match["name"], {})[int(match["version"])] = path
    return found


def load_prompt(name: str) -> Prompt:
    """A template by name ("openmpr_caption", "openmpr_caption.v1") or by the path of one's own.

    Raises:
        UnknownName: no such name; names the nearest.
        DataError: the file has no head or its body cannot be parsed.
    """
    import yaml

    plain, _, version = name.partition(".v")
    versions = known_prompts().get(plain)
    if Path(name).is_file():
        path = Path(name)
    elif versions and (not version or int(version) in versions):
        path = versions[int(version) if version else max(versions)]
    else:
        raise unknown("prompt", name, known_prompts(), "skulens list prompts")
    text = path.read_text(encoding="utf-8")
    split = re.fullmatch(r"---\n(.*?)\n---\n(.*)", text, re.S)
    if split is None:
        raise DataError(f"{path} has no head: expected ---, YAML, --- before the template")
    match = FILE.fullmatch(path.name)
    return Prompt(
        match["name"] if match else path.stem,
        int(match["version"]) if match else 0,
        hashlib.sha256(text.encode()).hexdigest(),
        yaml.safe_load(split[1]),
        split[2],
    )
