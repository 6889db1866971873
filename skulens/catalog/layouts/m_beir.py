"""M-BEIR: what UniIR trains and evaluates on (TIGER-AI-Lab/UniIR at 98dc570).

    query/SPLIT/mbeir_skulens_taskN_SPLIT.jsonl             qid, query_txt, query_img_path,
                                                            query_modality, query_src_content,
                                                            pos_cand_list, neg_cand_list
    cand_pool/local/mbeir_skulens_taskN_SPLIT_cand_pool.jsonl   did, txt, img_path, modality,
                                                            src_content: candidates of one modality
    cand_pool/global/mbeir_union_SPLIT_cand_pool.jsonl      all candidates
    qrels/SPLIT/mbeir_skulens_taskN_SPLIT_qrels.txt         qid 0 did 1 task
    instructions/query_instructions.tsv                     a prompt per pair of modalities

Ids are "dataset:number" there; ours stand in the src_content fields, as JSON. A query shows one
picture: several are laid side by side (`Export.tile`), as fusion `cat` and the paper's Cat do, or the
query is rejected. Paths start at the folder, M-BEIR's data directory.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from skulens.catalog.layouts.export import ExportPool, Layout, list_parts, negatives_in
from skulens.files import write_whole
from skulens.records import Image, Query

NAME, DATASET = "skulens", 10
"""UniIR numbers its datasets from 0 to 9."""
TASKS = {
    ("text", "image"): 0,
    ("text", "text"): 1,
    ("text", "image,text"): 2,
    ("image", "text"): 3,
    ("image", "image"): 4,
    ("image,text", "text"): 6,
    ("image,text", "image"): 7,
    ("image,text", "image,text"): 8,
}
"""(modality of the query, of the candidates) -> UniIR's task."""
PROMPT = "Find the product that satisfies all the conditions."
PROMPTS = ("query_modality", "cand_modality", "dataset_name", "dataset_id", "prompt_1")


class MBeir(Layout):
    """One query file per task, local pools and the union of all candidates."""

    def write(self) -> None:
        pairs: set[tuple[str, str]] = set()
        for split, pool in self.export.pools():
            candidates = self.write_pool(split, pool)
            found: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
            for query in self.export.ask(split, pool):
                try:
                    pair, row = self.query(query, pool, candidates)
                except (ValueError, OSError) as e:
                    self.export.reject(split, query, str(e))
                    continue
                self.export.queries += 1
                row["qid"] = f"{DATASET}:{self.export.queries}"
                found[pair].append(row)
            for pair, rows in found.items():
                self.write_task(split, pair, rows, candidates)
            pairs |= found.keys()
        self.write_prompts(pairs)

    def write_pool(self, split: str, pool: ExportPool) -> dict[str, dict[str, Any]]:
        """Product id -> its entry in the union pool, which is written."""
        each = enumerate(self.export.each(pool), 1)
        found = {p.id: self.candidate(p.id, n, pool) for n, p in each}
        write_jsonl(
            self.export.file(f"cand_pool/global/mbeir_union_{split}_cand_pool.jsonl"),
            found.values(),
        )
        return found

    def candidate(self, product: str, number: int, pool: ExportPool) -> dict[str, Any]:
        path, text = self.export.show(pool, product), pool.text_of(product)
        return {
            "did": f"{DATASET}:{number}",
            "txt": text or None,
            "img_path": path,
            "modality": name_modality(path, text),
            "src_content": json.dumps({"id": product}),
        }

    def query(
        self, query: Query, pool: ExportPool, candidates: Mapping[str, Mapping[str, Any]]
    ) -> tuple[tuple[str, str], dict[str, Any]]:
        """((modality of the query, of its answers), its row).

        Raises:
            ValueError: several pictures and no `tile`; modalities that are no task.
            OSError: a picture that cannot be read.
        """
        texts, images = list_parts(query)
        text = "".join(texts).strip()
        path = self.picture(images)
        pair = name_modality(path, text), candidates[query.answers[0]]["modality"]
        if pair not in TASKS:
            raise ValueError(f"M-BEIR has no task {pair[0]} -> {pair[1]}")
        answers = [p for p in query.answers if candidates[p]["modality"] == pair[1]]
        left = len(query.answers) - len(answers)
        self.export.notes["answers of another modality than a query's first left out"] += left
        return pair, {
            "qid": "",
            "query_txt": text or None,
            "query_img_path": path,
            "query_modality": pair[0],
            "query_src_content": json.dumps({"id": query.id}),
            "pos_cand_list": [candidates[p]["did"] for p in answers],
            "neg_cand_list": [candidates[p]["did"] for p in negatives_in(query, pool)],
        }

    def picture(self, images: list[Image]) -> str | None:
        """The path of a query's picture, one made of several where there are."""
        if not images:
            return None
        if len(images) == 1:
            return self.export.pictures.store(images[0])["path"]
        if self.export.tile is None:
            raise ValueError(
                f"shows {len(images)} pictures where M-BEIR has one; --tile lays them side by side"
            )
        self.export.notes["queries whose pictures were laid side by side"] += 1
        return self.export.pictures.store(Image(data=self.export.tile(images)))["path"]

    def write_task(
        self,
        split: str,
        pair: tuple[str, str],
        rows: list[dict[str, Any]],
        candidates: Mapping[str, Mapping[str, Any]],
    ) -> None:
        task = TASKS[pair]
        name = f"mbeir_{NAME}_task{task}_{split}"
        write_jsonl(self.export.file(f"query/{split}/{name}.jsonl"), rows)
        mine = (c for c in candidates.values() if c["modality"] == pair[1])
        write_jsonl(self.export.file(f"cand_pool/local/{name}_cand_pool.jsonl"), mine)
        judged = [f"{r['qid']} 0 {did} 1 {task}\n" for r in rows for did in r["pos_cand_list"]]
        path = self.export.file(f"qrels/{split}/{name}_qrels.txt")
        write_whole(path, lambda f: f.write("".join(judged).encode()))

    def write_prompts(self, pairs: Iterable[tuple[str, str]]) -> None:
        rows = [PROMPTS, *((*pair, NAME, str(DATASET), PROMPT) for pair in sorted(pairs))]
        text = "".join("\t".join(row) + "\n" for row in rows)
        path = self.export.file("instructions/query_instructions.tsv")
        write_whole(path, lambda f: f.write(text.encode()))


def name_modality(path: str | None, text: str) -> str:
    """ "image,text", "image" or "text" """
    return ",".join(name for name, there in (("image", path), ("text", text)) if there)


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    write_whole(path, lambda f: f.writelines(json.dumps(r).encode() + b"\n" for r in rows))
