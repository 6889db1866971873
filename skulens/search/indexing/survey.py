"""What of a catalogue is new or has changed since its store was built."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from skulens.documents import FieldColumn
from skulens.encode.memo import Memo
from skulens.errors import DataError
from skulens.index.stores.fields import (
    MOST_CHARACTERS,
    MOST_FIELDS,
    MOST_VALUES,
    Inference,
    values_of,
)
from skulens.index.stores.probes import id_problem
from skulens.protocols import Catalog, Store
from skulens.records import Product, Reject, batches
from skulens.search.claims import version_of
from skulens.search.indexing.claims import GivenClaims, split_digest
from skulens.search.indexing.documents import DocumentMaker, Pictured, read_pictures

AT_ONCE = 500
"""Products whose pictures are looked up together."""
NAMED = 5
"""Fields named in a reject on many."""
Watch = Callable[[Iterable[Product]], Iterable[Product]]


@dataclass
class Survey:
    """A catalogue beside its store."""

    todo: set[str] = field(default_factory=set)
    """Ids that are new or have changed."""
    unchanged: set[str] = field(default_factory=set)
    reclaimed: set[str] = field(default_factory=set)
    """Ids of which nothing but the claims has changed."""
    gone: list[str] = field(default_factory=list)
    """Ids of the store that the catalogue no longer has."""
    fields: tuple[FieldColumn, ...] = ()
    """Columns of the store, those that new products need included."""
    rejects: list[Reject] = field(default_factory=list)

    @property
    def products(self) -> int:
        return len(self.todo) + len(self.unchanged) + len(self.reclaimed)

    def has(self, product: str) -> bool:
        """Whether the catalogue has a product of this id, as far as it was read."""
        return product in self.todo or product in self.unchanged or product in self.reclaimed

    def take(self, product: Product) -> bool:
        """Note a product as new; False, with a reject, for one that cannot be stored."""
        if problem := id_problem(product.id):
            todo = "give the product an id of its own"
        elif self.has(product.id):
            problem, todo = "its id stands twice in the catalogue; the first is kept", "correct it"
        else:
            self.todo.add(product.id)
            return True
        self.rejects.append(Reject(product.id[:80], product.id[:80], problem, todo))
        return False


def survey_catalog(
    catalog: Catalog,
    store: Store,
    documents: DocumentMaker,
    claims: GivenClaims,
    memo: Memo | None,
    watch: Watch,
) -> Survey:
    """Read the catalogue once; pictures are looked at only of products that the store has.

    Args:
        watch: passes the products on, and shows how it goes.
    """
    known = store.digests()
    found = Survey()
    inference = Inference(store.schema)
    for group in batches(watch(catalog.products()), AT_ONCE):
        fresh = [p for p in group if found.take(p)]
        for one in read_pictures([p for p in fresh if p.id in known], memo):
            digest, held = split_digest(known[one.product.id])
            if digest != _digest(documents, one):
                continue
            text, lost = claims.find(one)
            same = text is None or version_of(text) == held
            found.todo.remove(one.product.id)
            (found.unchanged if same else found.reclaimed).add(one.product.id)
            found.rejects += [*one.rejects, *lost]
        for product in fresh:
            if product.id in found.todo:
                inference.add(values_of(product))
    named = {reject.item for reject in catalog.rejects}
    found.gone = [i for i in known if not found.has(i) and i not in named]
    found.fields = inference.columns()
    found.rejects += tell_limits(inference)
    return found


def _digest(documents: DocumentMaker, pictured: Pictured) -> str | None:
    try:
        return documents.digest(pictured)
    except DataError:  # rejected when its document is made
        return None


def tell_limits(inference: Inference) -> Iterator[Reject]:
    """One reject on all fields that got no column, and one on each whose values were cut."""
    if left := inference.left_out():
        names = ", ".join(list(left)[:NAMED]) + (" ..." if len(left) > NAMED else "")
        yield Reject(
            "fields",
            "",
            f"{len(left):,} fields beyond the {MOST_FIELDS} that most products have cannot be "
            f"filtered by: {names}; attributes among them are still found by words",
            "make values of what stands in the names of fields",
        )
    for name, products in inference.cut().items():
        yield Reject(
            "fields",
            "",
            f"{name}: {products:,} products have a value of more than {MOST_CHARACTERS:,} "
            f"characters or more than {MOST_VALUES:,} values; filters see the beginning",
            "none, unless it is filtered by",
        )
