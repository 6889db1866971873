"""What makes a query acceptable: MERIT's rules as released, and ours.

The paper (arXiv 2506.03144, appendix A.3) and its code (weichow23/merit, compose_query.py) differ.
`merit` follows, point by point:

    methods            0.3, 0.2, 0.5 of the proposals     code; the paper gives no shares
    condition counts   2, 3, 4 with 0.55, 0.20, 0.25      code; paper 75, 10, 15 %. The third method
                       has always 2, so proposals are 77.5, 10, 12.5 %, and the paper means these
    colours            0.2 of the choices leave them out  code; the paper says "suppresses"
    products           as many as there are conditions    code; the paper says two
    attribute uniform  uniform over keys                  code; the paper says over values
    similar products   siblings of an SPU                 code; paper: pairs marked by people
    identical values   an identical (key, value) refused  code; paper: "the value of attribute i for
                       product a and product b cannot be identical", which also excludes a
                       reference that satisfies the condition of another: not checked in the code
    answers            more than 0 and less than 0.05 of  code; the third method lists only its
                       the pool, references left out      target and tests no share
    hard negatives     the target's other siblings, of    code; some are answers. Siblings that
                       the third method alone             share no key are left out there, not here
    class              not a condition                    code; its template names one
    a reference twice  a query of both its conditions     neither: the code loses the first one

`sound` lists every answer, names the class as a condition, verifies hard negatives and refuses what
makes a reference idle or a query trivial.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from skulens.errors import DataError, nearest, unknown

EXPECTED = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
SAME_CLASS = ("off", "target", "all")
METHODS_MERIT = (
    ("conventional-uniform", 0.3),
    ("attribute-uniform", 0.2),
    ("high-similarity", 0.5),
)
METHODS_SOUND = (
    ("conventional-uniform", 0.48),
    ("attribute-uniform", 0.32),
    ("high-similarity", 0.2),
)
"""MERIT's 3 to 2 of the first two, and a fifth with a sibling: those are the easy ones."""


@dataclass(frozen=True)
class Profile:
    """Rules of a composition; part of a dataset's provenance."""

    name: str = "sound"
    methods: tuple[tuple[str, float], ...] = METHODS_SOUND
    """Samplers of queries with two conditions, or of all, and their shares."""
    shares_of: Literal["accepted", "proposals"] = "accepted"
    """What the shares are of. Methods differ in how much of theirs is accepted, so of proposals
    means that the mixture of accepted queries is whatever comes out."""
    many: str = "target-first"
    """Sampler of queries with three and four conditions; empty: `methods`."""
    rest: str = "target-first"
    """Sampler of what the others could not fill; empty: it is missing."""
    tries: int = 500
    """Proposals of a method for each query asked of it, at least 10,000; then it stops, short."""
    constraints: tuple[str, ...] = (
        "references-distinct",
        "distinct-keys",
        "references-pictured",
        "conditions-decided",
        "one-language",
        "no-reference-satisfies-another",
        "some-answer",
        "answers-share",
        "answers-most",
        "answers-language",
        "class-named",
        "class-same",
        "answers-of-other-spus",
        "no-redundant-reference",
    )
    """Of `constraints.ON_PROPOSALS` and `ON_ANSWERS`; the former are asked first."""
    least_share: float = 0.0
    """Answers as a share of the pool, exclusive."""
    most_share: float = 0.05
    """Answers as a share of the pool, exclusive."""
    most_answers: int = 0
    """Answers of a query; 0: no limit beside the share."""
    same_class: Literal["off", "target", "all"] = "off"
    """Whether answers ("target"), or answers and references ("all"), must be of one class."""
    name_class: bool = True
    """The instruction names the class, which is then a condition with the key "class"."""
    all_answers: bool = True
    """Every product that satisfies a query is its answer; otherwise, where a sampler has a target
    and `sibling_methods` has the sampler, only that."""
    verify_negatives: bool = True
    """Hard negatives are siblings of the target and products that fail one condition; none
    satisfies all. Otherwise siblings of the target of `sibling_methods`, as they are."""
    near: int = 10
    """Hard negatives of a query, if verified."""
    sibling_methods: tuple[str, ...] = ("high-similarity",)
    """Methods whose first reference is a sibling of the target."""

    def __post_init__(self):
        check = {
            "methods": all(share > 0 for _, share in self.methods) and self.methods,
            "shares_of": self.shares_of in ("accepted", "proposals"),
            "tries": self.tries > 0,
            "most_share": 0 <= self.least_share < self.most_share,
            "most_answers": self.most_answers >= 0,
            "same_class": self.same_class in SAME_CLASS,
            "near": self.near >= 0,
        }
        if wrong := next((name for name, good in check.items() if not good), None):
            raise DataError(
                f"profile {self.name!r}: {wrong} cannot be {getattr(self, wrong)!r}; "
                "see skulens.compose.profiles.Profile"
            )

    def lists_target(self, method: str) -> bool:
        """Whether queries of a method list their target alone."""
        return not self.all_answers and method in self.sibling_methods


SOUND = Profile()
MERIT = Profile(
    name="merit",
    methods=METHODS_MERIT,
    shares_of="proposals",
    many="",
    rest="",
    constraints=("distinct-pairs", "some-answer", "answers-share"),
    name_class=False,
    all_answers=False,
    verify_negatives=False,
)
PROFILES = {p.name: p for p in (SOUND, MERIT)}


def read_profile(name: str) -> Profile:
    """A profile by name, or from a YAML file of its fields over those of `base` (default: sound).

    Raises:
        UnknownName: neither a profile nor a YAML file.
        DataError: a file that is no YAML, has fields that are none or values of another type.
    """
    if name in PROFILES:
        return PROFILES[name]
    path = Path(name)
    if path.suffix not in (".yaml", ".yml"):
        see = "skulens curate compose --help"
        raise unknown("profile", name, PROFILES, see)
    return profile_of(load_yaml(path), str(path))


def load_yaml(path: Path) -> dict:
    import yaml

    try:
        found = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as e:
        raise DataError(f"{path} is no profile: {e}") from e
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise DataError(f"{path} holds {type(found).__name__}, expected fields by name")
    return found


def profile_of(settings: dict, source: str) -> Profile:
    """The profile of these fields, over those of the one that `base` names."""
    given = dict(settings)
    base = given.pop("base", SOUND.name)
    if base not in PROFILES:
        raise DataError(f"{source}: unknown base {base!r}; expected one of {', '.join(PROFILES)}")
    known = asdict(PROFILES[base])
    for name, value in given.items():
        if name not in known:
            near = nearest(name, list(known))
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise DataError(f"{source}: unknown field {name!r}{hint}")
        given[name] = as_field(known[name], value, f"{source}: {name}")
    given.setdefault("name", Path(source).stem)
    return replace(PROFILES[base], **given)


def as_field(default: Any, value: Any, what: str) -> Any:
    """A value as a field like `default` has it; YAML knows lists and mappings, fields tuples."""
    if isinstance(default, tuple):
        paired = default and isinstance(default[0], tuple)
        if paired and isinstance(value, dict):
            return tuple((str(k), float(as_field(0.0, v, what))) for k, v in value.items())
        if not paired and isinstance(value, list) and all(isinstance(v, str) for v in value):
            return tuple(value)
        raise DataError(f"{what} needs {'names with shares' if paired else 'a list of names'}")
    if isinstance(default, float) and type(value) is int:
        return float(value)
    if type(value) is not type(default):
        raise DataError(f"{what} needs {EXPECTED[type(default)]}, got {value!r}")
    return value
