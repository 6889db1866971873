"""What one item's pictures show, found once and shared by all verifiers."""

from weakref import WeakKeyDictionary

from skulens.claims import Seen
from skulens.verify.facts import find_all
from skulens.verify.facts.found import Found
from skulens.verify.facts.merge import merge
from skulens.verify.layout import prints_of
from skulens.verify.second import confirm

_found: WeakKeyDictionary[Seen, tuple[Found, ...]] = WeakKeyDictionary()


def readings_of(seen: Seen) -> tuple[Found, ...]:
    """Every value that is found in the pictures of an item."""
    if seen not in _found:
        _found[seen] = tuple(merge(confirm(find_all(prints_of(seen)), seen)))
    return _found[seen]


def readings_of_field(seen: Seen, field: str) -> tuple[Found, ...]:
    return tuple(found for found in readings_of(seen) if found.field == field)
