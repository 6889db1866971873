"""Pairs and triplets for sentence-transformers 6 (read at 6.2.0), as JSON Lines.

    SPLIT-pairs.jsonl      anchor, positive
    SPLIT-triplets.jsonl   anchor, positive, negative: queries that have a hard negative

Columns are named as its losses read them, in that order. Every cell is a list of one chat message
whose content is texts and pictures in reading order, so that a query of several pictures stays
interleaved: [{"role": "user", "content": [{"type": "text", "text": ..}, {"type": "image", "image":
PATH}]}]. `datasets` 5 reads the content as JSON, without filling keys; earlier versions add nulls,
which chat templates take for pictures. Paths start at the folder: train from there.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from skulens.catalog.layouts.export import ExportPool, Layout, negatives_in
from skulens.files import write_whole
from skulens.records import Image, Query


class SentenceTransformers(Layout):
    """One row per query: its first answer, its first hard negative."""

    def write(self) -> None:
        for split, pool in self.export.pools():
            rows = list(self.rows(split, pool))
            self.export.queries += len(rows)
            self.write_rows(f"{split}-pairs.jsonl", [row[:2] for row in rows])
            if triplets := [row for row in rows if len(row) == 3]:
                self.write_rows(f"{split}-triplets.jsonl", triplets)

    def write_rows(self, name: str, rows: Sequence[Sequence[Any]]) -> None:
        columns = ("anchor", "positive", "negative")
        found = (dict(zip(columns, row, strict=False)) for row in rows)
        lines = (json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in found)
        write_whole(self.export.file(name), lambda f: f.writelines(lines))

    def rows(self, split: str, pool: ExportPool) -> Iterator[list[Any]]:
        """[anchor, positive] or [anchor, positive, negative] of each query."""
        notes = self.export.notes
        for query in self.export.ask(split, pool):
            try:
                row = [self.query(query)]
                negatives = negatives_in(query, pool)
                row += [self.product(p, pool) for p in (query.answers[0], *negatives[:1])]
            except OSError as e:
                self.export.reject(split, query, str(e))
                continue
            notes["answers beyond a query's first left out"] += len(query.answers) - 1
            notes["hard negatives beyond a query's first left out"] += len(negatives[1:])
            yield row

    def product(self, product: str, pool: ExportPool) -> list[dict[str, Any]]:
        """Its first picture, then its text."""
        path, text = self.export.show(pool, product), pool.text_of(product)
        shown = [{"type": "image", "image": path}] if path else []
        said = [{"type": "text", "text": text}] if text else []
        return as_message(shown + said)

    def query(self, query: Query) -> list[dict[str, Any]]:
        """Its parts in order. Raises OSError for a picture that cannot be read."""
        store = self.export.pictures.store
        return as_message(
            {"type": "image", "image": store(part)["path"]}
            if isinstance(part, Image)
            else {"type": "text", "text": part}
            for part in query.item.parts
        )


def as_message(content: Iterable[Mapping[str, str | None]]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": list(content)}]
