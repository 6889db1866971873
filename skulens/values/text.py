"""Characters and words of a value: steps 1 to 4 and 6 of norm-v1, without any type."""

import html
import re
import unicodedata

QUOTES = "\"'"
_FRACTIONS = {chr(c) for c in (0xBC, 0xBD, 0xBE, *range(0x2150, 0x215F), 0x2189)}
_TRADE_MARKS = dict.fromkeys(map(ord, "™®©℠℗"))
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹘﹣－⁃"), "-")
_SINGLE = dict.fromkeys(map(ord, "‘’‚‛′´ʼʹ"), "'")
_DOUBLE = dict.fromkeys(map(ord, "“”„‟″«»"), '"')
_UNIFIED = _DASHES | _SINGLE | _DOUBLE | {ord("⁄"): "/"}
_NIKHAHIT, _SARA_AA, _SARA_AM = "\u0e4d", "\u0e32", "\u0e33"
_SARA_E, _SARA_AE = "\u0e40", "\u0e41"
_TONED_AM = re.compile(f"{_NIKHAHIT}([\u0e48-\u0e4b])(?={_SARA_AA})")

LABELS = (
    "answer", "value", "brand", "brand name", "product", "product name", "name", "model",
    "model number", "colour", "color", "size", "material", "net content", "net contents",
    "net weight", "net volume", "ingredients", "allergens", "contains", "country of origin",
    "origin", "manufacturer", "expiry date", "best before", "warning", "pattern", "neckline",
    "sleeve length", "gtin", "ean", "upc", "barcode",
    "merek", "warna", "ukuran", "bahan", "komposisi", "berat bersih", "isi bersih", "jawaban",
    "jenama", "saiz", "ramuan", "kandungan bersih", "jawapan",
    "thương hiệu", "nhãn hiệu", "màu sắc", "màu", "kích thước", "chất liệu", "thành phần",
    "khối lượng tịnh", "thể tích thực", "xuất xứ", "trả lời",
    "ยี่ห้อ", "แบรนด์", "สี", "ขนาด", "วัสดุ", "ส่วนประกอบ", "น้ำหนักสุทธิ", "ปริมาตรสุทธิ",
    "คำตอบ",
)  # fmt: skip
"""What may stand before a value in an answer: "Brand:", "The brand is"."""
_LABEL = re.compile(
    r"^\s*(?:the\s+)?(?:" + "|".join(re.escape(w) for w in LABELS) + r")\s*(?::|=|\bis\b)\s*",
    re.IGNORECASE,
)

ABSTENTIONS = frozenset((
    "", "n/a", "none", "null", "unknown", "not visible", "not specified", "not available",
    "not applicable", "not shown", "not stated", "not legible", "illegible", "unreadable",
    "cannot determine", "cannot be determined", "can't determine",
    "tidak ada", "tidak diketahui", "tidak terlihat", "tidak disebutkan", "tidak dapat ditentukan",
    "tiada", "tidak kelihatan", "tidak dinyatakan",
    "không có", "không rõ", "không biết", "không nhìn thấy", "không xác định",
    "ไม่มี", "ไม่ทราบ", "ไม่ระบุ", "มองไม่เห็น", "ไม่ปรากฏ",
))  # fmt: skip
"""Answers that mean "no answer", folded and without the punctuation around them."""
DISTINCT = frozenset(("does not apply", "unbranded"))
"""Abstentions too, except in a field whose gold uses them as values."""


def clean_characters(value: str) -> str:
    """Step 1: one code point sequence for what looks the same; Thai and Vietnamese marks stay.

    HTML is unescaped between two NFKC passes, since an entity may name a compatibility character.
    "1½" gets a space first (NFKC would make it 11/2), and Thai sara am stays one character in
    either order of tone mark and nikhahit.
    """
    once = unicodedata.normalize("NFKC", _guard(value))
    text = unicodedata.normalize("NFKC", _guard(_unescape(once)))
    text = "".join(_visible(c) for c in text).translate(_UNIFIED)
    text = _TONED_AM.sub(rf"\1{_NIKHAHIT}", text)
    text = text.replace(_NIKHAHIT + _SARA_AA, _SARA_AM)
    return text.replace(_SARA_E * 2, _SARA_AE)


def _unescape(text: str) -> str:
    """HTML entities with their semicolon only: html.unescape reads "Salt&Notes" as "Salt¬es"."""
    return re.sub(r"&#?\w+;", lambda found: html.unescape(found[0]), text)


def _guard(value: str) -> str:
    """What NFKC would spoil: a fraction after a digit, and trade mark signs (it writes "TM")."""
    spaced = "".join(
        f" {c}" if c in _FRACTIONS and i and value[i - 1].isdigit() else c
        for i, c in enumerate(value)
    )
    return spaced.translate(_TRADE_MARKS)


def _visible(character: str) -> str:
    """A space for separators and controls except line ends; nothing for zero-width marks."""
    category = unicodedata.category(character)
    if category == "Cf" or character == "\u0338":
        return ""
    blank = category in ("Zs", "Zl", "Zp", "Cc") and character != "\n"
    return " " if blank else character


def strip_wrapping(value: str) -> str:
    """Step 2: without reasoning, code fence, quotes around it, one leading label, one period."""
    text = re.sub(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|$)", " ", value, flags=re.S | re.I)
    text = re.split(r"</think(?:ing)?>", text, flags=re.I)[-1].strip()
    text = re.sub(r"^```[\w-]*\n(.*?)```$", r"\1", text, flags=re.S).strip("`\n ")
    text = _unquote(text)
    text = _unquote(_LABEL.sub("", text, count=1).strip())
    if text.endswith(".") and not text.endswith(".."):
        text = text[:-1]
    return _unquote(text.strip())


def _unquote(text: str) -> str:
    while len(text) > 1 and text[0] == text[-1] and text[0] in QUOTES:
        text = text[1:-1].strip()
    return text


def fold(value: str) -> str:
    """Step 3: case-folded, composed again; the dot that folding leaves above a Turkish i goes."""
    return unicodedata.normalize("NFC", value.casefold().replace("i\u0307", "i"))


def strip_edges(text: str) -> str:
    """Without spaces, punctuation and symbols at either end."""
    kept = [
        i for i, c in enumerate(text) if not c.isspace() and unicodedata.category(c)[0] not in "PS"
    ]
    return text[kept[0] : kept[-1] + 1] if kept else ""


def is_abstention(folded: str, keep: frozenset[str] = frozenset()) -> bool:
    """Step 4: whether a folded value says that there is none; `keep`: values, says gold."""
    bare = " ".join(strip_edges(folded).split())
    return bare not in keep and (bare in ABSTENTIONS or bare in DISTINCT)


def ascii_digits(value: str) -> str:
    """Decimal digits of any script (Thai ๑๒๓) as 0 to 9."""
    return "".join(
        str(unicodedata.decimal(c)) if c.isdecimal() and not c.isascii() else c for c in value
    )


def drop_punctuation(value: str) -> str:
    """Step 6: punctuation and symbols outside numbers as spaces, spaces collapsed.

    Kept: `.`, `:` and `/` between digits, `%` after a digit, and `+`, which tells "18+" from "18".
    Combining marks are not punctuation; Thai vowels are such marks.
    """
    kept = []
    for i, c in enumerate(value):
        before, after = value[i - 1 : i], value[i + 1 : i + 2]
        inside = c in ".:/" and before.isdigit() and after.isdigit()
        if c == "+" or inside or (c == "%" and value[:i].rstrip()[-1:].isdigit()):
            kept.append(c)
        else:
            kept.append(" " if unicodedata.category(c)[0] in "PS" else c)
    return " ".join("".join(kept).split())


def fold_accents(value: str) -> str:
    """Latin letters without their marks, for level L2 only; marks of other scripts stay."""
    kept, base = [], ""
    for c in unicodedata.normalize("NFD", value.replace("đ", "d").replace("Đ", "D")):
        if not unicodedata.combining(c):
            base = c
        elif unicodedata.name(base or " ", "").startswith("LATIN"):
            continue
        kept.append(c)
    return unicodedata.normalize("NFC", "".join(kept))
