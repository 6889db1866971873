"""Is the product asked for in the catalogue at all?"""

import json

import pytest

from skulens.errors import DataError
from skulens.search.calibrated import Threshold, read_threshold
from tests.cli.test_calibrate import calibrate, store
from tests.search.small_shop import ids, make_shop, photo


def write(path, **chosen):
    promise = {"threshold": 0.99, "confidence": "score", "verdict": "shown"} | chosen
    path.write_text(json.dumps({"encoder": "colours", "promise": promise}))
    return path


@pytest.mark.usefixtures("encoders")
def test_a_photo_of_nothing_in_the_shop_is_told(tmp_path):
    shop = make_shop(calibration=write(tmp_path / "c.json"))
    assert shop.search(photo=photo("red")).known is True
    answer = shop.search(photo=photo((128, 128, 128)))
    assert answer.known is False and len(answer.hits) == 10
    assert [n.code for n in answer.notes] == ["not-in-catalogue"]
    assert make_shop().search(photo=photo("red")).known is None


@pytest.mark.usefixtures("encoders")
def test_the_margin_needs_a_second_hit_even_for_one():
    shop = make_shop(calibration=Threshold(0.001, "margin"))
    answer = shop.search(photo=photo("red"), k=1)  # three red ones: no margin
    assert (ids(answer), answer.known) == (["r3"], False)
    assert shop.search(photo=photo("navy"), k=1).known is True


@pytest.mark.usefixtures("encoders")
def test_modifiers_and_sorting_do_not_decide_it():
    shop = make_shop(calibration=Threshold(0.99))
    grey = photo((128, 128, 128))
    boosts = {"if": "price > 0", "weight": 9}
    assert shop.search(photo=grey, boosts=boosts).known is False
    assert shop.search(photo=photo("red"), sort="price").known is True


def test_no_hit_reaches_nothing_and_one_alone_has_no_second():
    assert not Threshold(-1).reached([])
    assert Threshold(0.5, "margin").reached([0.6])
    assert not Threshold(0.5, "margin").reached([0.6, 0.2])
    assert Threshold(0.5).reached([0.5, 0.5])


def test_what_calibrate_writes_is_read(tmp_path):
    store(tmp_path)
    options = ("--results", tmp_path, "--precision", "0.9", "--resamples", "300", "--json")
    path = tmp_path / "c.json"
    path.write_text(calibrate("mini", *options).stdout)
    found = read_threshold(path)
    assert (found.confidence, found.system, found.verdict) == ("margin", "mini", "shown")
    assert 0.01 < found.value < 0.2  # wrong answers have margins of 0.01 to 0.02


def test_a_file_of_calibrate(tmp_path):
    found = read_threshold(write(tmp_path / "c.json", confidence="margin", verdict="missed"))
    assert found == Threshold(0.99, "margin", "colours", "missed")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read"),
        ("", "holds no calibration"),
        ("[]", "holds no calibration"),
        ('{"promise": {}}', "holds no calibration"),
        (
            '{"encoder": "a", "promise": {"threshold": null, "confidence": "score", '
            '"verdict": "out of reach"}}',
            r"no threshold \(out of reach\)",
        ),
    ],
)
def test_files_that_say_nothing(tmp_path, text, said):
    path = tmp_path / "c.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(DataError, match=said):
        read_threshold(path)
