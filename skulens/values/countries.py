"""Countries: ISO 3166-1 codes and names in five languages -> the two-letter code.

Names in Indonesian, Malay, Vietnamese and Thai are those of pycountry's catalogues; `ALIASES`
adds what labels print and the catalogues lack.
"""

import gettext
import re
from dataclasses import dataclass
from functools import cache

from skulens.values.text import drop_punctuation, fold

LANGUAGES = (
    "id", "ms", "vi", "th", "ru", "uk", "kk", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "nb_NO",
    "sv", "zh_CN",
)  # fmt: skip
ALIASES = {
    "US": "usa|u.s.a.|u.s.|us|america|united states of america|the united states|amerika|hoa kỳ|mỹ|"
          "อเมริกา|สหรัฐอเมริกา",
    "GB": "uk|u.k.|great britain|britain|england|scotland|wales|northern ireland|inggris|britania "
          "raya|anh|vương quốc anh|อังกฤษ|สหราชอาณาจักร",
    "CN": "china|prc|p.r.c.|p.r. china|pr china|mainland china|people's republic of china|cina|"
          "tiongkok|republik rakyat tiongkok|ประเทศจีน",
    "TW": "taiwan|r.o.c.|taiwan r.o.c.|đài loan|ไต้หวัน",
    "HK": "hong kong|hongkong|hong kong sar|hồng kông|ฮ่องกง",
    "MO": "macau|macao|มาเก๊า",
    "KR": "korea|south korea|republic of korea|korea selatan|hàn quốc|เกาหลี|เกาหลีใต้",
    "KP": "north korea|korea utara|bắc triều tiên|เกาหลีเหนือ",
    "VN": "vietnam|viet nam|việt nam|เวียดนาม",
    "TH": "thailand|thái lan|thai land|ไทย|ประเทศไทย",
    "ID": "indonesia|in-đô-nê-xi-a|อินโดนีเซีย",
    "MY": "malaysia|ma-lai-xi-a|มาเลเซีย",
    "SG": "singapore|singapura|xin-ga-po|สิงคโปร์",
    "PH": "philippines|the philippines|filipina|filipino|phi-líp-pin|ฟิลิปปินส์",
    "KH": "cambodia|kamboja|kemboja|campuchia|กัมพูชา",
    "LA": "laos|lao|lào|ลาว",
    "MM": "myanmar|burma|พม่า|เมียนมา",
    "JP": "japan|jepang|jepun|nhật bản|nhật|ญี่ปุ่น",
    "IN": "india|ấn độ|อินเดีย",
    "DE": "germany|jerman|đức|เยอรมนี|เยอรมัน|deutschland",
    "FR": "france|perancis|pháp|ฝรั่งเศส",
    "IT": "italy|italia|itali|ý|อิตาลี",
    "ES": "spain|spanyol|sepanyol|tây ban nha|สเปน",
    "PT": "portugal|bồ đào nha|โปรตุเกส",
    "NL": "netherlands|the netherlands|holland|belanda|hà lan|เนเธอร์แลนด์",
    "CH": "switzerland|swiss|thụy sĩ|thụy sỹ|สวิตเซอร์แลนด์",
    "TR": "turkey|türkiye|turkiye|turki|thổ nhĩ kỳ|ตุรกี",
    "CZ": "czech republic|czechia|republik ceko|cộng hòa séc|สาธารณรัฐเช็ก",
    "RU": "russia|russian federation|rusia|nga|รัสเซีย",
    "PL": "poland|polandia|ba lan|โปแลนด์",
    "MX": "mexico|meksiko|mê-hi-cô|เม็กซิโก",
    "CL": "chile|chili|chi-lê|ชิลี",
    "BR": "brazil|brasil|bra-xin|บราซิล",
    "AU": "australia|úc|ออสเตรเลีย",
    "NZ": "new zealand|selandia baru|niu di-lân|นิวซีแลนด์",
    "AE": "uae|u.a.e.|united arab emirates|uni emirat arab",
    "BD": "bangladesh|băng-la-đét|บังกลาเทศ",
    "CI": "ivory coast|pantai gading|bờ biển ngà",
}  # fmt: skip
_CUE = re.compile(
    r"^(?:made in|product of|produced in|produce of|manufactured in|assembled in|country of origin|"
    r"origin|grown in|buatan|dibuat di|diproduksi di|produk dari|produk|negara asal|"
    r"dibuat dalam|keluaran|negara asal|sản xuất tại|xuất xứ|sản phẩm của|nước sản xuất|"
    r"ผลิตใน|ผลิตที่|ผลิตภัณฑ์ของ|ประเทศผู้ผลิต|สินค้าจาก)\s*(?:the\s+|:\s*)*",
)


@dataclass(frozen=True, slots=True)
class Country:
    """A country of ISO 3166-1."""

    alpha_2: str
    name: str
    """English, as ISO has it."""


def parse_country(text: str) -> Country | None:
    """The country that a text names, alone or after words such as "Made in".

    Two- and three-letter codes count in capitals only: "no" is an answer, "NO" is Norway. None for
    regions ("EU"), for several countries, and for names that nobody knows.
    """
    import pycountry

    text = text.strip().strip(".")
    found = None
    if text.isascii() and text.isupper() and len(text) == 2:
        found = pycountry.countries.get(alpha_2=text)
    elif text.isascii() and text.isupper() and len(text) == 3:
        found = pycountry.countries.get(alpha_3=text)
    if found is None:
        key = fold(text)
        code = _names().get(_key(key)) or _names().get(_key(_CUE.sub("", key)))
        found = pycountry.countries.get(alpha_2=code) if code else None
    return Country(found.alpha_2, found.name) if found else None


def _key(folded: str) -> str:
    bare = drop_punctuation(folded.replace(".", ""))
    return bare.removeprefix("ประเทศ").removeprefix("the ").strip()


@cache
def _names() -> dict[str, str]:
    """Key of a name in any of the languages -> code; aliases win."""
    import pycountry

    translations = [
        gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[code], fallback=True)
        for code in LANGUAGES
    ]
    names: dict[str, str] = {}
    for country in pycountry.countries:
        known = (getattr(country, name, "") for name in ("name", "common_name", "official_name"))
        for english in filter(None, known):
            for name in (english, *(t.gettext(english) for t in translations)):
                names.setdefault(_key(fold(name)), country.alpha_2)
    for code, aliases in ALIASES.items():
        names |= {_key(fold(alias)): code for alias in aliases.split("|")}
    return names
