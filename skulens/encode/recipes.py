"""How multimodal language models were trained to embed: what stands around an item's parts.

A model's own folder says it in `embedding.json`, or in sentence-transformers' configuration;
a few published models stand here. Rows of KNOWN were read from the authors' code and have not
been compared with their vectors.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal, get_args

from skulens.errors import EncoderError
from skulens.opening import read_json
from skulens.protocols import Role

SIDECAR = "embedding.json"
EXAMPLE = '{"system": {"query": "Find a product like this.", "document": ""}, "max_tokens": 1800}'
ROLES: tuple[Role, ...] = get_args(Role)
PROMPT_NAMES: Mapping[Role, tuple[str, ...]] = {
    "query": ("query",),
    "document": ("document", "passage", "corpus"),
}
"""Role -> names that models give its prompt, as sentence-transformers looks for them."""
LARGEST = 100_000_000
"""Of the numbers of a recipe."""
Template = Literal["chat", "plain"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is put around an item before the state of the last token becomes its vector."""

    template: Template = "chat"
    """chat: the model's own chat template, one user turn; plain: parts joined by `separator`."""
    system: Mapping[str, str] = field(default_factory=dict)
    """Role -> instruction in the system turn (chat only)."""
    prefix: Mapping[str, str] = field(default_factory=dict)
    """Role -> text before the item's parts."""
    ending: str = ""
    """Put behind everything; its last token is the one that is read."""
    image: str = ""
    """What stands for a picture in a plain template; empty: the processor's own token."""
    separator: str = "\n"
    """Between the parts of a plain template."""
    images_first: bool = False
    """Pictures before texts, whatever the item's order."""
    min_pixels: int | None = None
    max_pixels: int | None = None
    """Of a picture as the model sees it; None: as its processor says."""
    max_tokens: int | None = None
    """Texts of longer items are cut; None: as long as the model can read."""

    def __post_init__(self):
        if self.template not in get_args(Template):
            raise EncoderError(f"template {self.template!r}; expected chat or plain")
        for name in ("system", "prefix"):
            given = getattr(self, name)
            if (
                not isinstance(given, Mapping)
                or set(given) - set(ROLES)
                or not all(isinstance(text, str) for text in given.values())
            ):
                raise EncoderError(
                    f"{name} is {given!r}, expected texts by role, such as {EXAMPLE}"
                )

        for name in ("ending", "image", "separator"):
            if not isinstance(getattr(self, name), str):
                raise EncoderError(f"{name} is {getattr(self, name)!r}, expected a text")
        for name in ("min_pixels", "max_pixels", "max_tokens"):
            given = getattr(self, name)
            if given is not None and (type(given) is not int or not 0 < given <= LARGEST):
                raise EncoderError(f"{name} is {given!r}, expected 1 to {LARGEST:,}")

    @property
    def roles(self) -> tuple[Role, ...]:
        """Both roles where they get different words, else none."""
        query, document = ((self.system.get(role, ""), self.prefix.get(role, "")) for role in ROLES)
        return () if query == document else ROLES


HELPFUL = "You are a helpful assistant."
GME = Recipe(
    system={"query": HELPFUL, "document": HELPFUL},
    ending="<|endoftext|>",
    images_first=True,
    min_pixels=4 * 28 * 28,
    max_pixels=1280 * 28 * 28,
    max_tokens=1800,
)
KNOWN = {
    "gme-qwen2-vl-2b-instruct": GME,
    "gme-qwen2-vl-7b-instruct": GME,
}
"""By the last part of the repository's name, lower case."""


def find_recipe(folder: Path, name: str) -> tuple[Recipe, str]:
    """(recipe, where it comes from); the source is empty where nothing says how the model embeds.

    Raises:
        EncoderError: an embedding.json that is not one.
    """
    if (folder / SIDECAR).is_file():
        return read_recipe(folder / SIDECAR), SIDECAR
    short = Path(name).name.lower()
    if short in KNOWN:
        return KNOWN[short], "skulens"
    prompts = read_prompts(folder / "config_sentence_transformers.json")
    if prompts:
        return Recipe(system=prompts), "config_sentence_transformers.json"
    return Recipe(), ""


def read_recipe(path: Path) -> Recipe:
    """A recipe from JSON."""
    written = read_json(path)
    known = {f.name for f in fields(Recipe)}
    extra = set(written) - known
    if extra:
        raise EncoderError(
            f"{path}: {', '.join(sorted(extra))} unknown; expected of {', '.join(sorted(known))}, "
            f"for example {EXAMPLE}"
        )
    try:
        return Recipe(**written)
    except EncoderError as e:
        raise EncoderError(f"{path}: {e}") from None


def read_prompts(path: Path) -> dict[str, str]:
    """Role -> prompt of sentence-transformers' configuration; empty where it has none."""
    if not path.is_file():
        return {}
    written = read_json(path)
    prompts, default = written.get("prompts") or {}, written.get("default_prompt_name")
    texts = isinstance(prompts, dict) and all(isinstance(p, str | None) for p in prompts.values())
    if not texts or not isinstance(default, str | None):
        raise EncoderError(f"{path}: prompts should be texts by name, and a default one of them")
    return choose_prompts(prompts, default)


def choose_prompts(prompts: Mapping[str, str | None], default_name: str | None) -> dict[str, str]:
    """Role -> the prompt named for it, else the default one; roles without any are left out."""
    default = prompts.get(default_name or "") or ""
    found = {
        role: next((prompt for name in names if (prompt := prompts.get(name))), default)
        for role, names in PROMPT_NAMES.items()
    }
    return {role: prompt for role, prompt in found.items() if prompt}
