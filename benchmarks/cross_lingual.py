"""Does a text encoder find a product's English text by its text in another language?

One product of each SPU of a procedural shop: its title in Indonesian, Malay, Vietnamese or Thai asks,
the English titles of all products answer; the same of captions, which say what is seen. Vietnamese is
asked without its marks, too. recall@1 and recall@10 over products; chance is 1 and 10 over products.

    python -m benchmarks.cross_lingual SHOP --save     # a folder of `skulens world make --no-pictures`

Limits: the encoder, 20 to 40 ms a text on one core for e5; vectors are kept in $SKULENS_CACHE.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from benchmarks.common import report
from benchmarks.words import LANGUAGES
from skulens.catalog.open import open_catalog
from skulens.encode import open_encoder, open_memo
from skulens.encode.cache import VectorCache
from skulens.encode.embed import Embedder
from skulens.evaluate.intervals import Grouped, intervals
from skulens.files import cache_folder
from skulens.protocols import Role
from skulens.records import Product
from skulens.values.text import fold_accents

CUTS = 1, 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("shop")
    parser.add_argument("--encoder", default="e5")
    parser.add_argument("--most", type=int, default=600, help="products")
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    first = {p.spu: p for p in reversed(list(open_catalog(args.shop).products()))}
    products = sorted(first.values(), key=lambda p: p.id)[: args.most]
    encoder = open_encoder(args.encoder, memo=open_memo())
    embedder = Embedder([encoder], [VectorCache(cache_folder(), encoder.info)])

    def embed(texts: Sequence[str], role: Role) -> np.ndarray:
        [found] = embedder.embed_parts(list(texts), role)
        return found.vectors

    rows = [row for kind in ("title", "caption") for row in measure(products, kind, embed)]
    settings = {"encoder": encoder.info.name, "identity": encoder.info.identity}
    report("cross_lingual", rows, settings | {"products": len(products)}, args.save)


def measure(
    products: Sequence[Product], kind: str, embed: Callable[[Sequence[str], Role], np.ndarray]
) -> Iterator[dict]:
    """One row per language; a product is found where its English text is among the first."""
    english = embed([text_of(p, kind, "en") for p in products], "document")
    english /= np.linalg.norm(english, axis=1, keepdims=True)
    for language in LANGUAGES[1:]:
        texts = [text_of(p, kind, language) for p in products]
        yield row_of(kind, language, embed(texts, "query") @ english.T)
        if language == "vi":
            bare = embed([fold_accents(t) for t in texts], "query")
            yield row_of(kind, "vi without marks", bare @ english.T)


def text_of(product: Product, kind: str, language: str) -> str:
    if language == "en":
        return product.title if kind == "title" else product.texts[kind]
    return product.texts[f"{kind}_{language}"]


def row_of(kind: str, language: str, scores: np.ndarray) -> dict:
    """Equal scores count against the product."""
    ranks = (scores >= np.diag(scores)[:, None]).sum(axis=1)
    found = np.stack([(ranks <= cut).astype(float) for cut in CUTS], axis=1)
    means = intervals(Grouped.of(found, np.arange(len(found))).micro())
    shown = {
        f"recall@{cut}": f"{m.value:.3f} [{m.low:.3f}, {m.high:.3f}]"
        for cut, m in zip(CUTS, means, strict=True)
    }
    return {"text": kind, "language": language, "n": len(ranks)} | shown


if __name__ == "__main__":
    main()
