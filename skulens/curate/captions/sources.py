"""What a model is told of a product, and what a caption may say: the texts, title and attributes.

By default these are the texts that OpenMPR gives to its model, where a catalogue has them, and the
text that stands for a product in a gallery otherwise.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from skulens.curate.captions.checks import Source, kind_of
from skulens.errors import DataError
from skulens.prompts.load import Prompt
from skulens.records import Attribute, DatasetInfo, Product, Reject

NO_LIMIT = 77
"""What a model is told where no encoder sets a limit: the paper's."""
LONGEST = 50_000
"""Characters of a text that a model is told; longer ones are rejects."""
OPENMPR_TEXTS = ("describe the product in the image?",)
OPENMPR_TAG = ("describe the tag of this product.",)
"""Questions of OpenMPR's product_texts.json that its own script gives to the model."""


@dataclass(frozen=True)
class Settings:
    """What decides the captions beside engine and prompt."""

    texts: tuple[str, ...] = ()
    """Text roles that make up the description, joined; empty: see `choose_roles`."""
    tag: tuple[str, ...] = ()
    """Text roles of the label or tag, joined; see `choose_roles`."""
    attributes: tuple[str, ...] = ()
    """Keys of attributes that the model is told; empty: those of brand, colour, size and shape."""
    retries: int = 2
    """How often a caption that fails is asked for again."""
    only_long: bool = False
    """Leave texts that fit all encoders as they are."""
    temperature: float | None = 0.0
    """Of first questions; None: the engine's own."""
    retry_temperature: float = 0.7
    """Of retries at least, with the attempt's number as seed: a model that takes the likeliest
    word often says the same again."""
    max_tokens: int | None = 0
    """Of an answer, by the model's own tokenizer; 0: four times the least limit of the encoders,
    at least 200; None: the engine's own."""

    def __post_init__(self):
        if self.retries < 0:
            raise DataError(f"expected 0 or more retries, got {self.retries}")

    def sampling(self, tokens: int, attempt: int = 0) -> dict[str, object]:
        """Of the attempt (from 0) at a caption of so many tokens."""
        found: dict[str, object] = {}
        if self.max_tokens is not None:
            found["max_tokens"] = self.max_tokens or max(200, 4 * tokens)
        if attempt:
            found |= {"temperature": max(self.temperature or 0, self.retry_temperature)}
            found |= {"seed": attempt}
        elif self.temperature is not None:
            found["temperature"] = self.temperature
        return found


def roles_of(product: Product) -> list[str]:
    """Roles of its texts; "title" is one."""
    return [*(r for r, text in product.texts.items() if text), *["title"] * bool(product.title)]


def choose_roles(
    settings: Settings, info: DatasetInfo, there: Collection[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(roles of the description, roles of the tag): as asked for, else OpenMPR's own questions
    where the products have them, else the first gallery text that any product has.

    Args:
        there: roles that any product has, in the order of the data.
    Raises:
        DataError: a role that none of them has, or no text at all; names those there are.
    """
    for role in (*settings.texts, *settings.tag):
        if role not in there:
            raise DataError(
                f"no product has a text called {role!r}; texts there are: {', '.join(there)}"
            )
    if settings.texts:
        return settings.texts, settings.tag
    if set(OPENMPR_TEXTS + OPENMPR_TAG) <= set(there):
        return OPENMPR_TEXTS, settings.tag or OPENMPR_TAG
    usual = (*info.gallery_text, "description", "title")
    found = next((r for r in usual if r in there), next(iter(there), ""))
    if not found:
        raise DataError("the products have no texts to make captions of; see `skulens audit`")
    return (found,), settings.tag


def make_source(
    product: Product,
    texts: Sequence[str],
    tag: Sequence[str],
    attributes: Collection[str] = (),
    brands: frozenset[str] = frozenset(),
) -> Source | None:
    """What a caption of a product may say; None where it has none of the texts.

    Args:
        attributes: keys; empty: those that are of a kind in `checks.KINDS`.
        brands: of the whole catalogue.
    """
    kept = [
        a
        for a in product.attributes
        if (a.key in attributes if attributes else kind_of(a.key) is not None)
    ]
    description = "\n".join(t for r in texts if (t := product.text(r)))
    told = "\n".join(t for r in tag if (t := product.text(r)))
    if not description and not told:
        return None
    title = product.title if "title" not in texts else ""
    return Source(product.id, description, told, title, tuple(kept), product.language or "", brands)


def list_attributes(attributes: Sequence[Attribute]) -> str:
    return "\n".join(f"{a.key}: {a.value}" for a in attributes)


def inputs_of(source: Source, prompt: Prompt, tokens: int) -> dict[str, object]:
    """What a template is filled with: of all that we can tell, the slots that it has. Title and
    attributes join the tag (else the description) of a template without slots of their own.

    Raises:
        DataError: the template needs what we do not know.
    """
    slots = prompt.head.inputs
    told: dict[str, object] = {
        "description": source.description or source.tag,
        "tag": source.tag if source.description else "",
        "title": source.title,
        "attributes": list_attributes(source.attributes),
        "tokens": tokens or NO_LIMIT,
        "language": source.language,
    }
    strange = [n for n, slot in slots.items() if n not in told and not slot.optional]
    if strange or not {"description", "tag", "title", "attributes"} & slots.keys():
        what = f"asks for {strange[0]!r}" if strange else "shows nothing of a product"
        raise DataError(
            f"prompt {prompt.name!r} {what}; for captions its inputs are of {', '.join(told)}"
        )
    rest = [str(told[n]) for n in ("title", "attributes") if n not in slots and told[n]]
    home = next((n for n in ("tag", "description") if n in slots), "")
    if home:
        told[home] = "\n".join(filter(None, (str(told[home]), *rest)))
    return {name: told[name] for name in slots if name in told}


def answer_key(prompt: Prompt) -> str | None:
    """Where a caption stands in an answer: the key of its JSON, None for free text.

    Raises:
        DataError: the template's answers have no text that could be the caption.
    """
    answer = prompt.head.answer
    if answer.kind in ("text", "given"):
        return None if answer.kind == "text" else "label"
    found = answer.schema.get("properties", {}) if answer.schema else {}
    texts = [k for k, v in found.items() if isinstance(v, Mapping) and v.get("type") == "string"]
    if "label" in texts or len(texts) == 1:
        return "label" if "label" in texts else texts[0]
    raise DataError(
        f"answers of prompt {prompt.name!r} have {', '.join(texts) or 'no texts'}: expected one "
        'text, or one called "label", to be the caption'
    )


def read_sources(
    products: Iterable[Product],
    settings: Settings,
    roles: tuple[Sequence[str], Sequence[str]],
    brands: frozenset[str],
    reject: Callable[[Reject], object],
) -> Iterator[Source]:
    """Sources of the products that have one; the others, and ids that occurred before, become
    rejects."""
    seen: set[str] = set()
    for number, product in enumerate(products, 1):
        where = f"product {number}"
        if product.id in seen:
            reject(Reject(where, product.id, "the id occurred before", "give it an id of its own"))
            continue
        seen.add(product.id)
        source = make_source(product, *roles, settings.attributes, brands)
        if source is not None and len(source.everything) > LONGEST:
            reason = f"its texts have {len(source.everything):,} characters, at most {LONGEST:,}"
            reject(Reject(where, product.id, reason, "choose a shorter text with --text"))
            continue
        if source is None:
            wanted = " or ".join((*roles[0], *roles[1]))
            todo = "add a text, or choose another with --text"
            reject(Reject(where, product.id, f"it has no text called {wanted}", todo))
            continue
        yield source
