"""Names: what is registered resolves, what is not is answered with the nearest."""

import json

import pytest

from skulens.errors import MissingDependency, UnknownName, nearest, unknown
from skulens.registry import KINDS, Row, resolve, rows


def test_unknown_name_says_the_nearest_and_where_to_look():
    with pytest.raises(
        UnknownName, match="unknown suite 'mrp'; did you mean 'mpr'.*skulens list suites"
    ):
        resolve("suite", "mrp")


@pytest.mark.parametrize(
    ("name", "known", "found"),
    [
        (
            "siglp2",
            ["mini", "open_clip:ViT-B-16-SigLIP2/webli", "open_clip:RN50/openai"],
            ["open_clip:ViT-B-16-SigLIP2/webli"],
        ),
        ("minni", ["mini", "open_clip:RN50/openai"], ["mini"]),
        ("zzzz", ["mini"], []),
    ],
)
def test_nearest_by_whole_name_or_by_part(name, known, found):
    assert nearest(name, known) == found


def test_nothing_near_is_not_made_up():
    assert "did you mean" not in str(unknown("encoder", "qqqq", ["mini"], "skulens list encoders"))


def test_a_missing_package_names_the_extra(monkeypatch):
    monkeypatch.setitem(
        KINDS["suite"], "needy", Row("skulens_absent_package.module:Class", "", "clip")
    )
    with pytest.raises(
        MissingDependency,
        match=r"suite 'needy' needs skulens_absent_package: pip install 'skulens\[clip\]'",
    ):
        resolve("suite", "needy")


def test_an_error_inside_our_own_module_is_not_called_a_missing_package(monkeypatch):
    monkeypatch.setitem(KINDS["suite"], "broken", Row("skulens.not_there:Class", ""))
    with pytest.raises(ModuleNotFoundError):
        resolve("suite", "broken")


def test_every_kind_has_rows_or_is_ready_for_them():
    for kind, own in KINDS.items():
        assert set(own) <= set(rows(kind)), kind
        with pytest.raises(UnknownName, match=f"skulens list {kind.replace('_', '-')}s"):
            resolve(kind, "no such name")
    assert {"encoder", "dataset", "reader", "suite", "store", "reranker", "chat", "verifier"} < set(
        KINDS
    )


def test_list_has_a_command_for_every_kind_with_rows(monkeypatch):
    from click.testing import CliRunner

    from skulens.cli.list import command

    def run(*arguments):
        return CliRunner().invoke(command, arguments)

    monkeypatch.setitem(KINDS, "chat", {})
    before = run("--help").output
    assert "encoders" in before and "datasets" in before and "suites" in before
    assert "chats" not in before and run("chats").output == "no chats\n"
    monkeypatch.setitem(KINDS["chat"], "parrot", Row("x:Y", "says it again"))
    assert "chats" in run("--help").output
    assert "parrot" in run("chats").output
    assert json.loads(run("chats", "--json").output) == {
        "chats": [{"name": "parrot", "about": "says it again"}]
    }
    assert run("nonsense").exit_code == 2 and run("reader").exit_code == 2
