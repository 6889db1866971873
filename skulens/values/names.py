"""Names of brands and companies without their legal form."""

import re

from skulens.values.text import drop_punctuation, fold

_BEFORE = ("pt", "cv", "ud", "công ty tnhh", "công ty cổ phần", "công ty", "บริษัท", "บจก", "หจก")
_AFTER = (
    "inc", "incorporated", "llc", "l l c", "ltd", "limited", "co ltd", "company limited",
    "co limited", "co", "company", "corp", "corporation", "plc", "gmbh", "gmbh & co kg", "ag",
    "ohg", "s a", "sa", "sas", "sarl", "s r l", "srl", "s p a", "spa", "b v", "bv",
    "n v", "nv", "ab", "oy", "a s", "aps", "kk", "k k", "pty ltd", "pty", "pte ltd", "pte",
    "sdn bhd", "bhd", "sdn", "tbk", "persero", "tnhh", "jsc",
    "จำกัด", "มหาชน", "จำกัด มหาชน",
)  # fmt: skip
ALIASES = {
    "p and g": "procter gamble", "p g": "procter gamble", "j j": "johnson johnson",
    "h and m": "h m", "hewlett packard": "hp",
}  # fmt: skip
"""Names of level L1 that stand for one another; short on purpose."""


def normalise_name(text: str) -> str:
    """A folded name without punctuation and legal form ("PT Sinar Jaya Tbk" -> "sinar jaya").

    What would leave nothing stays ("Company"). "&" and "and" between names are the same.
    """
    name = re.sub(r"\band\b|\bdan\b|\bvà\b", " ", drop_punctuation(fold(text)))
    name = " ".join(name.split())
    changed = True
    while changed:
        changed = False
        for form in _AFTER:
            if _thai(form) and name.endswith(form) and name != form:
                name, changed = name.removesuffix(form).strip(), True
            elif name.endswith(" " + form):
                name, changed = name.removesuffix(" " + form).strip(), True
        for form in _BEFORE:
            space = "" if _thai(form) else " "
            if name.startswith(form + space) and len(name) > len(form + space):
                name, changed = name.removeprefix(form + space).strip(), True
    return ALIASES.get(name, name)


def _thai(word: str) -> bool:
    return "\u0e00" <= word[0] <= "\u0e7f"
