"""A shop on another machine, asked as one at hand.

shop = skulens.connect("http://127.0.0.1:8765")
hits = shop.search(photo="a.jpg", text="red", where="price < 30")
"""

import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from skulens.errors import DataError, PictureError
from skulens.protocols import Role
from skulens.records import Image, Product, Reject, chunks
from skulens.search.answers import Answer, Thumbnails
from skulens.search.claims import Checked
from skulens.search.draft import SKU, Given, Weighted, as_image
from skulens.search.indexing.upsert import Upserted
from skulens.search.request import Request, make_request
from skulens.serve.remote.calls import Calls
from skulens.serve.remote.wire import (
    answer_of,
    cut_inputs,
    cut_rows,
    read_claim,
    send,
    thing_record,
    vector_of,
)

TextOrPhoto = str | Path | bytes | Image
"""A text (`str`), or a photo: its file (`Path`), its bytes or an `Image`."""
TIMEOUT_S = 60.0
MOST_IDS = 1_000
"""Of a call."""
TOGETHER = 8
"""Thumbnails that are fetched at the same time."""


class RemoteShop:
    """The calls of `search.shop.Shop`, answered by a server. Threads may share it.

    Args:
        url: of the server, "http://HOST:PORT".
        token: of `Authorization: Bearer`, where the server wants one.
        timeout_s: for each try of a call; a server that is busy is asked again.
    Raises:
        MissingDependency: httpx is not installed. DataError: no address of a server.
    """

    def __init__(self, url: str, token: str | None = None, timeout_s: float = TIMEOUT_S):
        self._calls = Calls(url, token, timeout_s)
        self.url = self._calls.url

    def __enter__(self) -> "RemoteShop":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<shop at {self.url}>"

    def close(self) -> None:
        """Let go of the connections."""
        self._calls.close()

    def info(self) -> dict[str, Any]:
        """What the server says of its store: products, columns, fields, limits."""
        return self._calls.json("GET", "/v1/about")

    def search(
        self,
        text: str | Sequence[str | tuple[str, float]] = (),
        photo: Given | Weighted | Sequence[Given | Weighted] = (),
        **options: Any,
    ) -> Answer:
        """The products that fit best.

        Args:
            options: `like`, `where`, `k` and more: see `search.request.make_request`.
        Raises:
            SkulensError: as `Shop.search`; StoreError: the server cannot be reached.
        """
        return self.answer(make_request(text, photo, **options))

    def answer(self, request: Request) -> Answer:
        """The answer to one request; thumbnails are fetched when first looked at."""
        sent = send(request)
        try:
            record = self._calls.json("POST", "/v1/search", json=sent.body)
        except PictureError as e:
            raise DataError(str(e)) from e
        try:
            shown = {hit["id"]: hit.get("thumbnail") or "" for hit in record["hits"]}
            thumbnails = Thumbnails(lambda ids: self._fetch([shown[i] for i in ids]), list(shown))
            return answer_of(record, sent, thumbnails)
        except (KeyError, TypeError, ValueError) as e:
            raise DataError(
                f"the answer of {self.url} is not understood ({type(e).__name__}: {e}); install "
                "the version of skulens that the server has"
            ) from e

    def claims(self, product: str) -> tuple[Checked, ...]:
        """What is claimed of a product, each claim with its verdict and evidence.

        Raises:
            SkulensError: as `Shop.claims`; StoreError: the server cannot be reached.
        """
        record = self._calls.json("GET", f"/v1/products/{quote(product, safe='')}")
        return tuple(read_claim(product, one) for one in record["claims"])

    def embed(
        self,
        parts: TextOrPhoto | Sequence[TextOrPhoto],
        model: str = "",
        role: Role = "query",
    ) -> np.ndarray:
        """Vectors of texts and photos: (parts, dim) float32, length 1.

        Args:
            parts: a `str` is a text; photos are files (`Path`), bytes or `Image`.
            model: a column of the store or its encoder; "": the first that reads them.
            role: "document" for what is searched, where the encoder tells them apart.
        """
        listed = [parts] if isinstance(parts, str | bytes | Path | Image) else list(parts)
        rows: list[np.ndarray] = []
        for some in cut_inputs(listed):
            body = {"input": some, "model": model, "input_type": role, "encoding_format": "base64"}
            told = self._calls.json("POST", "/v1/embeddings", json=body)
            rows += [vector_of(one["embedding"]) for one in told["data"]]
            model = told["model"]  # the same for all
        if not rows:
            raise DataError("nothing to embed; give a text or a photo")
        return np.stack(rows)

    def rerank(
        self,
        query: TextOrPhoto,
        documents: Sequence[TextOrPhoto],
        top_n: int | None = None,
        model: str = "",
    ) -> list[tuple[int, float]]:
        """(position in `documents`, cosine to the query), the best first.

        Args:
            query, documents: texts (`str`), photos (`Path`, bytes, `Image`), or "sku:ID".
        """
        body = {
            "query": thing_record(query),
            "documents": [thing_record(d) for d in documents],
            "top_n": top_n,
            "model": model,
        }
        told = self._calls.json("POST", "/v1/rerank", json=body)
        return [(one["index"], one["relevance_score"]) for one in told["results"]]

    def read(
        self,
        photo: TextOrPhoto,
        languages: Sequence[str] = (),
        region: tuple[int, int, int, int] | None = None,
    ) -> dict[str, Any]:
        """Lines, bars and claims of a photo, or of "sku:ID" where the server has its pictures.

        Args:
            region: left, top, width, height in pixels of the upright picture.
        """
        given = photo if isinstance(photo, str) and photo.startswith(SKU) else as_image(photo)
        body: dict[str, Any] = {**thing_record(given), "languages": list(languages)}
        if region is not None:
            body["region"] = list(region)
        return self._calls.json("POST", "/v1/read", json=body)

    # ----- products come and go ---------------------------------------------------------------

    def upsert(self, products: Iterable[Product]) -> Upserted:
        """Insert or replace products, some MOST_PRODUCTS or MOST_BYTES of them a call.

        Pictures are read and sent; those that cannot be read become rejects, as products do that
        cannot be stored. What the calls before an error wrote stays: do the same again.

        Raises:
            StoreBusy: another program writes to the server's store. StoreError: no server.
        """
        told: list[Upserted] = []
        for rows, unread in cut_rows(products):
            answer = self._write("POST", "/v1/products:batchUpsert", json={"products": rows})
            rejects = tuple(Reject(**reject) for reject in answer["rejects"])
            told.append(Upserted(tuple(answer["statuses"]), (*unread, *rejects)))
        statuses = tuple(status for one in told for status in one.statuses)
        return Upserted(statuses, tuple(reject for one in told for reject in one.rejects))

    def delete(self, ids: str | Iterable[str]) -> int:
        """How many of the products there were."""
        wanted = [ids] if isinstance(ids, str) else list(dict.fromkeys(ids))
        return sum(
            self._write("POST", "/v1/products:delete", json={"ids": list(some)})["deleted"]
            for some in chunks(wanted, MOST_IDS)
        )

    def _write(self, method: str, path: str, **given: Any) -> Any:
        """A call that changes the store, done once however often it is tried."""
        key = {"Idempotency-Key": uuid.uuid4().hex}
        return self._calls.json(method, path, headers=key, **given)

    def _fetch(self, paths: Sequence[str]) -> list[bytes]:
        """Thumbnails, empty where there is none."""
        with ThreadPoolExecutor(TOGETHER) as pool:
            return list(pool.map(self._thumbnail, paths))

    def _thumbnail(self, path: str) -> bytes:
        try:
            return self._calls.call("GET", path).content if path.startswith("/") else b""
        except DataError:  # it was deleted since, or has none
            return b""


def connect(url: str, token: str | None = None, **options: Any) -> RemoteShop:
    """The shop behind a server's address.

    Args:
        options: of `RemoteShop`.
    Raises:
        MissingDependency: httpx is not installed. DataError: no address of a server.
    """
    return RemoteShop(url, token, **options)
