"""Recipes parse; wrong settings stop at the door and say what to do."""

import pytest
import timm

from skulens.train.config import (
    Contrastive,
    RecipeError,
    as_dict,
    from_dict,
    read_recipe,
    shipped_recipes,
)

RECIPES = sorted(shipped_recipes().values())


@pytest.mark.parametrize("path", RECIPES, ids=lambda p: p.stem)
def test_every_recipe_parses_and_names_a_known_architecture(path):
    assert timm.is_model(read_recipe(path).towers.vision)


def test_there_are_recipes():
    assert {"groceries", "groceries-frozen", "mini"} <= {p.stem for p in RECIPES}


def test_recipes_are_known_by_name_and_a_file_of_that_name_goes_first(tmp_path, monkeypatch):
    assert read_recipe("groceries") == read_recipe(shipped_recipes()["groceries"])
    assert read_recipe("groceries") != read_recipe("groceries-small")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "groceries").write_text("epochs: 5")
    assert read_recipe("groceries").epochs == 5
    with pytest.raises(RecipeError, match="expected a YAML file, or one of groceries, groceries-f"):
        read_recipe("recipes/groceries.yaml")


def test_a_recipe_survives_writing_and_reading(tmp_path):
    import yaml

    config = from_dict(
        {
            "towers": {"image_px": 64},
            "text_roles": {"title": 2.0},
            "sources": {"world": 1.5},
            "views": ["iconic"],
            "lr": 0.001,
        }
    )
    path = tmp_path / "r.yaml"
    path.write_text(yaml.safe_dump(as_dict(config)))
    assert read_recipe(path) == config


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"epoch": 3}, "unknown setting 'epoch'"),
        ({"towers": {"px": 3}}, "unknown setting towers.'px'"),
        ({"epochs": "many"}, "epochs is 'many'"),
        ({"epochs": 2.5}, "epochs is 2.5"),
        ({"batch": True}, "batch is True"),
        ({"loss": "triplet"}, "expected infonce or siglip"),
        ({"augment": {"flip": 2}}, "flip is 2"),
        ({"augment": {"cutmix": 0.7, "mixup": 0.7}}, "at most 1"),
        ({"towers": {"text_width": 30, "text_heads": 4}}, "a multiple of text_heads 4"),
        ({"epochs": 3, "warmup": 3}, "under 3 epochs"),
        ({"text_roles": {"title": -1}}, "weights above 0"),
        ({"sources": {"world": 0}}, "sources is {'world': 0}, expected names with weights above 0"),
        ({"sources": "world"}, "sources is 'world'"),
        ({"frozen_image": "onnx:x", "augment": {"cutmix": 0.5}}, "no pixels to mix"),
    ],
)
def test_bad_settings_are_refused_with_their_name(settings, said):
    with pytest.raises(RecipeError, match=said.replace(".", r"\.")):
        from_dict(settings)


def test_a_recipe_that_is_absent_or_broken(tmp_path):
    with pytest.raises(RecipeError, match="no recipe at"):
        read_recipe(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("a: [1,")
    with pytest.raises(RecipeError, match="is not YAML"):
        read_recipe(tmp_path / "bad.yaml")
    (tmp_path / "list.yaml").write_text("- 1")
    with pytest.raises(RecipeError, match="holds list"):
        read_recipe(tmp_path / "list.yaml")


def test_an_empty_recipe_is_the_defaults(tmp_path):
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    assert read_recipe(tmp_path / "empty.yaml") == Contrastive()
