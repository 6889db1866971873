"""What the server puts into the page is what the page would have asked for, and nothing else."""

import json
import re

import pytest

from skulens.serve.front.first import read_address, write_first
from tests.serve.fake_shop import FakeShop
from tests.serve.node import needs_node, run_module

ADDRESSES = [
    "",
    "q=linen&sort=price",
    "q=%E0%B9%80%E0%B8%AA%E0%B8%B7%E0%B9%89%E0%B8%AD+a%26b&n=3&product=x",
    "p=sku-12:collar&p=a%252Fb%253Ac:!color:2&p=c:!:0.5&q=mug",
    "w=price+%3E=+3+and+price+%3C=+30&w=attributes.color+in+(%22navy%22,+%22red%22)",
    "w=attributes.color+=+%22navy%22&n=99",
]


@needs_node
@pytest.mark.parametrize("query", ADDRESSES)
def test_server_and_page_read_an_address_alike(tmp_path, query):
    about = FakeShop().about()
    code = """import { isEmpty, readUrl, toRequest } from "./state.js";
        const state = readUrl("?" + given.query);
        const out = JSON.stringify(isEmpty(state) ? {} : toRequest(state, given.about).body);"""
    theirs = json.loads(run_module(tmp_path, code, {"query": query, "about": about}))
    ours = read_address(query, about)
    assert ours == theirs and list(ours) == list(theirs)


@pytest.mark.parametrize("query", ["p=@3f2ab45c6d7e8f90", "p=sku-1&p=sku-2:::1.2.3.4"])
def test_photos_and_regions_are_left_to_the_page(query):
    assert read_address(query, FakeShop().about()) is None


def test_an_endless_address_is_left_to_the_page():
    about = FakeShop().about()
    assert read_address("&".join(["w=a"] * 100), about)["where"].startswith("a and a")
    assert read_address("&".join(["w=a"] * 101), about) is None


def test_nothing_in_a_product_ends_the_block():
    evil = "</script><script>alert(1)</script><!--"
    block = write_first({"about": {"name": evil}})
    inner = re.fullmatch(r'<script type="application/json" id="first">(.*)</script>', block)[1]
    assert "<" not in inner and json.loads(inner)["about"]["name"] == evil


def test_empty_answer_is_no_block():
    assert write_first({}) == ""
