"""Our encoders as mteb models and our suites as mteb tasks, so that mteb can repeat a run of ours.

    task = mpr_task(Mpr(open_catalog("shop"), MprSettings(shots="single")), "image")
    mteb.evaluate(MtebEncoder(open_encoder("mini")), [task], cache=None)

mteb decodes, batches, ranks and scores by itself; what it gets from here are the encoder's vectors,
fused as ours, and scores that tie where vectors are equal. It ranks ties as trec_eval does, and
so do we.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import numpy as np
import PIL.Image

from skulens import pictures
from skulens.bench.leakage import content_hashes, find_leaks, fingerprint
from skulens.bench.mteb_names import mteb_model, mteb_task_name
from skulens.bench.suites.mpr import Mpr
from skulens.encode.fusion import fuse
from skulens.encode.gallery import SINGLE, build_gallery
from skulens.errors import DataError, MissingDependency, PictureError
from skulens.index.fixed_point import fix, scores_of_all, scores_of_pairs
from skulens.protocols import Encoder, Modality
from skulens.records import Image, Item, Query, chunks

try:
    import skulens.torch_shim  # noqa: F401  # before anything that imports torchvision
    import datasets  # isort: skip
    from mteb.abstasks.retrieval import AbsTaskRetrieval
    from mteb.abstasks.task_metadata import TaskMetadata
    from mteb.models.model_meta import ModelMeta, ScoringFunction
except ImportError as e:
    raise MissingDependency(
        f"mteb tasks and models need {e.name}: pip install 'skulens[eval]'"
    ) from e

CATEGORIES = {"text": "t", "image": "i", "both": "it"}
"""Gallery -> how mteb abbreviates what its items are made of."""


class MtebEncoder:
    """An encoder of ours as mteb wants one (`mteb.models.EncoderProtocol`).

    Args:
        encoder: what `open_encoder` gives.
        batch: parts of one forward pass; mteb cuts its own batches only for loading.
    """

    def __init__(self, encoder: Encoder, *, batch: int = 32):
        self.encoder, self.batch = encoder, batch

    @property
    def mteb_model_meta(self) -> ModelMeta:
        name = getattr(self.encoder, "name", self.encoder.info.name)
        return ModelMeta.create_empty(
            mteb_model(name, asdict(self.encoder.info))
            | {"similarity_fn_name": ScoringFunction.COSINE}
        )

    def encode(self, inputs: Iterable[dict], **_) -> np.ndarray:
        """(items, dim) float32 of length 1: means of an item's normalised parts, as in our suites.

        Args:
            inputs: mteb's batches, {"text": texts, "image": PIL pictures} or one of the two.
        Raises:
            DataError: a part that the encoder cannot read gave no vector.
        """
        vectors: list[np.ndarray] = []
        owners: list[int] = []
        items = 0
        for loaded in inputs:
            rows = max(len(loaded.get(modality, ())) for modality in ("text", "image"))
            for modality in ("text", "image"):
                if modality in loaded:
                    vectors += self._forward(modality, loaded[modality])
                    owners += range(items, items + rows)
            items += rows
        fused = fuse(np.concatenate(vectors), np.array(owners), items)
        if np.isnan(fused).any():
            raise DataError(
                f"{int(np.isnan(fused).any(axis=1).sum())} of {items} items got no vector from "
                f"{self.encoder.info.name}"
            )
        return fused

    def _forward(self, modality: Modality, parts: Sequence) -> list[np.ndarray]:
        prepare = (
            self.encoder.prepare_text
            if modality == "text"
            else lambda p: self.encoder.prepare_image(to_upright_rgb(p))
        )
        with ThreadPoolExecutor() as pool:
            ready = list(pool.map(prepare, parts))
        return [self.encoder.encode_batch(modality, part) for part in chunks(ready, self.batch)]

    def similarity(self, embeddings1, embeddings2) -> np.ndarray:
        """(first, second) float32 inner products of `ExactIndex`: equal vectors, equal scores."""
        return scores_of_all(*(fix(matrix(e)) for e in (embeddings1, embeddings2)))

    def similarity_pairwise(self, embeddings1, embeddings2) -> np.ndarray:
        """(pairs,) float32 inner products of row with row."""
        first, second = (fix(matrix(e)) for e in (embeddings1, embeddings2))
        rows = np.arange(len(matrix(embeddings1)))
        return scores_of_pairs(first, second, rows, rows)


def to_upright_rgb(picture: PIL.Image.Image) -> PIL.Image.Image:
    """RGB as our own decoder gives it; mteb hands over pictures in whatever mode the file has."""
    return pictures.to_rgb(pictures.turn_upright(picture))


def matrix(vectors) -> np.ndarray:
    """(n, dim) float32 of a torch tensor or an array; a single vector is one row."""
    return np.atleast_2d(np.asarray(vectors, np.float32))


def mpr_task(suite: Mpr, gallery: str) -> AbsTaskRetrieval:
    """The suite's probes and gallery as an mteb task named after its data.

    Its revision is our `data_hash`. The same probes as in the suite: unreadable ones and gallery
    pictures of the right product are left out.

    Args:
        gallery: "text", "image" or "both".
    Raises:
        DataError: what mteb cannot carry: several pictures or texts in one item, several items per
            product, paper mode; or no probe is left.
    """
    s, info = suite.settings, suite.catalog.info
    shown = build_gallery(suite.products, gallery, info, texts=s.texts, shots=s.shots)
    if shown.shots != SINGLE or s.mode != "sound":
        raise DataError(
            f"mteb knows one item per product and float32 cosines; got {len(shown.items)} items of "
            f"{len(shown.products)} products (shots={s.shots!r}) and mode={s.mode!r}: "
            "take shots='single' and mode='sound'"
        )
    asked = [q for n, q in enumerate(suite.catalog.queries(s.split)) if not s.limit or n < s.limit]
    asked = [q for q in asked if readable(q.item)]
    hashes, shown_hashes = (
        content_hashes(items) for items in ([q.item for q in asked], shown.items)
    )
    fair = [i for i, seen in enumerate(find_leaks(asked, hashes, shown, shown_hashes)) if not seen]
    if not fair:
        raise DataError(
            f"split {s.split!r} of {suite.data} leaves no probe that can be read "
            "and is not in the gallery"
        )
    queries = [asked[i] for i in fair]
    revision = fingerprint(queries, [hashes[i] for i in fair], shown, shown_hashes)
    return task_of(
        mteb_task_name(suite.data, gallery),
        queries,
        [i for i in shown.items if readable(i)],
        split=s.split,
        revision=revision,
    )


def task_of(
    name: str,
    queries: Sequence[Query],
    gallery: Sequence[Item],
    *,
    split: str = "test",
    revision: str = "1",
    languages: Sequence[str] = ("eng-Latn",),
) -> AbsTaskRetrieval:
    """Any queries with judgements against any items, one per product, as an mteb task.

    Args:
        name: letters, digits, "-" and "_".
        gallery: items whose id is the product's; all of the same kinds of parts.
        languages: of the texts, as mteb writes them; it wants at least one.
    Raises:
        DataError: an item with several pictures or texts, or items of different kinds.
    """
    items = [Item(q.id, q.item.parts) for q in queries]
    left, right = kind_of(items), kind_of(gallery)
    metadata = TaskMetadata(
        name=name,
        description=f"{len(queries)} queries, {len(gallery)} products of {name}",
        reference=None,
        dataset={"path": name, "revision": revision},
        type="Any2AnyRetrieval",
        # one of mteb's literals
        category=f"{CATEGORIES[left]}2{CATEGORIES[right]}",  # type: ignore[arg-type]
        modalities=[m for m in ("text", "image") if {m, "both"} & {left, right}],
        eval_splits=[split],
        eval_langs=list(languages),
        main_score="ndcg_at_10",
    )
    task = type(
        metadata.name, (AbsTaskRetrieval,), {"metadata": metadata, "__doc__": metadata.description}
    )()
    held = {
        "corpus": rows_of(gallery),
        "queries": rows_of(items),
        "relevant_docs": {q.id: dict(q.relevant) for q in queries},
        "top_ranked": None,
    }
    task.dataset, task.data_loaded = {"default": {split: held}}, True
    return task


def kind_of(items: Sequence[Item]) -> str:
    """ "text", "image" or "both": what every one of the items is made of."""
    kinds = {
        tuple(sorted("image" if isinstance(part, Image) else "text" for part in item.parts))
        for item in items
    }
    known = {("text",): "text", ("image",): "image", ("image", "text"): "both"}
    if len(kinds) != 1 or not kinds <= set(known):
        found = " or ".join(sorted(" + ".join(kind) or "nothing" for kind in kinds))
        raise DataError(
            "mteb holds one text, one picture, or one of each in every item of a side, "
            f"and these are made of {found}"
        )
    return known[kinds.pop()]


def rows_of(items: Sequence[Item]) -> datasets.Dataset:
    """Columns id and, where items have them, text and image; pictures stay encoded."""
    columns: dict[str, list] = {"id": [item.id for item in items]}
    features = {"id": datasets.Value("string")}
    for item in items:
        for part in item.parts:
            if isinstance(part, Image):
                held = {"path": part.own_file, "bytes": None if part.own_file else part.read()}
                columns.setdefault("image", []).append(held)
            else:
                columns.setdefault("text", []).append(part)
    kinds = {"text": datasets.Value("string"), "image": datasets.Image()}
    return datasets.Dataset.from_dict(
        columns,
        features=datasets.Features(features | {k: v for k, v in kinds.items() if k in columns}),
    )


def readable(item: Item) -> bool:
    """Can every picture of the item be decoded?"""
    try:
        for part in item.parts:
            if isinstance(part, Image):
                pictures.load(part)
    except PictureError:
        return False
    return True
