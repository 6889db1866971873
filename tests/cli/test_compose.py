"""`skulens curate compose` and `gate` from the terminal."""

import json
import shlex

import pytest
from click.testing import CliRunner
from PIL import Image as Picture

from skulens.catalog.folder import write_catalog
from skulens.cli import skulens
from skulens.records import Image
from tests.compose.pools import random_products

FEW = ("--quota", "2=6,3=2")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    products = []
    for i, p in enumerate(random_products(240)):
        path = folder / f"{i}.png"
        Picture.new("RGB", (2, 2), (i, 0, 0)).save(path)
        p = type(p)(
            p.id, f"title {i}", {}, (Image(path=str(path)),), p.spu, p.category, p.attributes,
            p.language,
        )  # fmt: skip
        products.append(p)
    return write_catalog(folder / "catalogue", products, pictures="copy")


def run(*arguments):
    return CliRunner().invoke(skulens, [str(a) for a in arguments])


def test_json_and_the_printed_next_command_works(shop, tmp_path):
    found = run("curate", "compose", shop, "--out", tmp_path / "out", *FEW, "--json")
    assert found.exit_code == 0, found.output
    made = json.loads(found.stdout)
    assert made["queries"] == 8 and made["products"] == 240 and not made["missing"]
    command = shlex.split(made["next"])
    assert command[0] == "skulens" and str(tmp_path / "out") in command
    command[command.index("--encoder") : command.index("mini") + 1] = ["--system", "bm25"]
    measured = run(*command[1:], "--gallery", "text", "--json")
    assert measured.exit_code == 0, measured.output
    again = run("curate", "compose", shop, "--out", tmp_path / "out", *FEW)
    assert again.exit_code != 0 and "holds a catalogue already" in str(again.exception)


def test_what_is_missing_is_said_and_the_rest_written(shop, tmp_path):
    found = run("curate", "compose", shop, "--out", tmp_path / "out", "--quota",
                "2=3,4=5/language=xx", "--limit", "500")  # fmt: skip
    assert found.exit_code == 0, found.output
    assert "missing: 5 queries of n_conditions=4 language=xx" in found.output
    last = found.stdout.strip().splitlines()[-1]
    assert last.startswith("3 queries over 240 products") and "next: skulens bench merit" in last


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("--quota", "two=3"), "CONDITIONS=QUERIES"),
        (("--quota", "7=3"), "2 to 4 conditions"),
        (("--profile", "balancd"), "balanced"),
        (("--method", "nobody"), "nobody"),
        (("--language", "th"), "is for shops"),
        (("--profile", "balanced", "--quota", "2=3/language=th"), "shares out languages"),
    ],
)
def test_errors_say_what_was_expected(shop, tmp_path, arguments, said):
    found = run("curate", "compose", shop, "--out", tmp_path / "out", *arguments)
    assert found.exit_code != 0 and said in str(found.output) + str(found.exception)
    assert not (tmp_path / "out").exists()


def test_cards_leave_out_what_is_on_none(shop, tmp_path):
    cards = tmp_path / "cards"
    cards.mkdir()
    for kind in range(3):
        values = "".join(f"      v{v}: []\n" for v in range(4))
        keys = "".join(
            f"  {key}:\n    modality: visual\n    values:\n{values}" for key in ("color", "size")
        )
        (cards / f"kind {kind}.yaml").write_text(f"class: kind {kind}\nkeys:\n{keys}")
    found = run("curate", "compose", shop, "--out", tmp_path / "out", "--quota", "2=4", "--cards",
                cards, "--json")  # fmt: skip
    assert found.exit_code == 0, found.output
    from skulens.catalog.own import OwnCatalog

    read = OwnCatalog(tmp_path / "out", allow_outside=True)
    assert {a.key for p in read.products() for a in p.attributes} == {"color", "size"}
    asked = {c.key for q in read.queries("composed") for c in q.conditions}
    assert asked == {"color", "size", "class"}


def test_the_gate_says_which_rules_fail_and_its_exit_status_too(shop, tmp_path):
    run("curate", "compose", shop, "--out", tmp_path / "out", *FEW)
    found = run("curate", "gate", tmp_path / "out")
    assert found.exit_code == 1  # 240 products: chance finds more than 0.5 %
    assert "failed: 2 conditions" in found.output
    assert found.stdout.strip().splitlines()[-1].startswith("failed: ")
    told = run("curate", "gate", tmp_path / "out", "--json")
    assert told.exit_code == 1 and json.loads(told.stdout)["passed"] is False
    nothing = run("curate", "gate", shop)
    assert nothing.exit_code != 0 and "states conditions" in str(nothing.output) + str(
        nothing.exception
    )
