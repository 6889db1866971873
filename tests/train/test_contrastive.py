"""Training on a shop of coloured squares: it learns, resumes exactly, and others can load it."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import open_clip
import pytest
import torch

from skulens.encode.open_clip import LocalOpenClip
from skulens.errors import DataError, StoreError
from skulens.pictures import decode
from skulens.train.config import RecipeError, from_dict
from skulens.train.contrastive import train_contrastive
from skulens.train.loop import read_log, text_vectors
from skulens.train.measure import Evaluator, HeldOutPhotos, prepare_pixels
from skulens.train.tokens import encode_texts
from skulens.train.towers import build_model
from tests.train.conftest import TINY, Squares

LOUD = {"seconds", "images_per_s"}


def curve(folder):
    return [
        {k: v for k, v in line.items() if k not in LOUD}
        for line in read_log(folder / "train.jsonl")
    ]


class Uneven(Squares):
    """Two photos to watch, so that no split has as many as another."""

    def queries(self, split):
        found = list(super().queries(split))
        return iter(found[:2]) if split == "val" else iter(found)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Twelve epochs on squares, measured on their test photos."""
    folder = tmp_path_factory.mktemp("encoder")
    config = from_dict(
        TINY
        | {"epochs": 12, "lr": 0.01, "augment": {"hue": 0.0, "saturation": 0.1}, "smoothing": 0.1}
    )
    return train_contrastive([Uneven()], config, folder, test="test")


def test_it_learns_the_colours(trained):
    """Chance is 0.25."""
    assert trained.measured["text"]["metrics"]["hit_rate@1"]["value"] >= 0.9
    assert (
        trained.measured["text"]["n_queries"] == 16 and trained.measured["text"]["n_gallery"] == 4
    )
    assert trained.measured["image"]["metrics"]["hit_rate@5"]["value"] == 1.0
    assert json.loads((trained.encoder / "measured.json").read_text()) == {"test": trained.measured}


def test_the_log_tells_the_course(trained):
    lines = read_log(trained.encoder / "train.jsonl")
    assert [line["epoch"] for line in lines] == list(range(1, 13))
    assert lines[-1]["loss"] < lines[0]["loss"] and "val_hit_rate@1" in lines[-1]
    assert lines[-1]["lr"] < lines[1]["lr"]


def test_skulens_and_open_clip_load_it_and_agree(trained, squares):
    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{trained.encoder}")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{trained.encoder}")
    ours = LocalOpenClip(str(trained.encoder))
    assert ours.info.trained_on == ("squares",)
    picture = decode(next(squares.queries("test")).item.parts[0].read())
    texts = ["a red thing", "a blue thing and many more words than twelve tokens could ever hold"]
    with torch.no_grad():
        image = model.eval().encode_image(preprocess(picture)[None]).numpy()
        text = model.encode_text(tokenizer(texts)).numpy()
    np.testing.assert_allclose(
        ours.encode_batch("image", [ours.prepare_image(picture)]), image, atol=1e-4
    )
    np.testing.assert_allclose(
        ours.encode_batch("text", [ours.prepare_text(t) for t in texts]), text, atol=1e-4
    )


def test_what_was_measured_is_what_the_stored_encoder_does(trained, squares):
    """Stored in fp16 and read through skulens' own preprocessing, the ranks stay the same."""
    encoder = LocalOpenClip(str(trained.encoder))
    held_out = HeldOutPhotos.of(squares, "test")
    tokens = torch.from_numpy(encode_texts(encoder.tokens.tokenizer, held_out.texts, 12))
    evaluator = Evaluator(held_out, prepare_pixels(32, "squash"), tokens)
    again = evaluator.full(encoder.model)["text"]["metrics"]["hit_rate@1"]
    assert again == trained.measured["text"]["metrics"]["hit_rate@1"]


def test_the_card_names_data_licence_numbers_and_recipe(trained):
    card = (trained.encoder / "README.md").read_text()
    for said in (
        "Squares",
        "licence CC0",
        "20 pictures of 4 products",
        "seed 0",
        "Squares, split `test`",
        "vocab_size: 300",
        "Limits",
        "were trained on beside",
    ):
        assert said in card
    assert not list(trained.encoder.glob("*.pt")) and not list(trained.encoder.glob("*.bin"))


@pytest.mark.parametrize(
    ("loss", "weights"), [("infonce", {}), ("siglip", {}), ("infonce", {"squares": 3, "other": 1})]
)
def test_a_run_that_stopped_goes_on_with_the_same_numbers(tmp_path, tiny, loss, weights):
    """Stopped after the second of four epochs, as a kill between two checkpoints leaves it."""
    config = replace(
        tiny,
        loss=loss,
        epochs=4,
        sources=weights,
        augment=replace(tiny.augment, cutmix=0.3, erase=0.2),
    )
    data = [Squares(), Squares(photos=2, name="other")] if weights else [Squares()]
    train_contrastive(data, config, tmp_path / "whole")
    import skulens.train.loop as loop

    kept = loop.save_state

    def stop_after_two(path, model, average, optimiser, about):
        kept(path, model, average, optimiser, about)
        if about["epoch"] == 2:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(loop, "save_state", stop_after_two)
        train_contrastive(data, config, tmp_path / "parts")
    assert len(curve(tmp_path / "parts")) == 2
    train_contrastive(data, config, tmp_path / "parts")
    assert curve(tmp_path / "parts") == curve(tmp_path / "whole")
    weights = [
        (tmp_path / run / "open_clip_model.safetensors").read_bytes() for run in ("whole", "parts")
    ]
    assert weights[0] == weights[1]


KILLED = """
import sys, json
from pathlib import Path
from tests.train.conftest import TINY, Squares
from skulens.train.config import RecipeError, from_dict
from skulens.train.contrastive import train_contrastive
train_contrastive([Squares()], from_dict(TINY | {"epochs": 14}), Path(sys.argv[1]))
"""


def test_kill_nine_loses_at_most_one_epoch(tmp_path):
    """Kill at any moment, run the same command to its end, compare with a run left alone."""
    command = [sys.executable, "-c", KILLED, str(tmp_path / "killed")]
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)
    log, end = tmp_path / "killed" / "train.jsonl", time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None and len(read_log(log)) < 3:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = len(read_log(log))
    assert 3 <= done < 14, "the kill came too late to mean anything"
    for folder in ("killed", "whole"):
        train_contrastive([Squares()], from_dict(TINY | {"epochs": 14}), tmp_path / folder)
    whole, killed = curve(tmp_path / "whole"), curve(tmp_path / "killed")
    assert [line.keys() for line in killed] == [line.keys() for line in whole]
    for name in ("loss", "lr", "tau"):  # other threads, other rounding; not one draw may differ
        np.testing.assert_allclose([a[name] for a in killed], [a[name] for a in whole], rtol=1e-3)


def test_several_catalogues_are_told_in_the_card_and_a_missing_weight_stops_the_run(tmp_path, tiny):
    data = [Squares(), Squares(name="other")]
    found = train_contrastive(
        data, replace(tiny, epochs=2, sources={"squares": 1, "other": 3}), tmp_path / "a"
    )
    card = (tmp_path / "a" / "README.md").read_text()
    assert "in the shares squares 1, other 3" in card and found.n_products == 8
    with pytest.raises(RecipeError, match="none to 'other', which is trained on"):
        train_contrastive(data, replace(tiny, sources={"squares": 1}), tmp_path / "b")
    assert not (tmp_path / "b" / "pictures.u8").exists()


def test_another_recipe_in_the_same_folder_is_refused(tmp_path, tiny):
    train_contrastive([Squares()], replace(tiny, epochs=2), tmp_path)
    with pytest.raises(StoreError, match="another recipe or other data"):
        train_contrastive([Squares()], replace(tiny, epochs=2, lr=0.5), tmp_path)
    with pytest.raises(StoreError, match="another recipe or other data"):
        train_contrastive([Squares(photos=3)], replace(tiny, epochs=2), tmp_path)


def test_a_foreign_checkpoint_is_refused(tmp_path, tiny):
    (tmp_path / "state.safetensors").write_bytes(b"not ours")
    with pytest.raises(StoreError, match="is not a checkpoint of skulens"):
        train_contrastive([Squares()], tiny, tmp_path)


def test_it_can_be_watched_and_measured_on_other_catalogues(tmp_path, tiny):
    """A shop of one photo a product: four probes, not the sixteen of the training catalogue."""
    other = Squares(photos=1)
    found = train_contrastive(
        [Squares()], replace(tiny, epochs=2), tmp_path, test="test", val_from=other, test_from=other
    )
    assert found.measured["text"]["n_queries"] == 4
    assert "val_hit_rate@1" in read_log(tmp_path / "train.jsonl")[-1]


def test_wrong_names_stop_before_training(tmp_path, tiny):
    with pytest.raises(
        DataError, match="no split 'tset' to measure on; its splits: train, val, test"
    ):
        train_contrastive([Squares()], tiny, tmp_path / "a", test="tset")
    assert not (tmp_path / "a").exists()
    config = replace(tiny, towers=replace(tiny.towers, vision="resnet10"))
    with pytest.raises(RecipeError, match="expected a timm architecture such as .*resnet1"):
        train_contrastive([Squares()], config, tmp_path / "b")


def test_broken_pictures_are_left_out_and_told(tmp_path, tiny):
    found = train_contrastive([Squares(broken=True)], replace(tiny, epochs=2), tmp_path)
    assert found.n_pictures == 20 and len(found.rejects) == 1


def test_texts_in_parts_by_length_are_the_texts(tiny):
    model = build_model(tiny, 300).eval()
    tokens = torch.zeros(7, 12, dtype=torch.long)
    for row, length in enumerate((3, 12, 5, 2, 12, 7, 4)):
        tokens[row, :length] = torch.arange(1, length + 1)
        tokens[row, length - 1] = 299
    for some in (tokens, tokens[:1], tokens[3:5]):
        torch.testing.assert_close(
            text_vectors(model, some), model.encode_text(some), atol=1e-5, rtol=0
        )


def test_the_command_prints_one_object(tmp_path, monkeypatch):
    import yaml
    from click.testing import CliRunner

    from skulens.cli import train as cli

    monkeypatch.setattr(cli, "open_data", lambda data, map_: Squares())
    recipe = tmp_path / "r.yaml"
    recipe.write_text(yaml.safe_dump(TINY))
    options = [
        "contrastive",
        "x",
        "--out",
        str(tmp_path / "e"),
        "--recipe",
        str(recipe),
        "--set",
        "augment.flip=0",
    ]
    result = CliRunner().invoke(
        cli.command, [*options, "--test", "test", "--seed", "3", "--json"], catch_exceptions=False
    )
    said = json.loads(result.stdout)
    assert said["encoder"] == f"local:{tmp_path / 'e'}" and said["n_pictures"] == 20
    assert (
        said["recipe"]["seed"] == 3
        and said["recipe"]["augment"]["flip"] == 0
        and said["recipe"]["batch"] == 8
    )
    assert 0 <= said["measured"]["text"]["metrics"]["hit_rate@1"]["low"] <= 1
    again = CliRunner().invoke(cli.command, [*options, "--seed", "3"], catch_exceptions=False)
    assert again.stdout.strip().endswith(f"local:{tmp_path / 'e'}")
