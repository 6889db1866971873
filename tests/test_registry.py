"""Names: what is registered resolves, what is not is answered with the nearest."""

import pytest

from skulens.errors import MissingDependency, UnknownName, nearest, unknown
from skulens.registry import KINDS, Row, resolve


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
