"""Filters over product fields: as text, as JSON, and applied to a product.

    price < 30 and (attributes.color in ("navy", "black") or not exists extras.stock)

Fields are those of `records.Product` ("title", "price", "category", "spu", "gtin" ...),
"texts.ROLE", "attributes.KEY" and "extras.KEY". Keys of attributes are compared without regard to
case, values as they are written.
"""

from skulens.filters.match import matches
from skulens.filters.text import format_filter, parse_filter
from skulens.filters.tree import FilterError, filter_from_json, filter_to_json

__all__ = [
    "FilterError",
    "filter_from_json",
    "filter_to_json",
    "format_filter",
    "matches",
    "parse_filter",
]
