"""Class folders: photos of a product in a folder of its name, as image classifiers are trained on.

    gallery/PRODUCT/1.jpg   the catalogue's own pictures
    SPLIT/PRODUCT/1.jpg     probe photos

Only pictures and ids stand in folders. Products without a picture and queries that are not one
picture of one product are left out.
"""

from collections import Counter
from pathlib import Path

from skulens.catalog.folder import suffix_of
from skulens.catalog.layouts.export import Layout
from skulens.files import write_whole
from skulens.records import Image, Query, Reject

GALLERY = "gallery"
REFUSED = ("", ".", "..")


class Folders(Layout):
    """A folder per product below `gallery` and below each split."""

    def write(self) -> None:
        export, written = self.export, set()
        for split, pool in export.pools():
            for product in export.each(pool):
                if product.id in written:
                    continue
                written.add(product.id)
                told = bool(product.texts or product.attributes)
                export.notes["products whose texts and facts were left out"] += told
                if is_folder(product.id):
                    self.write_pictures(product.id, product.images)
                else:
                    reason = f"the id {product.id!r} cannot be the name of a folder"
                    export.left_out[Reject("products", product.id, reason, "give it another")] = (
                        None
                    )
            numbers: Counter[str] = Counter()
            for query in export.ask(split, pool):
                if reason := why_not(query):
                    export.reject(split, query, reason)
                    continue
                [product_id], [photo] = query.answers, query.item.parts
                assert isinstance(photo, Image)
                numbers[product_id] += 1
                try:
                    self.write_picture(photo, f"{split}/{product_id}/{numbers[product_id]}")
                except OSError as e:
                    export.reject(split, query, e.strerror or str(e))
                else:
                    export.queries += 1

    def write_pictures(self, product: str, images: tuple[Image, ...]) -> None:
        """The gallery's pictures of a product; those that cannot be read become rejects."""
        for n, image in enumerate(images, 1):
            try:
                self.write_picture(image, f"{GALLERY}/{product}/{n}")
            except OSError as e:
                self.export.reject_picture(product, e)

    def write_picture(self, image: Image, name: str) -> None:
        """Raises OSError for one that cannot be read."""
        data = image.read()
        write_whole(self.export.file(name + suffix_of(data)), lambda f: f.write(data), sync=False)


def is_folder(product: str) -> bool:
    """Whether an id is the name of one folder."""
    return product not in REFUSED and Path(product).name == product and "\0" not in product


def why_not(query: Query) -> str:
    """Why a query is not a photo of a product; empty where it is."""
    if len(query.item.parts) != 1 or not isinstance(query.item.parts[0], Image):
        return "is not one picture alone"
    if len(query.answers) != 1:
        return f"has {len(query.answers)} answers, and a photo lies in one folder"
    if not is_folder(query.answers[0]):
        return f"its product {query.answers[0]!r} cannot be the name of a folder"
    return ""
