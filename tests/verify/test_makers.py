"""Makers, importers and responsible persons, with their addresses."""

import pytest

from skulens.verify.checks.names import NameVerifier
from skulens.verify.facts import makers
from tests.verify.pages import claim, line, own_verdict, page, print_of, seen, values, verdict

MAKER, IMPORTER = "attributes.manufacturer", "attributes.importer"
ADDRESS, PERSON = "attributes.manufacturer_address", "attributes.responsible_person"


@pytest.mark.parametrize(
    ("texts", "name"),
    [
        (["Manufactured by: Softesule Pvt. Ltd", "Plot No. 86 A"], "Softesule Pvt. Ltd"),
        (["Hersteller: Müller & Sohn GmbH & Co. KG, 12345 Berlin"], "Müller & Sohn GmbH & Co. KG"),
        (["Fabriqué par LOVEA SAS"], "LOVEA SAS"),
        (["Изготовитель: ЗАО «ВИТЭКС», Республика Беларусь"], "ЗАО «ВИТЭКС»"),
        (["Виробник: ТОВ «Торгова Компанія", "Екона», вул. Любарського 126"],
         "ТОВ «Торгова Компанія Екона»"),
        (["Виробник ПП «ФАБРИКА «ЕЛЬФА», 03148, м. Київ, вул. Сім'ї Сосніних, 9"],
         "ПП «ФАБРИКА «ЕЛЬФА»"),
        (["Diproduksi oleh: PT Sinar Jaya", "Jl. Melati No. 9, Bandung"], "PT Sinar Jaya"),
        (["Diproduksi oleh: PT Sinar", "Nusantara Raya", "Jl. Melati No. 9"],
         "PT Sinar Nusantara Raya"),
        (["Dikeluarkan oleh:", "Maju Makmur Sdn. Bhd."], "Maju Makmur Sdn. Bhd."),
        (["Üretici Firma: Gürel İlaç San. ve Tic. A.Ş."], "Gürel İlaç San. ve Tic. A.Ş."),
        (["製造商：青島億聯客信息技術有限公司"], "青島億聯客信息技術有限公司"),
        (["Виробник: ТАОКАЕНОІ ФУД ЕНД", "МАРКЕТИНГ ЛІМІТЕД 12/1, Моо 4"],
         "ТАОКАЕНОІ ФУД ЕНД МАРКЕТИНГ ЛІМІТЕД"),
        (["Manufactured by: Nestlé"], "Nestlé"),
    ],
)  # fmt: skip
def test_a_company_behind_a_cue(texts, name):
    assert values(makers.find(page(*texts)), MAKER) == [name]


@pytest.mark.parametrize(
    "texts",
    [
        ["The manufacturer recommends gloves"],
        ["Manufacturer: see package"],
        ["Manufacturer Recommends Gloves"],
        ["Alanya Import AS"],
        ["Made in Germany"],
        ["Contains inc and co in small letters"],
    ],
)
def test_no_company(texts):
    assert values(makers.find(page(*texts)), MAKER) == []


def test_roles_are_told_apart():
    found = list(
        makers.find(
            page(
                "Manufactured by: Acme Ltd., 5 Mill Road, Leeds LS1 4AB, UK",
                "Imported by: Beta GmbH, 20245 Hamburg",
                "EU Responsible Person: Gamma B.V., Straatweg 9, Utrecht",
            )
        )
    )
    assert values(found, MAKER) == ["Acme Ltd."]
    assert values(found, IMPORTER) == ["Beta GmbH"]
    assert values(found, PERSON) == ["Gamma B.V."]
    assert values(found, ADDRESS) == ["5 Mill Road, Leeds LS1 4AB, UK"]


@pytest.mark.parametrize(
    ("texts", "name", "address"),
    [
        (["LOVEA SAS", "Route de Castelnaudary", "31250 REVEL-FRANCE"], "LOVEA SAS",
         "Route de Castelnaudary 31250 REVEL-FRANCE"),
        (["Xpel Marketing Ltd WA8 8PT, England"], "Xpel Marketing Ltd", "WA8 8PT, England"),
        (["Beiersdorf AG,", "D-20245 Hamburg"], "Beiersdorf AG", "D-20245 Hamburg"),
    ],
)  # fmt: skip
def test_a_company_with_an_address_needs_no_cue(texts, name, address):
    found = list(makers.find(page(*texts)))
    assert values(found, MAKER) == [name]
    assert values(found, ADDRESS) == [address]


@pytest.mark.parametrize("contact", ["www.acme.com", "ten.: (044) 451-47-40", "Tel. +44 20"])
def test_an_address_ends_where_contacts_begin(contact):
    texts = ["Manufactured by: Acme Ltd.", "5 Mill Road, Leeds, UK", contact]
    assert values(makers.find(page(*texts)), ADDRESS) == ["5 Mill Road, Leeds, UK"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("04100 Manosque", True),
        ("вул. Любарського 126, м. Дніпро, 49098", True),
        ("2 cookies (21g) per serving", False),
        ("Net weight 500 g", False),
        ("EVINAL-400", False),
    ],
)
def test_what_is_an_address(text, place):
    assert makers.is_address(text) == place


def test_one_name_read_in_two_ways_is_in_doubt():
    item = seen(
        "Manufactured by: Softesule Pvt. Ltd", "", "Manufactured by: Scftesuie Pvt. Ltd"
    )  # fmt: skip
    found = list(makers.find(print_of(item)))
    assert {one.doubt for one in found} == {makers.TWO_WAYS}
    assert {own_verdict(one, item) for one in found} == {"U"}


@pytest.mark.parametrize(
    ("claimed", "label"),
    [
        ("Acme Foods Ltd.", "VC"),
        ("ACME FOODS", "VC"),
        ("Foods Acme Limited", "VC"),
        ("Bolt Foods Ltd.", "U"),
    ],
)
def test_names_need_nearly_the_same_words(claimed, label):
    assert verdict(MAKER, claimed, seen("Manufactured by: Acme Foods Ltd."))[0] == label


def test_a_part_of_a_name_is_not_the_name():
    claimed, item = claim(MAKER, "Acme"), seen("Manufactured by: Acme Foods Ltd.")
    (found,) = NameVerifier().verify([claimed], item)
    assert found.label == "U"


def test_a_clear_reading_is_proof_and_an_unclear_one_is_not():
    for confidence, label in ((0.99, "VC"), (0.6, "U")):
        item = seen(line("Manufactured by: Acme Foods Ltd.", confidence=confidence))
        (found,) = makers.find(print_of(item))
        assert own_verdict(found, item) == label


def test_jalan_is_read_as_it_is_meant():
    texts = ["Diproduksi oleh: PT Sinar Jaya", "JI. Melati No. 9, Bandung 40111, Indonesia"]
    assert values(makers.find(page(*texts)), ADDRESS) == [
        "Jl. Melati No. 9, Bandung 40111, Indonesia"
    ]
