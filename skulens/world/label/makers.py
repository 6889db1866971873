"""Who makes or sells a product, and where it comes from.

Streets and towns are invented in the form of the country's addresses. Mail and web addresses lie
under .example (RFC 2606). Telephone numbers come from ranges kept for fiction (555-01xx in North
America, 01632 960xxx in Britain) or begin with the 0 that no subscriber number has.
"""

from skulens.world.config import Stream
from skulens.world.label.draft import Draft

REGIONS = {
    "usa": "US", "japan": "JP", "india": "IN", "italy": "IT", "thailand": "TH", "vietnam": "VN",
    "indonesia": "ID",
    "malaysia": "MY", "mexico": "MX", "germany": "DE", "spain": "ES", "chile": "CL",
}  # fmt: skip
"""Value of "region of origin", small letters -> ISO country."""
SOURCES = {
    "plate": ("CN", "VN", "TW", "KR", "MY", "TH"),
    "textile": ("CN", "BD", "VN", "KH", "TR", "IN", "ID", "PT", "GB", "US"),
    "jewelry": ("IT", "TH", "IN", "TR", "US", "GB"),
    "furniture": ("CN", "VN", "PL", "MY", "ID", "US", "GB"),
}  # fmt: skip
"""Where products without a region of origin are made."""
TRADES = {
    "food": ("Foods", "Pangan", "Thực phẩm", "ฟู้ดส์"),
    "hazard": ("Home Care", "Rumah Tangga", "Hóa phẩm", "โฮมแคร์"),
    "plate": ("Electronics", "Elektronik", "Điện tử", "อิเล็กทรอนิกส์"),
    "textile": ("Apparel", "Busana", "May mặc", "แอพพาเรล"),
    "jewelry": ("Jewellery", "Permata", "Trang sức", "จิวเวลรี่"),
    "furniture": ("Furniture", "Mebel", "Nội thất", "เฟอร์นิเจอร์"),
    "fruit": ("Farms", "Agro", "Nông sản", "ฟาร์ม"),
}  # fmt: skip
"""Trade -> its name in English, Indonesian, Vietnamese and Thai company names."""
STREETS = {
    "US": ("Alderwick Ave", "Tannery Rd", "Copperfield Blvd", "Millrace St"),
    "GB": ("Larkfield Road", "Weaver's Row", "Harbour Mews", "Old Quarry Lane"),
    "ID": ("Jl. Melati Raya", "Jl. Anggrek Timur", "Jl. Pandan Wangi", "Jl. Cempaka Putra"),
    "MY": ("Jalan Cempaka 3", "Jalan Kenanga 7", "Lorong Seri Melor 2", "Jalan Teratai 5"),
    "VN": ("Hoa Mai", "Bến Sương", "Đồng Lúa", "Cây Bàng"),
    "TH": ("ดอกแก้ว", "ทุ่งทอง", "สวนหลวงใหม่", "ริมธารา"),
}
TOWNS = {
    "US": ("Marlow Falls, OH", "Cedar Notch, TX", "Pinehollow, OR", "Larkspur Bend, GA"),
    "GB": ("Ashmere", "Stonewick", "Lower Fenby", "Kingsholt"),
    "ID": ("Sumberjati", "Tanjung Melur", "Kota Rejosari", "Banyumekar"),
    "MY": ("Bandar Seri Melor", "Kampung Baru Delima", "Taman Mutiara Indah", "Pekan Cengal"),
    "VN": ("Tân Phú Hải", "Bình Sa", "An Lộc Đông", "Long Vĩnh"),
    "TH": ("บ้านสวนใหม่", "เมืองทองใต้", "บางริมน้ำ", "หนองดอกบัว"),
}
LATIN = {
    "ดอกแก้ว": "Dok Kaeo", "ทุ่งทอง": "Thung Thong", "สวนหลวงใหม่": "Suan Luang Mai",
    "ริมธารา": "Rim Thara",
    "บ้านสวนใหม่": "Ban Suan Mai", "เมืองทองใต้": "Mueang Thong Tai", "บางริมน้ำ": "Bang Rim Nam",
    "หนองดอกบัว": "Nong Dok Bua",
    "Hoa Mai": "Hoa Mai", "Bến Sương": "Ben Suong", "Đồng Lúa": "Dong Lua", "Cây Bàng": "Cay Bang",
    "Tân Phú Hải": "Tan Phu Hai", "Bình Sa": "Binh Sa", "An Lộc Đông": "An Loc Dong",
    "Long Vĩnh": "Long Vinh",
}  # fmt: skip
"""Vietnamese and Thai places as labels abroad write them."""


def origin(draft: Draft, trade: str) -> str:
    """ISO country that the product comes from: its attribute, or one of the trade's."""
    region = draft.values.get("region of origin")
    return REGIONS[region.lower()] if region else draft.pick("origin", SOURCES[trade])


def add_origin(draft: Draft, country: str, phrase: str) -> None:
    """ "Made in ..." or "Product of ...", in the label's language."""
    draft.add(
        "country of origin",
        draft.word("phrases", phrase).format(draft.word("countries", country)),
        country,
    )


def add_maker(draft: Draft, trade: str, country: str) -> None:
    """Name, address and contact: of the maker where it sits in one of the markets,
    of the seller in this market otherwise.
    """
    seat = country if country in STREETS else draft.market
    stream = Stream("maker", draft.variant.spu)
    heading = (
        "distributed by"
        if seat != country
        else "packed by"
        if trade == "fruit"
        else "manufactured by"
    )
    name, address = company(draft, trade, seat), place(stream, seat, draft.language)
    if seat != draft.market:
        address += f", {draft.word('countries', seat)}"
    draft.add("manufacturer.name", name, name, heading)
    draft.add("manufacturer.address", address, address)
    slug = "".join(c for c in draft.variant.brand.lower() if c.isalpha())
    number, mail, web = (
        phone(stream, seat),
        f"{stream.choice(('care', 'info', 'hello'))}@{slug}.example",
        f"www.{slug}.example",
    )
    draft.add(
        "manufacturer.phone", number, number.replace(" ", "").replace("-", ""), "customer care"
    )
    draft.add("manufacturer.email", mail, mail)
    draft.add("manufacturer.url", web, web)


def add_maker_and_origin(
    draft: Draft, trade: str, source: str = "", phrase: str = "made in"
) -> None:
    """Where it comes from, then who makes it."""
    country = origin(draft, source or trade)
    add_origin(draft, country, phrase)
    add_maker(draft, trade, country)


def company(draft: Draft, trade: str, seat: str) -> str:
    """The name as its country registers it;
    in English form on labels of other languages where that is not Latin.
    """
    english, indonesian, vietnamese, thai = TRADES[trade]
    form = LOCAL_COMPANIES.get((seat, draft.language)) or COMPANIES[seat]
    if seat == "US":
        english = english.replace("Jewellery", "Jewelry")
    return form.format(brand=draft.variant.brand, en=english, id=indonesian, vi=vietnamese, th=thai)


COMPANIES = {
    "US": "{brand} {en} Inc.", "GB": "{brand} {en} Ltd.", "ID": "PT {brand} {id} Nusantara",
    "MY": "{brand} {en} Sdn. Bhd.",
    "VN": "{brand} {en} Vietnam Co., Ltd.", "TH": "{brand} {en} (Thailand) Co., Ltd.",
}  # fmt: skip
LOCAL_COMPANIES = {
    ("VN", "vi"): "Công ty TNHH {vi} {brand}",
    ("TH", "th"): "บริษัท {brand} {th} จำกัด",
}


def place(stream: Stream, seat: str, language: str) -> str:
    """An address in the form of its country, with a postcode that none of its post offices has."""
    street, town = stream.choice(STREETS[seat]), stream.choice(TOWNS[seat])
    local = LOCAL_ADDRESSES.get((seat, language))
    if not local:
        street, town = LATIN.get(street, street), LATIN.get(town, town)
    return (local or ADDRESSES[seat]).format(
        street=street,
        town=town,
        house=stream.integer(2, 188),
        code=stream.integer(10, 98),
        area=stream.integer(1, 9),
    )


ADDRESSES = {
    "US": "{house}0 {street}, {town} 000{code}",
    "GB": "{house} {street}, {town}, XH{area} {area}VQ",
    "ID": "{street} No. {house}, {town} 000{code}",
    "MY": "No. {house}, {street}, 990{code} {town}", "VN": "{house} {street} Street, {town}",
    "TH": "{house} {street} Road, {town} 990{code}",
}  # fmt: skip
LOCAL_ADDRESSES = {
    ("VN", "vi"): "{house} đường {street}, phường {town}",
    ("TH", "th"): "{house} ถนน{street} ตำบล{town} 990{code}",
}


def phone(stream: Stream, seat: str) -> str:
    """A telephone number that nobody has."""
    number = stream.integer(1000, 9999)
    return PHONES[seat].format(
        stream.choice(("202", "415", "612")), number, number % 1000, number % 100
    )


PHONES = {
    "US": "+1 {0}-555-01{3:02d}", "GB": "+44 1632 960{2:03d}", "ID": "+62 21 0000 {1}",
    "MY": "+60 3-0000 {1}", "VN": "+84 24 0000 {1}", "TH": "+66 2 000 {1}",
}  # fmt: skip
