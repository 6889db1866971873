"""Addresses of what belongs to a product, on this server."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from skulens.index.stores.fields import PICTURES

VERSION = 12
"""Letters of a hash that tell versions of a picture apart."""


def thumbnail_url(product: str, fields: Mapping[str, Any]) -> str:
    """Of a product with these fields; it changes with the first picture, so that it may be kept."""
    hashes = fields.get(PICTURES.field) or ()
    version = f"?v={hashes[0][:VERSION]}" if hashes else ""
    return f"/v1/thumbnails/{quote(product, safe='')}{version}"


def picture_url(product: str, view: int) -> str:
    return f"/v1/pictures/{quote(product, safe='')}?view={view}"
