"""Small catalogues with queries, for tests of splits and reviews."""

from pathlib import Path

from skulens.catalog.folder import write_catalog
from skulens.records import Attribute, Condition, Image, Item, Product, Query

CLASSES = ("chair", "table", "phone", "drink")
LANGUAGES = ("en", "th", "id")
KEYS = ("color", "brand", "pattern/print", "pattern print", "material")


def picture(folder: Path, name: str) -> Image:
    """A picture of its own, solid in a colour that depends on its name."""
    from PIL import Image as Pillow

    path = folder / f"{name}.png"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        shade = (sum(map(ord, name)) * 37) % 256
        Pillow.new("RGB", (16, 12), (shade, 255 - shade, 90)).save(path)
    return Image(path=str(path))


def make_product(folder: Path, n: int, pictures: bool = True) -> Product:
    """SKU n: three of one SPU, each in the language of its own country."""
    spu = n // 3
    return Product(
        f"p{n}",
        title=f"เก้าอี้ {n}" if n % 3 == 1 else f"Thing {n}",
        images=(picture(folder, f"p{n}"),) if pictures else (),
        spu=f"s{spu}",
        category=(CLASSES[spu % 4],),
        language=LANGUAGES[n % 3],
        attributes=(
            Attribute("color", f"c{n % 5}"),
            Attribute(KEYS[1 + spu % 4], f"v{n % 7}"),
        ),
    )


def make_query(
    folder: Path, n: int, target: Product, references: list[Product], near: tuple[str, ...] = ()
) -> Query:
    """ "Find a chair with the same color as <Product 1> ..." as the composer writes it."""
    parts: list = []
    conditions = []
    before = f"Find a {target.category[0]} with "
    for i, shown in enumerate(references, 1):
        attribute = shown.attributes[(n + i) % 2]
        parts += [f"{before}the same {attribute.key} as <Product {i}> ", shown.images[0]]
        before = f"\n{shown.title} </Product {i}>" + (" and " if i < len(references) else "")
        conditions.append(
            Condition(attribute.key, attribute.value, part=len(parts) - 1, product=shown.id)
        )
    parts.append(before)
    languages = {r.language for r in references}
    return Query(
        f"q{n}",
        Item(f"q{n}", tuple(parts)),
        relevant={target.id: 1} | dict.fromkeys(near, 0),
        conditions=(*conditions, Condition("class", target.category[0])),
        references=tuple(r.id for r in references),
        hard_negatives=near,
        tags={
            "language": next(iter(languages)) or "",
            "class": target.category[0],
            "n_conditions": str(len(references)),
            "method": "target-first" if n % 3 else "balanced",
        },
        group=target.spu,
    )


def make_world(folder: Path, queries: int = 120, skus: int = 90) -> tuple[list, list]:
    """Products and queries; references of a query are of one language."""
    products = [make_product(folder / "photos", n) for n in range(skus)]
    asked = []
    for n in range(queries):
        target = products[(n * 7) % skus]
        shown = [products[(n * 11 + 3 * i * (i + 2)) % skus] for i in range(1, 3 + n // 3 % 3)]
        near = tuple({products[(n * 13 + i) % skus].id for i in range(3)} - {target.id})
        asked.append(make_query(folder, n, target, shown, tuple(sorted(near))))
    return products, asked


def write_world(out: Path, queries: int = 120, skus: int = 90) -> Path:
    """The folder of `make_world`, its pictures copied into it."""
    products, asked = make_world(out.parent / "source", queries, skus)
    return write_catalog(out, products, {"composed": asked})
