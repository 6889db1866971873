"""A few attacks of every field: none may crash, hang or lose anything."""

import pytest

from tests.hostile import field, requests

SEED = 0
NEEDS = {
    "requests": ("fastapi", "prometheus_client"),
    "claims": ("zxingcpp",),
    "labels": ("zxingcpp", "rapidocr"),
}
"""Optional packages that the cases of a field read with."""


@pytest.fixture(scope="module", autouse=True)
def no_server_stays():
    yield
    requests.end_server()


def test_the_fields_are_there():
    assert set(field.FIELDS) == {
        *("answers", "archives", "claims", "downloads", "encoders", "kills", "labels", "pages"),
        *("pictures", "replies", "requests", "stores", "tables"),
    }


@pytest.mark.parametrize("name", field.FIELDS)
def test_nothing_crashes_hangs_or_is_lost(name, tmp_path, monkeypatch):
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "cache"))
    for module in NEEDS.get(name, ()):
        pytest.importorskip(module, reason="pip install 'skulens[ocr]'")
    count = field.small(name)
    attacks = field.cases(name, count, SEED)
    assert 0 < len(attacks) <= count
    bad = []
    for number, attack in enumerate(attacks):
        folder = tmp_path / str(number)
        folder.mkdir()
        found = field.outcome(attack, folder)
        if found.verdict not in field.ALLOWED:
            bad.append(f"{found.case}: {found.verdict}\n{found.detail}")
    assert not bad, "\n".join(bad)


@pytest.mark.parametrize("name", field.FIELDS)
def test_attacks_are_the_same_for_a_seed(name):
    names = [attack.name for attack in field.cases(name, field.small(name), SEED)]
    assert names == [attack.name for attack in field.cases(name, field.small(name), SEED)]
    assert len(set(names)) == len(names)


def test_the_verdicts_tell_the_ends_apart(tmp_path):
    """The frame itself: otherwise a field that fails everywhere would look sound."""
    from skulens.errors import DataError

    def wait(_):
        while True:
            pass

    def refuse(words):
        def run(_):
            raise DataError(words)

        return run

    ends = {
        "handled": lambda _: True,
        "lost": lambda _: False,
        "crashed": lambda _: 1 // 0,
        "hung": wait,
        "named": refuse("a.csv is empty"),
    }
    for verdict, run in ends.items():
        found = field.outcome(field.Case(verdict, run, seconds=0.2), tmp_path)
        assert found.verdict == verdict
    assert field.outcome(field.Case("silent", refuse("")), tmp_path).verdict == "lost"
