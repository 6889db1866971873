"""Pools to compose over, and what a query's answers are by looking at every product."""

from itertools import product as every

import numpy as np
from hypothesis import strategies as st

from skulens.compose.pool import Pool, make_pool
from skulens.records import Attribute, Image, Product

PICTURE = (Image(data=b"x"),)


def make_product(id_, attributes=(), spu=None, kind=None, language=None, pictured=True) -> Product:
    """A product; `attributes` is a mapping or pairs."""
    pairs = attributes.items() if isinstance(attributes, dict) else attributes
    return Product(
        str(id_),
        spu=spu,
        category=(kind,) if kind else (),
        attributes=tuple(Attribute(key, value) for key, value in pairs),
        language=language,
        images=PICTURE if pictured else (),
    )


def pool_of(*products: Product) -> Pool:
    return make_pool(products)[0]


def random_products(n: int, seed: int = 0, kinds: int = 3, values: int = 4) -> list[Product]:
    """SPUs of three SKUs that differ little; two languages; one product in nine has no picture."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(n):
        spu = i // 3
        of_spu = np.random.default_rng([seed, spu])
        kind = int(of_spu.integers(kinds))
        keys = ["color", "size", "shape", f"only {kind}"]
        base = {key: int(of_spu.integers(values)) for key in keys if of_spu.random() < 0.9}
        own = {k: v if rng.random() < 0.7 else int(rng.integers(values)) for k, v in base.items()}
        pairs = {k: f"v{v}" for k, v in own.items()}
        language = ("en", "th")[int(rng.integers(2))]
        found.append(make_product(f"p{i}", pairs, f"s{spu}", f"kind {kind}", language, i % 9 > 0))
    return found


PRODUCTS = st.lists(
    st.builds(
        lambda attributes, spu, kind, language, pictured: (
            attributes,
            spu,
            kind,
            language,
            pictured,
        ),
        st.lists(
            st.tuples(st.sampled_from(["color", "size", "a"]), st.sampled_from(["x", "y", "z"])),
            max_size=4,
        ),
        st.sampled_from([None, "s1", "s2", "s3"]),
        st.sampled_from([None, "bag", "shoe"]),
        st.sampled_from([None, "en", "th"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=24,
).map(lambda rows: [make_product(i, *row) for i, row in enumerate(rows)])
"""Small catalogues, some of whose products lack anything, or have two values of a key."""


def brute_answers(products, conditions, kind=None, shown=()) -> set[str]:
    """Ids of products with every (key, value), of a class if one is given, not shown."""
    return {
        p.id
        for p in products
        if set(conditions) <= {(a.key, a.value) for a in p.attributes}
        and kind in (None, *p.category[:1])
        and p.id not in shown
    }


def all_pairs(pool: Pool, width: int):
    """Every choice of `width` pairs of a pool, repeats included."""
    return np.array(list(every(range(len(pool.pairs)), repeat=width)), np.int32).reshape(-1, width)
