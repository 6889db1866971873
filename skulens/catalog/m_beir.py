"""M-BEIR: queries and candidates of any modality, as UniIR reads them (98dc570).

Wei et al., "UniIR: Training and Benchmarking Universal Multimodal Information Retrievers", ECCV 2024,
arXiv 2311.17136. The folder is M-BEIR's data directory: query/, cand_pool/, instructions/ and the
pictures that their paths name; `catalog.layouts.m_beir` lists the fields.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from skulens.catalog.mapping import as_id, as_text
from skulens.catalog.pool_reader import PoolReader
from skulens.catalog.tables import JsonlTable
from skulens.errors import DataError, MissingFile
from skulens.records import DatasetInfo, Image, Item, Part, Product, Query

PROMPTS = "instructions/query_instructions.tsv"
SPLITS = ("train", "val", "test")


class MBeir(PoolReader):
    """Candidates as products (ids are their `did`), queries of one picture, a text or both.

    A query's item is its picture, then its text behind the first of the task's prompts (UniIR draws
    one of four). Tags: "task" (as in the file's name) and "modality". `neg_cand_list` are hard
    negatives.

    Args:
        root: M-BEIR's data directory.
        pool: the split whose candidates are the gallery; the first that has queries by default.
        task: dataset and task as files are named, such as "cirr_task7"; all by default.
        union: the union pool of all tasks (M-BEIR) and not those of the tasks (M-BEIR_local).
        prompts: put the prompt before the text.
    """

    def __init__(
        self,
        root: Path,
        pool: str = "",
        task: str = "",
        union: bool = False,
        prompts: bool = True,
    ):
        self.task, self.union, self.prompted = task, union, prompts
        self.files = query_files(Path(root), task)
        there = dict.fromkeys(split for split, _ in self.files)
        usual = [s for s in SPLITS if s in there]
        self.info = DatasetInfo(
            name="m-beir",
            title="M-BEIR",
            source="https://huggingface.co/datasets/TIGER-Lab/M-BEIR",
            revision="not pinned; format of github.com/TIGER-AI-Lab/UniIR at 98dc570",
            licence="of each dataset its own",
            citation="Wei et al.: UniIR: Training and Benchmarking Universal Multimodal Information "
            "Retrievers. ECCV 2024.",
            splits=(*usual, *(s for s in there if s not in usual)),
            gallery_text=("title",),
        )
        super().__init__(root, pool)

    def for_split(self, split: str) -> "MBeir":
        if split == self.pool:
            return self
        return MBeir(self.root, split, self.task, self.union, self.prompted)

    def _products(self) -> Iterator[Product]:
        seen: set[str] = set()
        for file in self.pool_files(self.pool):
            for row in JsonlTable(file).rows(self.reject_row):
                try:
                    product = self.product(row.cells, row.where)
                except (ValueError, TypeError, KeyError) as e:
                    item = str(row.cells.get("did"))[:80]
                    self.reject(row.where, item, str(e), "correct the line")
                    continue
                if product.id not in seen:  # local pools of two tasks may share candidates
                    seen.add(product.id)
                    yield product

    def product(self, cells: Mapping[str, Any], where: str) -> Product:
        did, path = as_id(cells.get("did")), as_text(cells.get("img_path"))
        image = self.listed(path, where, did) if path else None
        source = as_text(cells.get("src_content"))
        return Product(
            did,
            title=as_text(cells.get("txt")),
            images=(image,) if image else (),
            extras={"src_content": source} if source else {},
        )

    def pool_files(self, split: str) -> list[Path]:
        """The pools of a split: the union, or one per task, its own of the split if it has one."""
        folder = self.root / "cand_pool"
        names = (
            [[f"global/mbeir_union_{split}", "global/mbeir_union"]]
            if self.union
            else [
                [f"local/mbeir_{t}_{split}", f"local/mbeir_{t}"]
                for s, t in self.files
                if s == split
            ]
        )
        found = []
        for places in names:
            paths = [folder / f"{place}_cand_pool.jsonl" for place in places]
            path = next((p for p in paths if p.is_file()), None)
            if path is None:
                raise MissingFile(f"{folder} has none of {', '.join(p.name for p in paths)}")
            found.append(path)
        return list(dict.fromkeys(found))

    @cached_property
    def instructions(self) -> dict[tuple[str, str, str], str]:
        """(dataset, modality of the query, of the candidate) -> the first prompt; {} without the
        file."""
        path = self.root / PROMPTS
        if not (self.prompted and path.is_file()):
            return {}
        rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:]]
        return {(r[3], r[0], r[1]): r[4] for r in rows if len(r) > 4}

    def _queries(self, split: str) -> Iterator[Query]:
        modalities = self.modalities(split) if self.instructions else {}
        seen: set[str] = set()
        for (mine, task), path in self.files.items():
            if mine != split:
                continue
            for row in JsonlTable(path).rows(self.reject_row):
                try:
                    query = self.query(row.cells, row.where, task, modalities)
                    if query.id in seen:
                        raise ValueError("the id occurred before; open one task at a time")
                    seen.add(query.id)
                    yield query
                except (ValueError, TypeError, KeyError) as e:
                    item = str(row.cells.get("qid"))[:80]
                    self.reject(
                        row.where, item, str(e), "correct the line or put the picture there"
                    )

    def modalities(self, split: str) -> dict[str, str]:
        """Candidate -> its modality, which chooses the prompt."""
        return {
            str(row.cells.get("did")): as_text(row.cells.get("modality"))
            for file in self.pool_files(split)
            for row in JsonlTable(file).rows(lambda *_: None)
        }

    def query(
        self, cells: Mapping[str, Any], where: str, task: str, modalities: Mapping[str, str]
    ) -> Query:
        """Raises ValueError for a query without picture and text, or whose picture is missing."""
        qid, text = as_id(cells.get("qid")), as_text(cells.get("query_txt"))
        answers = [as_id(p) for p in cells.get("pos_cand_list") or ()]
        kind, offered = (
            as_text(cells.get("query_modality")),
            modalities.get((answers or [""])[0], ""),
        )
        parts: list[Part] = []
        if path := as_text(cells.get("query_img_path")):
            image: Image | None = self.listed(path, where, qid)
            if image is None:
                raise ValueError(f"there is no picture {path[:200]}")
            parts.append(image)
        prompt = self.instructions.get((qid.partition(":")[0], kind, offered), "")
        if said := " ".join(filter(None, (prompt, text))):
            parts.append(said)
        if not parts or not (text or path):
            raise ValueError("neither text nor picture")
        return Query(
            qid,
            Item(qid, tuple(parts)),
            relevant=dict.fromkeys(answers, 1),
            hard_negatives=tuple(as_id(p) for p in cells.get("neg_cand_list") or ()),
            tags={"task": task, "modality": kind},
            group=next(iter(answers), None),
        )


def query_files(root: Path, task: str) -> dict[tuple[str, str], Path]:
    """(split, task) -> its query file. Raises MissingFile, DataError where there is none."""
    found: dict[tuple[str, str], Path] = {}
    for path in sorted(root.glob("query/*/mbeir_*.jsonl")):
        name, _, split = path.stem.removeprefix("mbeir_").rpartition("_")
        found[split, name] = path
    if not found:
        raise MissingFile(f"{root} has no query/*/mbeir_*.jsonl; expected M-BEIR's data directory")
    chosen = {key: path for key, path in found.items() if task in ("", key[1])}
    if not chosen:
        tasks = ", ".join(sorted({name for _, name in found}))
        raise DataError(f"{root} has no task {task!r}; it has {tasks}")
    return chosen
