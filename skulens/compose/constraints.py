"""What a query must satisfy: small predicates over a batch, each counted under its name.

Some look at the proposal alone (ON_PROPOSALS) and spare the search for answers; the others need the
answers, references left out (ON_ANSWERS). Each says which rows it refuses.
"""

from collections.abc import Callable

import numpy as np

from skulens.compose.answers import Answered
from skulens.compose.pool import Pool
from skulens.compose.profiles import Profile
from skulens.compose.proposals import NONE, WHOLE, Proposals

OnProposals = Callable[[Pool, Proposals], np.ndarray]
"""(n,) bool: which proposals it refuses."""
OnAnswers = Callable[[Answered, Profile], np.ndarray]
"""(n,) bool: which proposals it refuses, given their answers."""


def references_distinct(pool: Pool, proposals: Proposals) -> np.ndarray:
    """A product shown twice, or the target shown."""
    products = proposals.products
    shown = (products == proposals.target[:, None]) & (products != NONE)
    return shown.any(axis=1) | repeats(products)


def distinct_keys(pool: Pool, proposals: Proposals) -> np.ndarray:
    """Two conditions on one key."""
    if not len(pool.pairs):
        return np.zeros(len(proposals), bool)
    return repeats(np.where(proposals.pairs >= 0, pool.key_of[proposals.pairs], NONE))


def distinct_pairs(pool: Pool, proposals: Proposals) -> np.ndarray:
    """Two conditions that are the same: all that MERIT's released code refuses."""
    return repeats(np.where(proposals.pairs >= 0, proposals.pairs, NONE))


def references_pictured(pool: Pool, proposals: Proposals) -> np.ndarray:
    """A reference that no picture can show."""
    return ((proposals.products != NONE) & ~pool.pictured[proposals.products]).any(axis=1)


def conditions_decided(pool: Pool, proposals: Proposals) -> np.ndarray:
    """A condition that no attribute decides, such as the style of a product as a whole: its
    answers cannot all be listed."""
    return (proposals.pairs == WHOLE).any(axis=1)


def one_language(pool: Pool, proposals: Proposals) -> np.ndarray:
    """References of two languages; the query's language is theirs."""
    spoken = pool.language.codes[proposals.products]
    return ((spoken != spoken[:, :1]) & (proposals.products != NONE)).any(axis=1)


def no_reference_satisfies_another(pool: Pool, proposals: Proposals) -> np.ndarray:
    """A reference that has the value another one is shown for."""
    products, pairs = proposals.products, proposals.pairs
    refused = np.zeros(len(proposals), bool)
    for i in range(products.shape[1]):
        for j in range(products.shape[1]):
            rows = np.flatnonzero(~refused & (products[:, i] != NONE) & (pairs[:, j] >= 0))
            if i != j and len(rows):
                refused[rows] = pool.has(products[rows, i], pairs[rows, j])
    return refused


def some_answer(found: Answered, profile: Profile) -> np.ndarray:
    """No product satisfies it, or only references do."""
    return found.answers.counts() == 0


def answers_share(found: Answered, profile: Profile) -> np.ndarray:
    """Answers whose share of the pool is not between `least_share` and `most_share`, both
    excluded; a method that lists its target alone is not asked."""
    share = found.answers.counts() / len(found.pool)
    refused = (share <= profile.least_share) | (share >= profile.most_share)
    return refused & (not profile.lists_target(found.proposals.method))


def answers_most(found: Answered, profile: Profile) -> np.ndarray:
    """More answers than `most_answers`, unless that is 0."""
    return (found.answers.counts() > profile.most_answers) & (profile.most_answers > 0)


def answers_language(found: Answered, profile: Profile) -> np.ndarray:
    """No answer in the language of the first reference."""
    spoken = found.pool.language.codes[found.proposals.products[:, 0]]
    mine = found.pool.language.codes[found.answers.members] == spoken[found.answers.rows()]
    return found.answers.keep(mine).counts() == 0


def class_named(found: Answered, profile: Profile) -> np.ndarray:
    """The answer drawn first has no class to name, in a pool that has classes."""
    return (found.proposals.kind == NONE) & bool(found.pool.kind.names) & profile.name_class


def class_same(found: Answered, profile: Profile) -> np.ndarray:
    """Answers of two classes, or, if `same_class` is "all", references of another one."""
    if profile.same_class == "off":
        return np.zeros(len(found), bool)
    of, rows = found.pool.kind.codes[found.answers.members], found.answers.rows()
    first = np.full(len(found), NONE, np.int32)
    some = found.answers.counts() > 0
    first[some] = of[found.answers.edges[:-1][some]]
    refused = found.answers.keep(of != first[rows]).counts() > 0
    if profile.same_class == "all":
        other = found.pool.kind.codes[found.proposals.products] != first[:, None]
        refused |= (other & (found.proposals.products != NONE)).any(axis=1)
    return refused


def answers_of_other_spus(found: Answered, profile: Profile) -> np.ndarray:
    """An answer that is a sibling of a reference; the first one may be its sibling where the
    method begins with siblings."""
    of, rows = found.pool.spu.codes[found.answers.members], found.answers.rows()
    sibling = np.zeros(len(of), bool)
    first = found.proposals.method in profile.sibling_methods
    for product in found.proposals.products.T[int(first) :]:
        spu = np.where(product == NONE, NONE, found.pool.spu.codes[product])
        sibling |= (of == spu[rows]) & (of != NONE)
    return found.answers.keep(sibling).counts() > 0


def no_redundant_reference(found: Answered, profile: Profile) -> np.ndarray:
    """A condition without which the answers, references left out, are the same."""
    misses = found.misses.counts().reshape(found.proposals.pairs.shape)
    return ((found.proposals.pairs >= 0) & (misses == 0)).any(axis=1)


def repeats(numbers: np.ndarray) -> np.ndarray:
    """(n,) bool: rows in which a number other than NONE stands twice."""
    ordered = np.sort(numbers, axis=1)
    return ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] != NONE)).any(axis=1)


def by_name(*functions: Callable) -> dict[str, Callable]:
    """Name of a rule, as profiles list it and refusals are counted, -> the rule."""
    return {f.__name__.replace("_", "-"): f for f in functions}


ON_PROPOSALS: dict[str, OnProposals] = by_name(
    references_distinct,
    distinct_keys,
    distinct_pairs,
    references_pictured,
    conditions_decided,
    one_language,
    no_reference_satisfies_another,
)
ON_ANSWERS: dict[str, OnAnswers] = by_name(
    some_answer,
    answers_share,
    answers_most,
    answers_language,
    class_named,
    class_same,
    answers_of_other_spus,
    no_redundant_reference,
)
