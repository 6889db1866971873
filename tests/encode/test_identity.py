"""Identities are names in caches and stored results: they stay what they were, bit for bit."""

import pytest

from skulens.encode.numerics import SCRIPT, check_dtype_only, describe_numerics, numerics_of
from skulens.errors import EncoderError
from skulens.protocols import Numerics

PACKAGES = {"torch": "2.13", "open_clip_torch": "3.3", "timm": "1.0"}
"""Versions under which the identities below were computed; they are part of them."""

IDENTITIES = {
    ("mini", Numerics("float32")): (
        "b13f43073a740bb4947428d86c5bc9d437f71f47a0675203848d194567d5cf5a"
    ),
    ("mini", Numerics("bfloat16")): (
        "5ab4801da3468feb329d941557260b9c5d65240159f0bd71f0cfa3f597a01a70"
    ),
    ("mini", SCRIPT): "23aeaad2892a4a99cf5a95fc38d9682ed96e23067303581e8cb7003c8a40de0f",
    ("groceries", Numerics("float32")): (
        "baa7035345106ff1059621c6de4a475c3e881a92827c73a11852db260cae7c30"
    ),
    ("groceries", Numerics("bfloat16")): (
        "e5bc39ba5cdb48da725a7f18541a50c8536965b67cb3d6ca668d90c5f84a4bd1"
    ),
    ("groceries", SCRIPT): "05ba6cdb1fb2343911596a422ed0edd92479817e049719abd4d6038ba4414c6f",
}
"""As computed at commit 663a805, when the settings were called sound and paper mode."""


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
