"""VLM2Vec's pairs: what its training and its evaluation take (TIGER-AI-Lab/VLM2Vec at 6e1e1d4).

    pairs-SPLIT.parquet    query_text, query_image, pos_text, pos_image, neg_text [], neg_image [],
                           global_dataset_name: MULTIMODAL_FEATURES of src/data/dataset/
                           base_pair_dataset.py
    queries-SPLIT.parquet  query_text [1], query_image [1], cand_text [], cand_image [],
                           dataset_infos {cand_names [], label_name []}: what its evaluation datasets
                           return (src/data/eval_dataset)
    corpus-SPLIT.parquet   cand_text [1], cand_image [1], dataset_infos {cand_names [1]}

A picture field is {paths, bytes, resolutions}: a list each, of several pictures in the order of the
tokens in the text. Paths start at the folder (join them, as VLM2Vec does with its image_dir); bytes
and resolutions are null: nothing is resized. The token is that of the Qwen2-VL family, whose
collator takes several pictures per text; Phi-3-V and LLaVA-NeXT have others.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from skulens.catalog.folder import write_table
from skulens.catalog.layouts.export import (
    ExportPool,
    Layout,
    list_parts,
    negatives_in,
    write_pictures,
)
from skulens.records import Query

TOKEN = "<|image_pad|>"
STRING, STRINGS = pa.string(), pa.list_(pa.string())
PICTURES = pa.struct(
    {
        "paths": STRINGS,
        "bytes": pa.list_(pa.binary()),
        "resolutions": pa.list_(pa.list_(pa.int64(), 2)),
    }
)
PAIRS = pa.schema(
    {
        "query_text": STRING,
        "query_image": PICTURES,
        "pos_text": STRING,
        "pos_image": PICTURES,
        "neg_text": STRINGS,
        "neg_image": pa.list_(PICTURES),
        "global_dataset_name": STRING,
    }
)
CANDIDATES = {"cand_text": STRINGS, "cand_image": pa.list_(PICTURES)}
QUERIES = pa.schema(
    {
        "query_text": STRINGS,
        "query_image": pa.list_(PICTURES),
        **CANDIDATES,
        "dataset_infos": pa.struct({"cand_names": STRINGS, "label_name": STRINGS}),
    }
)
CORPUS = pa.schema({**CANDIDATES, "dataset_infos": pa.struct({"cand_names": STRINGS})})


class Vlm2Vec(Layout):
    """A pair per query: its first answer, its hard negatives."""

    def write(self) -> None:
        for split, pool in self.export.pools():
            path = self.export.file(f"pairs-{split}.parquet")
            write_table(path, PAIRS, self.rows(split, pool))

    def rows(self, split: str, pool: ExportPool):
        for query, text, pictures in self.readable(split, pool):
            positive = self.candidate(query.answers[0], pool)
            negatives = [self.candidate(p, pool) for p in negatives_in(query, pool)]
            self.export.notes["answers beyond a query's first left out"] += len(query.answers) - 1
            self.export.queries += 1
            yield {
                "query_text": text,
                "query_image": pictures,
                "pos_text": positive[0],
                "pos_image": positive[1],
                "neg_text": [text for text, _ in negatives],
                "neg_image": [pictures for _, pictures in negatives],
                "global_dataset_name": f"skulens/{self.export.catalog.info.name}",
            }

    def readable(self, split: str, pool: ExportPool) -> Iterator[tuple[Query, str, dict[str, Any]]]:
        """(query, text with tokens, pictures) of each query; others are rejected."""
        for query in self.export.ask(split, pool):
            try:
                text, pictures = self.query(query)
            except (ValueError, OSError) as e:
                self.export.reject(split, query, str(e))
                continue
            yield query, text, pictures

    def query(self, query: Query) -> tuple[str, dict[str, Any]]:
        """(text with tokens, pictures). Raises ValueError for a text that holds the token."""
        texts, images = list_parts(query)
        if any(TOKEN in text for text in texts):
            raise ValueError(f"its text holds {TOKEN}, which stands for a picture there")
        paths = [self.export.pictures.store(image)["path"] for image in images]
        return write_pictures(query, TOKEN), refer_to(paths)

    def candidate(self, product: str, pool: ExportPool) -> tuple[str, dict[str, Any]]:
        """(text with its token, picture) of a product."""
        path, text = self.export.show(pool, product), pool.text_of(product).replace(TOKEN, "")
        return (f"{TOKEN}\n{text}", refer_to([path])) if path else (text, refer_to([]))


class Vlm2VecEval(Vlm2Vec):
    """Queries with all their answers, and the whole pool as corpus."""

    def write(self) -> None:
        for split, pool in self.export.pools():
            corpus = self.export.file(f"corpus-{split}.parquet")
            write_table(corpus, CORPUS, (self.offer([p.id], pool) for p in self.export.each(pool)))
            path = self.export.file(f"queries-{split}.parquet")
            write_table(path, QUERIES, self.rows(split, pool))

    def rows(self, split: str, pool: ExportPool):
        for query, text, pictures in self.readable(split, pool):
            row = self.offer([*query.answers, *negatives_in(query, pool)], pool)
            row["dataset_infos"]["label_name"] = list(query.answers)
            self.export.queries += 1
            yield {"query_text": [text], "query_image": [pictures], **row}

    def offer(self, products: Sequence[str], pool: ExportPool) -> dict[str, Any]:
        """The fields of some candidates."""
        found = [self.candidate(p, pool) for p in products]
        return {
            "cand_text": [text for text, _ in found],
            "cand_image": [pictures for _, pictures in found],
            "dataset_infos": {"cand_names": list(products)},
        }


def refer_to(paths: Sequence[str | None]) -> dict[str, Any]:
    """The field of some pictures; of none, one null, as VLM2Vec has it for texts."""
    none = [None] * max(len(paths), 1)
    return {"paths": list(paths) or none, "bytes": none, "resolutions": none}
