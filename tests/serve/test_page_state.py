"""The page's state <-> address <-> request, in node; filters agree with those of the house."""

import pytest

from skulens.filters import format_filter, parse_filter
from tests.serve.fake_shop import FakeShop
from tests.serve.node import needs_node, run_module

pytestmark = needs_node
PART = {"kind": "product", "id": "sku-12", "key": "", "not": False, "weight": 1, "region": None}
PHOTO = PART | {"kind": "photo", "id": "3f2ab45c6d7e8f90"}
EMPTY = {"words": "", "parts": [], "filters": [], "sort": "", "pages": 1, "product": ""}
STATES = [
    EMPTY,
    EMPTY | {"words": "linen", "sort": "price"},
    EMPTY | {"words": "เสื้อ áo sơ mi & 50% = ?#+", "product": "a/b:c d"},
    EMPTY | {"parts": [PART | {"key": "collar"}, PHOTO | {"key": "colour", "weight": 2}]},
    EMPTY | {"parts": [PART | {"id": "@odd:id%2F+ü"}, PART | {"id": "a b", "not": True}]},
    EMPTY | {"parts": [PHOTO | {"key": "sleeve: length", "not": True, "weight": 0.5}]},
    EMPTY | {"parts": [PHOTO | {"region": [10, 20, 300, 200]}], "pages": 3},
    EMPTY
    | {
        "filters": [
            {"field": "attributes.closure type", "values": ['says "a, b"', "back\\slash\n"]},
            {"field": "price", "from": 3, "to": 30.5},
            {"field": "extras.stock", "from": 0, "to": None, "above": True},
            {"field": "extras.new", "values": [True]},
            {"text": 'not exists gtin or language != "en"'},
        ]
    },
]
FILTERS = [
    "price < 30",
    "price >= 3 and price <= 30",
    'attributes.color in ("navy", "black") and price > 1.5e1',
    '`attributes.closure type` = "zip" and not exists extras.stock',
    'language = "en" or language = "th"',
    "price < 30 and (language = 'en' or not exists language)",
    r"title = 'it\'s \u0e40 \\ new' and extras.stock != 0",
    'category = "a" and category = "b" and price < 3 and price < 4',
    "extras.new = true and not (price < 3)",
]


@pytest.mark.parametrize("state", STATES, ids=range(len(STATES)))
def test_address_says_the_whole_state(tmp_path, state):
    code = """import { readUrl, writeUrl } from "./state.js";
        const url = writeUrl(given); const out = [url, readUrl(url)];"""
    url, read = run_module(tmp_path, code, state)
    assert read == state
    assert all(" " <= sign <= "~" for sign in url) and " " not in url


def test_address_is_short_and_plain(tmp_path):
    state = EMPTY | {
        "words": "linen shirt", "sort": "price",
        "parts": [PART | {"key": "collar"}, PHOTO | {"key": "colour", "weight": 2}],
        "filters": [{"field": "price", "from": None, "to": 30, "below": True}],
    }  # fmt: skip
    code = 'import { writeUrl } from "./state.js"; const out = writeUrl(given);'
    assert run_module(tmp_path, code.replace("; const", ";\nconst"), state) == (
        "?q=linen+shirt&p=sku-12:collar&p=@3f2ab45c6d7e8f90:colour:2&w=price+%3C+30&sort=price"
    )


def test_addresses_of_strangers_do_no_harm(tmp_path):
    searches = [
        "?p=%25E0%25A4%25A&q=%E0%A4%A&n=-4&sort=",
        "?n=1e9&p=:::&p=",
        "?w=)(&w=%22&w=",
        "?p=a:b:NaN:1.2.x.4",
    ]
    code = 'import { readUrl, toRequest } from "./state.js";\nconst out = given.map(readUrl);'
    first, second, third, fourth = run_module(tmp_path, code, searches)
    assert first["pages"] == 1 and first["parts"] == []
    assert second["pages"] == 40 and second["parts"] == []
    assert third["filters"] == [{"text": ")("}, {"text": '"'}]
    assert fourth["parts"] == [PART | {"id": "a", "key": "b"}]


@pytest.mark.parametrize("text", FILTERS)
def test_filters_mean_the_same_here_and_on_the_server(tmp_path, text):
    code = """import { parseWhere, whereOf, clausesOf } from "./where.js";
        const out = [whereOf(parseWhere(given)), parseWhere(clausesOf(parseWhere(given))), parseWhere(given)];"""
    again, twice, once = run_module(tmp_path, code, text)
    assert terms(again) == terms(text)
    assert twice == once


def terms(text: str) -> set[str]:
    """The clauses of a filter, each in its normal form: their order does not matter."""
    found = parse_filter(text)
    clauses = found.of if found.op == "and" else (found,)
    flat = [inner for c in clauses for inner in (c.of if c.op == "and" else (c,))]
    return {
        format_filter(c).replace(" in (", " = ").removesuffix(")") if c.op == "in" else format_filter(c)
        for c in flat
    }  # fmt: skip


def ask(tmp_path, state, given=()):
    code = """import { toRequest } from "./state.js";
        const { body, places } = toRequest(given.state, given.about, given.photos); const out = { body, places };"""
    told = {"state": EMPTY | state, "about": FakeShop().about(), "photos": list(given)}
    return run_module(tmp_path, code, told).values()


def test_state_becomes_the_request_of_the_table(tmp_path):
    """The table of the specification, row by row."""
    photo = {"image": "data:image/jpeg;base64,AA", "region": [1, 2, 3, 4]}
    state = {
        "words": " linen ", "sort": "-price",
        "parts": [
            PHOTO | {"key": "collar", "weight": 2}, PART, PART | {"not": True}, PHOTO | {"key": "collar", "not": True},
        ],
        "filters": [{"field": "price", "from": None, "to": 30, "below": True}, {"text": "exists gtin or price > 1"}],
    }  # fmt: skip
    body, places = ask(tmp_path, state, [photo, None, None, {"vector": [0.5], "maker": "m"}])
    assert body == {
        "item": [photo, {"product": "sku-12"}, {"product": "sku-12"}, {"vector": [0.5], "maker": "m"}, {"text": "linen"}],
        "conditions": [
            {"part": 0, "key": "collar", "relation": "same", "weight": 2},
            {"part": 2, "key": "", "relation": "whole", "weight": -1},
            {"part": 3, "key": "collar", "relation": "different", "weight": 1},
        ],
        "where": "price < 30 and (exists gtin or price > 1)",
        "sort": "-price", "within": 0.6, "among": 50, "k": 24, "counts": True, "facts": "prefer", "disjunctive": True,
        "facets": ["category", "attributes.color", "attributes.collar", "language"],
    }  # fmt: skip
    assert places == [0, 1, 2, 3, -1]


def test_photo_that_is_not_on_this_device_is_left_out(tmp_path):
    body, places = ask(tmp_path, {"parts": [PHOTO, PART | {"key": "color"}]}, [None, None])
    assert body["item"] == [{"product": "sku-12"}] and places == [1]
    assert body["conditions"] == [{"part": 0, "key": "color", "relation": "same", "weight": 1}]


def test_facets_are_short_values_that_products_share(tmp_path):
    about = {
        "fields": [
            {"field": "attributes.story", "kind": "text", "products": 9, "values": [{"value": "x" * 41, "count": 3}, {"value": "y", "count": 2}]},
            {"field": "attributes.serial", "kind": "text", "products": 9, "values": [{"value": "1", "count": 1}, {"value": "2", "count": 1}]},
            {"field": "attributes.one", "kind": "text", "products": 9, "values": [{"value": "a", "count": 9}]},
            {"field": "title", "kind": "text", "products": 9, "values": [{"value": "a", "count": 5}, {"value": "b", "count": 4}]},
            {"field": "extras.odd", "kind": "text", "facet": False, "products": 9, "values": [{"value": "a", "count": 5}, {"value": "b", "count": 4}]},
            {"field": "language", "kind": "text", "products": 9, "values": [{"value": "en", "count": 5}, {"value": "th", "count": 4}]},
            {"field": "category", "kind": "text", "products": 2, "values": [{"value": "a", "count": 2}, {"value": "b", "count": 1}]},
        ]
    }  # fmt: skip
    code = (
        'import { facetsOf } from "./state.js";\nconst out = facetsOf(given).map((f) => f.field);'
    )
    assert run_module(tmp_path, code, about) == ["category", "language"]


def test_changes_leave_the_old_state_and_start_at_the_first_page(tmp_path):
    code = """import * as s from "./state.js";
        const one = { ...s.readUrl(""), pages: 3, parts: [{ id: "a" }, { id: "b" }] };
        const two = s.toggleValue(s.toggleValue(one, "f", "x"), "f", "y");
        const out = [s.dropPart(one, 0), s.changePart(one, 1, { key: "k" }), two, s.toggleValue(s.toggleValue(two, "f", "x"), "f", "y"), s.setRange(two, "price", 3, null), one].map((x) => [x.pages, x.parts, x.filters]);"""
    a, b = {"id": "a"}, {"id": "b"}
    both = {"field": "f", "values": ["x", "y"]}
    assert run_module(tmp_path, code) == [
        [1, [b], []],
        [1, [a, b | {"key": "k"}], []],
        [1, [a, b], [both]],
        [1, [a, b], []],
        [1, [a, b], [both, {"field": "price", "from": 3, "to": None}]],
        [3, [a, b], []],
    ]


def test_reasons_are_words_first(tmp_path):
    state = EMPTY | {
        "words": "oat milk",
        "parts": [PART | {"key": "collar"}, PART | {"key": "color"}, PHOTO, PHOTO | {"key": "color", "not": True}, PHOTO | {"not": True}],
    }  # fmt: skip
    scores = [0.91, 0.5, 0.83, 0.7, 0.2, 0.66]
    why = {
        "code": "04006381333931", "words": ["Oat", "milk"], "shown": [],
        "parts": [{"column": c, "item": n, "score": s - d} for n, s in enumerate(scores) for c, d in (("picture", 0), ("text", 0.1))],
        "facts": [
            {"item": 0, "key": "collar", "relation": "same", "holds": True, "has": ["stand-up"]},
            {"item": 1, "key": "color", "relation": "same", "holds": False, "has": ["red"]},
            {"item": 3, "key": "color", "relation": "different", "holds": None, "has": []},
        ],
    }  # fmt: skip
    code = """import { toRequest } from "./state.js";
import { reasonsOf } from "./reasons.js";
        const { body, places } = toRequest(given.state, given.about, [null, null, {}, {}, {}]);
        const out = reasonsOf({ why: given.why }, given.state, body, places, given.about).map((l) => [l.kind, l.words, l.score === null ? null : l.score.toFixed(2)]);"""
    told = {"state": state, "why": why, "about": FakeShop().about()}
    assert run_module(tmp_path, code, told) == [
        ["same", "same bar code 4006381333931", None],
        ["same", "same collar", "0.91"],
        ["differs", "color differs", None],
        ["plain", "looks like C", "0.83"],
        ["plain", "color not like D", "0.70"],
        ["plain", "away from E", "0.20"],
        ["same", "says “Oat milk”", "0.56"],
    ]


SHOW = """
    const sent = [], made = [], freed = [], waiting = [];
    globalThis.document = { baseURI: "http://shop/" };
    globalThis.sessionStorage = { getItem: () => "secret", setItem() {} };
    globalThis.fetch = (path, { headers }) => new Promise((answer) => {
      sent.push([path, headers.Authorization]);
      waiting.push(() => answer({ ok: true, blob: async () => path }));
    });
    URL.createObjectURL = (blob) => (made.push(blob), `blob:${blob}`);
    URL.revokeObjectURL = (url) => freed.push(url);
    const { backend } = await import("./http.js"), img = new EventTarget();
    backend.show(img, "/v1/pictures/a?view=0");
    backend.show(img, "/v1/pictures/a?view=1");
    for (const answer of waiting.reverse()) {
      answer();
      await new Promise((done) => setTimeout(done));
    }
    const seen = img.src;
    img.dispatchEvent(new Event("error"));
    backend.show(img, "//elsewhere/a.jpg");
    const out = { sent, made, freed, seen };
"""


def test_with_a_token_the_last_picture_asked_for_is_shown_and_only_the_server_gets_it(tmp_path):
    got = run_module(tmp_path, SHOW)
    assert got["sent"] == [[f"/v1/pictures/a?view={n}", "Bearer secret"] for n in (0, 1)]
    assert got["made"] == ["/v1/pictures/a?view=1"], "what nobody shows is not held"
    assert got["seen"] == "blob:/v1/pictures/a?view=1"
    assert got["freed"] == [got["seen"]]
