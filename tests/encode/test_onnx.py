"""What an ONNX file must say of itself, and the refusals when it does not."""

import contextlib
import json
import shutil

import numpy as np
import pytest

from skulens.encode import open_encoder
from skulens.encode.external_data import external_files
from skulens.encode.memo import Memo
from skulens.encode.onnx import KNOWN, OnnxImage, threads
from skulens.errors import EncoderError, MissingFile


@pytest.fixture
def folder(onnx_folder, tmp_path):
    """A copy to spoil."""
    shutil.copytree(onnx_folder, tmp_path / "copy")
    return tmp_path / "copy"


def test_texts_are_refused_by_name(onnx_folder):
    encoder = OnnxImage(onnx_folder)
    for call in (
        encoder.prepare_text,
        encoder.count_tokens,
        lambda text: encoder.encode_batch("text", [text]),
    ):
        with pytest.raises(EncoderError, match="tiny is an image-only model"):
            call("tea")


def test_without_a_sidecar_an_unknown_file_is_refused_with_an_example(folder):
    (folder / "preprocess.json").unlink()
    with pytest.raises(EncoderError, match=r'preprocess\.json, for example \{"size": 224'):
        OnnxImage(folder)


def test_a_known_file_needs_no_sidecar():
    known = KNOWN["mobilenet_v1_embedding"].preprocess
    import PIL.Image

    grey = PIL.Image.new("RGB", (300, 250), (192, 128, 0))
    np.testing.assert_allclose(known(grey)[:, 0, 0], [0.5, 0.0, -1.0], atol=1e-6)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{", "not JSON"),
        ('{"size": 32, "mean": 0.5}', "lacks or misspells"),
        ('{"size": 32, "mean": 0.5, "std": 0.5, "crop": true}', "crop unknown"),
        ('{"size": 64, "mean": 0.5, "std": 0.5}', "fix one of them"),
        ('{"size": 32, "mean": 0.5, "std": 0.5, "interpolation": "cubic"}', "bicubic"),
        ('{"size": 32, "mean": 0.5, "std": 0}', "zero std"),
        ('{"size": 32, "mean": 0.5, "std": 0.5, "layout": "hwc"}', "fix one of them"),
    ],
)
def test_a_wrong_sidecar_is_told_what_is_wrong(folder, written, said):
    (folder / "preprocess.json").write_text(written)
    with pytest.raises(EncoderError, match=said):
        OnnxImage(folder)


def test_files_that_are_no_single_image_encoder(folder, tmp_path):
    with pytest.raises(MissingFile):
        OnnxImage(tmp_path / "nothing.onnx")
    shutil.copy(folder / "tiny.onnx", folder / "second.onnx")
    with pytest.raises(
        EncoderError, match=r"exactly one \.onnx file, found second.onnx, tiny.onnx"
    ):
        OnnxImage(folder)
    (folder / "second.onnx").write_bytes(b"not onnx")
    with pytest.raises(EncoderError, match="cannot open"):
        OnnxImage(folder / "second.onnx")


def test_a_file_for_one_picture_at_a_time_gives_the_same_vectors(onnx_folder, folder, pictures):
    import onnx

    model = onnx.load(folder / "tiny.onnx")
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 1
    onnx.save(model, folder / "tiny.onnx")
    free, fixed = OnnxImage(onnx_folder), OnnxImage(folder)
    batch = [free.prepare_image(p) for p in pictures]
    np.testing.assert_allclose(
        fixed.encode_batch("image", batch), free.encode_batch("image", batch), rtol=1e-5
    )
    assert fixed.info.identity != free.info.identity


def test_identity_follows_the_sidecar(folder):
    before = OnnxImage(folder).info.identity
    written = json.loads((folder / "preprocess.json").read_text())
    (folder / "preprocess.json").write_text(json.dumps(written | {"resize_mode": "squash"}))
    assert OnnxImage(folder).info.identity != before


def test_threads_follow_the_environment(monkeypatch):
    import torch

    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads() == 3
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert threads() == torch.get_num_threads()


@pytest.fixture
def external(folder):
    """A model whose weights lie in `parts/w.bin` beside it."""
    import onnx

    model = onnx.load(folder / "tiny.onnx")
    (folder / "parts").mkdir()
    onnx.save_model(
        model,
        folder / "tiny.onnx",
        save_as_external_data=True,
        location="parts/w.bin",
        size_threshold=0,
    )
    return folder


def change(path):
    data = np.fromfile(path, np.float32)
    (data[::-1] * 0.5).tofile(path)


def test_identity_covers_weights_in_other_files(external):
    file = external / "tiny.onnx"
    assert [p.name for p in external_files(file)] == ["w.bin"]
    before = OnnxImage(external)
    blank = np.ones((3, 32, 32), np.float32)
    vector = before.encode_batch("image", [blank])
    change(external / "parts/w.bin")
    after = OnnxImage(external)
    assert (after.encode_batch("image", [blank]) != vector).any()
    assert after.info.identity != before.info.identity


@pytest.mark.parametrize("name", ["parts/w.bin", "preprocess.json", "tiny.onnx"])
@pytest.mark.parametrize("argument", ["{}", "{}/tiny.onnx"])
def test_what_is_remembered_of_an_encoder_follows_every_file_of_it(
    external, tmp_path, name, argument
):
    argument = f"onnx:{argument.format(external)}"

    def identity():
        return open_encoder(argument, memo=Memo(tmp_path)).info.identity

    before = identity()
    assert identity() == before
    path = external / name
    if name == "parts/w.bin":
        change(path)
    elif name == "preprocess.json":
        path.write_text(path.read_text().replace("0.5", "0.25"))
    else:
        path.write_bytes(path.read_bytes() + b"\x12\x01a")  # producer_version
    assert identity() != before


def with_external(path, location):
    import onnx

    model = onnx.load(path, load_external_data=False)
    [tensor] = model.graph.initializer
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    path.write_bytes(model.SerializeToString())


@pytest.mark.parametrize("location", ["../w.bin", "/etc/passwd", "parts/../../w.bin", "link.bin"])
def test_weights_outside_the_folder_are_refused(folder, tmp_path, location):
    (tmp_path / "w.bin").write_bytes(bytes(12 * 3 * 16 * 4))
    (folder / "parts").mkdir()
    (folder / "link.bin").symlink_to(tmp_path / "w.bin")
    with_external(folder / "tiny.onnx", location)
    with pytest.raises(EncoderError, match="outside its folder"):
        external_files(folder / "tiny.onnx")
    with pytest.raises(EncoderError):
        OnnxImage(folder)


def test_tensors_are_found_wherever_onnx_allows_them(tmp_path):
    """In initialisers, attributes, subgraphs of attributes, functions and sparse tensors."""
    import onnx
    from onnx import TensorProto, helper

    def tensor(name):
        one = TensorProto(name=name, data_type=1, dims=[2], data_location=TensorProto.EXTERNAL)
        one.external_data.add(key="offset", value="4096")
        one.external_data.add(key="location", value=f"{name}.bin")
        return one

    def graph(name, **more):
        return helper.make_graph([], name, [], [], **more)

    inside = graph("inside", initializer=[tensor("deep")])
    nodes = [
        helper.make_node("Constant", [], ["c"], value=tensor("attribute")),
        helper.make_node("If", ["c"], ["d"], then_branch=inside, else_branch=graph("none")),
    ]
    main = helper.make_graph(nodes, "g", [], [], [tensor("plain"), tensor("plain")])
    sparse = onnx.SparseTensorProto(values=tensor("values"), indices=tensor("indices"), dims=[4])
    main.sparse_initializer.append(sparse)
    model = helper.make_model(main)
    inner = helper.make_node("Constant", [], ["y"], value=tensor("function"))
    model.functions.append(
        helper.make_function("own", "F", [], ["y"], [inner], [helper.make_opsetid("", 17)])
    )
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    names = ["attribute", "deep", "function", "indices", "plain", "values"]
    assert [p.name for p in external_files(path)] == [f"{name}.bin" for name in names]


@pytest.mark.parametrize("data", [b"", b"\xff" * 40, b"PK\x03\x04 zip", b"\x3a\xff\xff\x03ab"])
def test_what_is_no_protobuf_is_said(tmp_path, data):
    path = tmp_path / "m.onnx"
    path.write_bytes(data)
    with pytest.raises(EncoderError, match="no ONNX model"):
        external_files(path)


def test_any_damage_of_the_file_ends_in_a_list_or_an_error(external):
    path = external / "tiny.onnx"
    whole = path.read_bytes()
    draw = np.random.default_rng(0)
    for _ in range(300):
        data = bytearray(whole)
        data[draw.integers(len(data))] = draw.integers(256)
        path.write_bytes(data[: draw.integers(1, len(data) + 1)])
        with contextlib.suppress(EncoderError):
            external_files(path)
