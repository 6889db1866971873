"""The baseline that believes the seller: claims are the listing's own structured facts.

What a reader of pictures adds is measured against it. It never sees gold; a suite whose gold was
made from `Product.attributes` has to give it products without them (`sources` leaves some out).
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

from skulens.claims import Claim, Evidence
from skulens.errors import UnknownName
from skulens.records import Product, Reject, SystemInfo
from skulens.values.fields import find_field, find_path, is_asked
from skulens.values.lists import split_list

NAME = "seller"


class SellerReader:
    """Claims the listing's attributes, GTIN, title and category.

    Args:
        without: values of `Attribute.source` to leave out, such as "world" for the attributes of
            the procedural shop, which are its truth.
    """

    def __init__(self, without: Collection[str] = ()):
        self.without = frozenset(without)
        left_out = "".join(f"-{source}" for source in sorted(self.without))
        self.info = SystemInfo(
            name=NAME,
            kind="baseline",
            identity=f"{NAME}/1{left_out}",
            family="rules",
            licence="Apache-2.0",
            params=0,
            about={"reads": "attributes, GTIN, title, category", "without": sorted(self.without)},
        )

    def read(
        self, products: Iterable[Product], fields: Sequence[str] = ()
    ) -> Iterator[Claim | Reject]:
        """Claims product by product: in the order of attributes, after GTIN, title and category.

        Values of a field of several are split ("milk, soy"). A key that says the same value of the
        same field again is claimed once. A product without any fact becomes a reject.

        Args:
            fields: paths, or prefixes that end in "."; empty: every field.
        """
        for product in products:
            facts = list(self._facts(product))
            if not facts:
                yield Reject(
                    NAME, product.id, "no title, attribute, category or GTIN", "add listing data"
                )
            yield from self._claim(product, facts, fields)

    def _facts(self, product: Product) -> Iterator[tuple[str, str]]:
        """(path, value) of everything that the listing says."""
        if product.gtin:
            yield "identifiers.gtin", product.gtin
        if product.title.strip():
            yield "attributes.name", product.title
        if product.category:
            yield "attributes.category", " > ".join(product.category)
        for attribute in product.attributes:
            if attribute.source in self.without or not attribute.value.strip():
                continue
            try:
                yield find_path(attribute.key), attribute.value
            except UnknownName:  # a key without a word in it names nothing
                continue

    def _claim(
        self, product: Product, facts: list[tuple[str, str]], fields: Sequence[str]
    ) -> Iterator[Claim]:
        seen: dict[str, set[str]] = {}
        for path, text in facts:
            if fields and not is_asked(path, fields):
                continue
            field = find_field(path)
            known = seen.setdefault(path, set())
            for value in split_list(text) if field.many else (text.strip(),):
                form = field.normalise(value, language=product.language or "")
                if not form or form in known:
                    continue
                yield Claim(
                    product.id, path, value, language=product.language or "",
                    evidence=(Evidence("", "seller", quote=text),),
                    predictor=self.info.identity, n=len(known),
                )  # fmt: skip
                known.add(form)
