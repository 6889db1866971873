"""The balanced design: every rule checked by looking at every product."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from skulens.compose.balanced import SIBLING, Balanced, compose_balanced
from skulens.compose.cells import Bounds, list_cells
from skulens.compose.pool import make_pool
from skulens.compose.references import DRAWS, Asked, choose_references
from skulens.compose.told import Titles, pattern_of
from skulens.records import Attribute, Product
from tests.compose.pools import PICTURE, make_product

VARIED = {"color": 20, "shape": 12, "style": 8, "trim": 10, "strap": 16}
SIZES = VARIED | {"hem": 3, "size": 3, "fabric": 4}
MODALITY = {"size": "text", "fabric": "text"}
DESIGN = Balanced(near=3)
QUOTAS = {2: 15, 3: 30, 4: 15}


def sell(n: int = 1500, seed: int = 5) -> list[Product]:
    """Two classes of SPUs of three SKUs, which differ in VARIED; three languages."""
    rng = np.random.default_rng(seed)
    found = []
    for spu in range(n // 3):
        base = {key: int(rng.integers(size)) for key, size in SIZES.items()}
        for sku in range(3):
            own = base | {k: int(rng.integers(SIZES[k])) for k in VARIED}
            told = own["color"] if rng.random() < 0.3 else "plain"
            found.append(
                Product(
                    f"{spu}-{sku}",
                    title=f"thing color{told}, size{own['size']}",
                    spu=f"s{spu}",
                    category=(("chair", "shoes")[spu % 2],),
                    attributes=tuple(
                        Attribute(k, f"{k}{v}", MODALITY.get(k, "visual")) for k, v in own.items()
                    ),
                    language=("en", "th", "vi")[int(rng.integers(3))],
                    images=PICTURE if rng.random() < 0.9 else (),
                )
            )
    return found


@pytest.fixture(scope="module")
def shop():
    products = sell()
    pool, _ = make_pool(products)
    known = {p.id: p for p in products}
    return pool, [known[name] for name in pool.ids]


@pytest.fixture(scope="module")
def made(shop):
    pool, products = shop
    return compose_balanced(pool, [p.title for p in products], QUOTAS, DESIGN, seed=7)


def values(product: Product) -> dict[str, str]:
    return {a.key: a.value for a in product.attributes}


def asked(pool, query) -> dict[str, str]:
    return dict(pool.pairs[pair] for _, pair in query.shown)


def failing(pool, products, query) -> dict[int, list[str]]:
    """Product of the class named, not shown -> keys of the conditions that it fails."""
    wanted, shown = asked(pool, query), {place for place, _ in query.shown}
    kind = pool.kind.names[query.kind]
    return {
        i: [k for k, v in wanted.items() if values(p).get(k) != v]
        for i, p in enumerate(products)
        if p.category[0] == kind and i not in shown
    }


def test_every_quota_is_filled_and_no_query_is_asked_twice(shop, made):
    pool, _ = shop
    assert Counter(len(q.shown) for q in made.queries) == QUOTAS and not made.missing
    assert len({frozenset(asked(pool, q).items()) for q in made.queries}) == len(made.queries)
    assert made.funnel[DESIGN.name, "accepted"] + made.funnel[SIBLING, "accepted"] == 60


def test_answers_and_near_misses_are_those_of_every_product(shop, made):
    pool, products = shop
    for query in made.queries:
        failed = failing(pool, products, query)
        assert query.answers.tolist() == [i for i, keys in failed.items() if not keys]
        near = Counter(keys[0] for keys in failed.values() if len(keys) == 1)
        assert set(near) == set(asked(pool, query)) and min(near.values()) >= DESIGN.near
        listed = Counter(failed[int(i)][0] for i in query.near if len(failed[int(i)]) == 1)
        assert listed.total() == len(query.near) == len(set(query.near.tolist()))
        assert max(listed.values()) - min(listed.values()) <= DESIGN.listed // len(listed)
        answers = {products[int(i)].spu for i in query.answers}
        assert any(len(failed[i]) == 1 and products[i].spu in answers for i in failed)


def test_bands_and_languages_have_equal_shares(shop, made):
    pool, products = shop
    for conditions, wanted in QUOTAS.items():
        mine = [q for q in made.queries if len(q.shown) == conditions]
        assert Counter(DESIGN.band_of(len(q.answers)) for q in mine) == dict.fromkeys(
            range(3), wanted // 3
        )
        spoken = Counter(pool.language.of(q.shown[0][0]) for q in mine)
        assert max(spoken.values()) - min(spoken.values()) <= 2
    for query in made.queries:
        low, high = map(int, query.tags["answers"].split("-"))
        assert low <= len(query.answers) <= high
        language = {pool.language.of(place) for place, _ in query.shown}
        assert len(language) == 1 and pool.language.of(query.target) in language
        assert query.target in query.answers


def test_no_key_takes_more_than_its_share(shop, made):
    pool, _ = shop
    for conditions, wanted in QUOTAS.items():
        used = Counter(
            k for q in made.queries if len(q.shown) == conditions for k in asked(pool, q)
        )
        assert max(used.values()) <= DESIGN.most_key * conditions * wanted


def test_pictures_are_needed(shop, made):
    pool, products = shop
    for query in made.queries:
        wanted = asked(pool, query)
        assert any(MODALITY.get(key) != "text" for key in wanted)
        for i in query.answers:
            title = products[int(i)].title.replace(",", "").split()
            told = [k for k, v in wanted.items() if MODALITY.get(k) == "text" or v in title]
            assert len(told) <= len(wanted) / 2


def test_a_reference_shows_its_condition_and_no_other(shop, made):
    pool, products = shop
    for query in made.queries:
        wanted, spus = asked(pool, query), []
        answers = {products[int(i)].spu for i in query.answers}
        for turn, (place, pair) in enumerate(query.shown):
            shown, own = values(products[place]), pool.pairs[pair][0]
            assert [k for k, v in wanted.items() if shown.get(k) == v] == [own]
            assert products[place].images
            is_sibling = products[place].spu in answers
            assert is_sibling == (query.method == SIBLING and turn == 0)
            spus.append(products[place].spu)
        assert len(set(spus)) == len(spus)


def test_references_are_of_other_spus():
    both = {"color": "red", "size": "l"}
    sold = [
        make_product("answer", both, "s0", "bag", "en"),
        make_product("kin", {"color": "red"}, "s0", "bag", "en"),
        make_product("red", {"color": "red"}, "s1", "bag", "en"),
        make_product("large", {"size": "l"}, "s1", "bag", "en"),
        make_product("far", {"size": "l"}, "s2", "bag", "th"),
    ]
    asked = ask(sold, both)
    assert choose_references(*asked, 0, sibling=False) == ()  # both others are of s1
    pool, cell = ask([*sold, make_product("new", {"size": "l"}, "s3", "hat", "en")], both)
    shown = choose_references(pool, cell, 0, sibling=False)
    assert {pool.ids[p] for p, _ in shown} == {"red", "new"}
    first, _ = choose_references(pool, cell, 0, sibling=True)
    assert pool.ids[first[0]] == "kin"


def ask(sold, wanted):
    """The pool, and its cell of these values."""
    pool, _ = make_pool(sold)
    pairs = tuple(pool.pairs.index(pair) for pair in wanted.items())
    answers = pool.answers(pairs)
    near = tuple(np.setdiff1d(pool.answers([q]), answers) for q in reversed(pairs))
    return pool, Asked(0, 0, pairs, answers, near, np.full(DRAWS, 0.999))


def test_a_fifth_of_two_conditions_begins_with_a_sibling(made):
    methods = Counter((len(q.shown), q.method) for q in made.queries)
    assert methods[2, SIBLING] == 3 and methods[2, DESIGN.name] == 12
    assert not methods[3, SIBLING] and not methods[4, SIBLING]


def test_a_seed_gives_its_queries_whatever_else_is_asked(shop, made):
    pool, products = shop
    titles = [p.title for p in products]
    again = compose_balanced(pool, titles, {3: 30}, DESIGN, seed=7).queries
    first = [q for q in made.queries if len(q.shown) == 3]
    assert [q.shown for q in again] == [q.shown for q in first]
    other = compose_balanced(pool, titles, {3: 30}, DESIGN, seed=8).queries
    assert {q.shown for q in other}.isdisjoint(q.shown for q in first)


def test_what_the_pool_lacks_is_missing_by_band(shop):
    pool, products = shop
    titles = [p.title for p in products]
    made = compose_balanced(pool, titles, {2: 3000}, DESIGN, seed=7)
    short = sum(made.missing.values())
    assert short and short + len(made.queries) == 3000
    assert all("n_conditions=2 answers=" in name for name in made.missing)
    few, _ = make_pool(products[:3])
    assert not compose_balanced(few, titles[:3], {2: 3}, DESIGN).queries


def test_cells_are_all_combinations_within_the_bounds():
    products = sell(120, seed=2)
    pool, _ = make_pool(products)
    bounds = Bounds(answers=4, near=1, told=1)
    for conditions in (2, 3):
        cells = list_cells(pool, conditions, bounds)
        found = {
            (pool.kind.names[kind], frozenset(pool.pairs[q] for q in pairs)): size
            for kind, pairs, size in zip(cells.kinds, cells.pairs, cells.sizes, strict=True)
        }
        assert len(found) == len(cells)
        assert found == dict(plain_cells(products, conditions, bounds)) and found


def plain_cells(products, conditions, bounds):
    for kind in ("chair", "shoes"):
        mine = [p for p in products if p.category[0] == kind]
        for keys in combinations(SIZES, conditions):
            if sum(MODALITY.get(k) == "text" for k in keys) > bounds.told:
                continue
            for wanted in {tuple(values(p)[k] for k in keys) for p in mine}:
                failed = {
                    p.id: [k for k, v in zip(keys, wanted, strict=True) if values(p)[k] != v]
                    for p in mine
                }
                answers = [p for p in mine if not failed[p.id]]
                near = [p for p in mine if len(failed[p.id]) == 1]
                counts = Counter(failed[p.id][0] for p in near)
                kin = {p.spu for p in answers} & {p.spu for p in near}
                enough = len(counts) == conditions and min(counts.values()) >= bounds.near
                if len(answers) <= bounds.answers and enough and kin:
                    yield (kind, frozenset(zip(keys, wanted, strict=True))), len(answers)


def test_a_title_tells_words_and_what_is_declared():
    product = Product(
        "a",
        title="Bored cat, สีแดงสด",
        category=("toy",),
        attributes=(
            Attribute("color", "red", "visual"),
            Attribute("animal", "cat", "visual"),
            Attribute("shade", "แดง", "visual"),
            Attribute("weight", "9 kg", "text"),
        ),
    )
    pool, _ = make_pool([product])
    told = Titles(pool, [product.title])
    says = {pool.pairs[q][0]: told.tells(0, q) for q in range(len(pool.pairs))}
    assert says == {"color": False, "animal": True, "shade": True, "weight": True}
    assert pattern_of("c++ (new)").search("made of c++ (new), used")
