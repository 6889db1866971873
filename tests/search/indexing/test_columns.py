"""Columns, their encoders, and stores that move."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from skulens.encode import open_encoder
from skulens.errors import StoreError
from skulens.search.indexing.columns import absolute_name, describe_column, open_column, open_makers


def save_onnx(path: Path, scale: float) -> None:
    """A picture encoder of 3 numbers: the mean colours, times `scale`."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("Mul", ["flat", "scale"], ["vector"]),
    ]
    graph = helper.make_graph(
        nodes,
        "means",
        [helper.make_tensor_value_info("image", kind, ["n", 3, 8, 8])],
        [helper.make_tensor_value_info("vector", kind, ["n", 3])],
        [helper.make_tensor("scale", kind, [1], np.array([scale], np.float32))],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, str(path))
    sides = {"size": 8, "mean": [0, 0, 0], "std": [1, 1, 1]}
    more = {"interpolation": "bicubic", "resize_mode": "shortest"}
    (path.parent / "preprocess.json").write_text(json.dumps({**sides, **more}))


def test_a_relative_path_is_kept_absolute_and_found_from_anywhere(tmp_path, monkeypatch):
    save_onnx(tmp_path / "m.onnx", 1)
    monkeypatch.chdir(tmp_path)
    [maker] = open_makers("onnx:m.onnx", "")
    assert maker.column.encoder == f"onnx:{tmp_path / 'm.onnx'}"
    monkeypatch.chdir("/")
    assert open_column(maker.column).info.identity == maker.column.maker


def test_a_model_that_moved_or_changed_is_said_and_can_be_named(tmp_path):
    save_onnx(tmp_path / "m.onnx", 1)
    [maker] = open_makers(f"onnx:{tmp_path / 'm.onnx'}", "")
    moved = tmp_path / "elsewhere.onnx"
    shutil.move(tmp_path / "m.onnx", moved)
    with pytest.raises(StoreError, match="m.onnx.*cannot be opened here.*--encoder picture=NAME"):
        open_column(maker.column)
    assert open_column(maker.column, f"onnx:{moved}").info.identity == maker.column.maker
    save_onnx(moved, 2)
    with pytest.raises(StoreError, match="is not what made the column 'picture'"):
        open_column(maker.column, f"onnx:{moved}")


def test_names_without_files_stay_as_they_are():
    assert absolute_name(open_encoder("histogram:4")) == "histogram:4"


def test_both_columns_share_one_opened_encoder(encoders):
    picture, text = open_makers("fake", "fake")
    assert picture.encoder is text.encoder
    assert (picture.modality, text.modality) == ("image", "text")


def test_one_column_of_texts_alone(encoders):
    [text] = open_makers("", "fake")
    assert text.column.name == "text" and text.column.made_from == "text"


def test_a_changed_encoder_is_no_maker_any_more(encoders):
    [maker] = open_makers("fake", "")
    other = replace(maker.column, maker="as it was")
    with pytest.raises(StoreError, match="build the store anew"):
        open_column(other)


def test_a_column_says_what_its_encoder_embeds(encoders):
    [maker] = open_makers("fake", "")
    column = describe_column("picture", maker.encoder, "image")
    assert column.modalities == ("image", "text") and column.dim == 48
