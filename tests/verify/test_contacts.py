"""Telephone, e-mail and web addresses."""

import pytest

from skulens.verify.facts import contacts
from tests.verify.pages import line, own_verdict, page, print_of, seen, values, verdict

pytest.importorskip("phonenumbers")
FIELD = "attributes.manufacturer_contact"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("www.lovea.fr", ["www.lovea.fr"]),
        ("www.thomy.de/nutriscore", ["www.thomy.de/nutriscore"]),
        ("loccitane.com - Made in France", ["loccitane.com"]),
        ("E-mail: info@xpelmarketing.com.", ["info@xpelmarketing.com"]),
        ("HTTPS://WWW.ACME.CO.UK/help", ["HTTPS://WWW.ACME.CO.UK/help"]),
        ("rinse well with clean water.If irritation occurs", []),
        ("E330.com2 is no address", []),
        ("S.p.A. and Co.Ltd", []),
        ("500.g net", []),
        ("visit acme.lovely today", []),
        ("_www.nivea.com", ["www.nivea.com"]),
    ],
)
def test_addresses(text, found):
    assert list(contacts.find_addresses(text)) == found


@pytest.mark.parametrize(
    ("text", "languages", "found"),
    [
        ("Tel: 0151 420 9085", ["en"], ["0151 420 9085"]),
        ("тел.:+ 375 (17) 222 19 60", [], ["+375 (17) 222 19 60"]),
        ("тел. (044) 451-47-40, факс", ["uk"], ["(044) 451-47-40"]),
        ("Україна (044) 451-47-40", [], ["(044) 451-47-40"]),
        ("USA:1-866-912-9867", ["en"], ["1-866-912-9867"]),
        ("Customer care: +62 21 0000 2548", [], ["+62 21 0000 2548"]),
        ("8 716200 611701", ["en"], []),
        ("Lot 20240512 12345", ["en"], []),
        ("Tel. 4420", ["en"], []),
        ("04.12.2018 11:20", ["en"], []),
    ],
)
def test_telephone_numbers(text, languages, found):
    assert values(contacts.find(page(text, languages=languages)), FIELD) == found


def test_a_number_goes_on_in_the_next_line():
    found = list(contacts.find(page("Customer care: +44 1632", "960372", languages=["en"])))
    assert [one.value for one in found] == ["+44 1632 960372"]
    assert len(found[0].evidence) == 2


def test_an_address_cut_off_at_the_edge_is_in_doubt():
    item = seen("info@jovara.exampl")
    (found,) = contacts.find(print_of(item))
    assert found.doubt == contacts.UNKNOWN
    assert own_verdict(found, item) == "U"


def test_the_other_engine_reads_what_the_first_does_not():
    (found,) = contacts.find(page(line("wow vitexby", confidence=0.3, second="www.vitex.by")))
    assert (found.value, found.witness) == ("www.vitex.by", "")
    assert found.confidence <= 0.3


def test_both_engines_are_a_witness():
    (found,) = contacts.find(page(line("тел. www.elfa.ua", confidence=0.3, second="www.elfa.ua")))
    assert found.witness == "second reader"


@pytest.mark.parametrize(
    ("claimed", "label"),
    [("https://www.lovea.fr/", "VC"), ("LOVEA.FR", "VC"), ("www.lovea.com", "U")],
)
def test_contacts_are_compared_exactly(claimed, label):
    assert verdict(FIELD, claimed, seen("www.lovea.fr"))[0] == label
