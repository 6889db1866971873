"""Tiny random models, built offline on the fly: a few thousand weights each, real code paths."""

import json
import os

# Before huggingface_hub is imported: no test may reach for the hub.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import PIL.Image
import pytest

import skulens.torch_shim  # noqa: F401  # before any fixture imports torchvision
from tests.catalog.conftest import real_data

WORDS = [
    "a red cup of tea",
    "milk carton, 1 l",
    "green apple",
    "photo of a shelf",
    "blue shoe size 42",
]


def byte_level_bpe(specials: list[str], first: bool = False):
    """A byte-level BPE tokenizer of a few hundred tokens; special ones first or last."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        initial_alphabet=alphabet,
        special_tokens=specials if first else [],
        show_progress=False,
    )
    tokenizer.train_from_iterator(WORDS, trainer)
    if not first:
        tokenizer.add_special_tokens(specials)
    return tokenizer


@pytest.fixture(scope="session")
def open_clip_folder(tmp_path_factory):
    """A folder as `skulens train` writes it: config, safetensors, tokenizer.json."""
    folder = tmp_path_factory.mktemp("tiny_open_clip")
    from safetensors.torch import save_file

    from skulens.encode.towers import build_model

    tokenizer = byte_level_bpe(["<start_of_text>", "<end_of_text>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "embed_dim": 24,
        "vision_cfg": {
            "image_size": 32,
            "layers": 2,
            "width": 32,
            "head_width": 16,
            "patch_size": 8,
        },
        "text_cfg": {
            "context_length": 16,
            "vocab_size": tokenizer.get_vocab_size(with_added_tokens=True),
            "width": 32,
            "heads": 2,
            "layers": 2,
        },
    }
    preprocess = {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.25, 0.3], "interpolation": "bilinear"}
    written = {"model_cfg": config, "preprocess_cfg": preprocess, "licence": "Apache-2.0"}
    (folder / "open_clip_config.json").write_text(json.dumps(written))
    model = shake(build_model(config))
    state = {key: value.contiguous() for key, value in model.state_dict().items()}
    save_file(state, folder / "open_clip_model.safetensors")
    return folder


@pytest.fixture(scope="session")
def data():
    """name -> a folder of real data; skips where it is absent."""
    return real_data


@pytest.fixture(scope="session")
def pictures():
    """Eight RGB pictures of different sizes and shapes."""
    noise = np.random.default_rng(0)
    sizes = [(40, 60), (64, 64), (33, 90), (32, 32), (120, 50), (31, 47), (200, 201), (48, 32)]
    blocks = [noise.integers(0, 256, (5, 7, 3), dtype=np.uint8) for _ in sizes]
    return [PIL.Image.fromarray(b).resize(size) for b, size in zip(blocks, sizes, strict=True)]


@pytest.fixture(scope="session")
def texts():
    """Eight texts: short, long (cut), odd letters, empty."""
    return [*WORDS, "tea " * 80, "Thé glacé, ชาเย็น & more", ""]


def shake(model, seed: int = 1):
    """The model with weights far enough from their usual start to hear their input."""
    import torch

    noise = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn(parameter.shape, generator=noise)
    return model.eval()


def fast_tokenizer(**roles: str):
    """byte_level_bpe as transformers wraps it; roles: pad_token, eos_token, bos_token ..."""
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    tokenizer = byte_level_bpe(list(roles.values()), first=True)
    start, end = roles.get("bos_token", ""), roles["eos_token"]
    specials = [(name, tokenizer.token_to_id(name)) for name in (start, end) if name]
    tokenizer.post_processor = TemplateProcessing(
        single=f"{start} $A {end}".strip(), special_tokens=specials
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **roles)


def small(kind: str, **more) -> dict:
    """Settings of a tiny tower."""
    text = (
        {"vocab_size": 300, "max_position_embeddings": 16}
        if kind == "text"
        else {"image_size": 32, "patch_size": 8}
    )
    return {
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        **text,
        **more,
    }


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory):
    """A CLIP of transformers."""
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel

    folder = tmp_path_factory.mktemp("tiny_clip")
    tokenizer = fast_tokenizer(pad_token="<pad>", bos_token="<s>", eos_token="</s>")
    ends = {
        "eos_token_id": tokenizer.eos_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "pad_token_id": 0,
    }
    config = CLIPConfig(
        text_config=small("text", **ends), vision_config=small("vision"), projection_dim=24
    )
    shake(CLIPModel(config)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    size = {"height": 32, "width": 32}
    CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=size).save_pretrained(folder)
    (folder / "README.md").write_text("---\nlanguage: en\nlicense: mit\n---\n# tiny\n")
    return folder


def gemma_tokenizer():
    """SigLIP 2's tokenizer class with single letters for a vocabulary; lower case by itself."""
    import string

    from tokenizers.processors import TemplateProcessing
    from transformers import Siglip2Tokenizer

    pieces = [
        "<pad>",
        "<eos>",
        "<bos>",
        "<unk>",
        "<mask>",
        "▁",
        *string.ascii_letters,
        *string.digits,
        ",",
        "&",
    ]
    tokenizer = Siglip2Tokenizer(vocab={piece: i for i, piece in enumerate(pieces)}, merges=[])
    tokenizer._tokenizer.post_processor = TemplateProcessing(
        single="$A <eos>", special_tokens=[("<eos>", 1)]
    )
    return tokenizer


def siglip_in(folder, kind: str):
    import transformers

    tokenizer = (
        gemma_tokenizer()
        if kind == "Siglip2"
        else fast_tokenizer(pad_token="<pad>", eos_token="</s>")
    )
    tokenizer.padding_side = (
        "left"  # the default of SigLIP 2's tokenizer class, and wrong for its towers
    )
    text = small("text", pad_token_id=0, eos_token_id=1, projection_size=32)
    vision = small("vision")
    if kind == "Siglip2":
        del vision["image_size"]
        vision["num_patches"] = 16
    config = getattr(transformers, f"{kind}Config")(text_config=text, vision_config=vision)
    shake(getattr(transformers, f"{kind}Model")(config)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    shape = (
        {"patch_size": 8, "max_num_patches": 16}
        if kind == "Siglip2"
        else {"size": {"height": 32, "width": 32}}
    )
    getattr(transformers, f"{kind}ImageProcessorPil")(**shape).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def siglip_folder(tmp_path_factory):
    return siglip_in(tmp_path_factory.mktemp("tiny_siglip"), "Siglip")


@pytest.fixture(scope="session")
def siglip2_folder(tmp_path_factory):
    """A NaFlex SigLIP 2: pictures keep their shape and become patches with a mask."""
    return siglip_in(tmp_path_factory.mktemp("tiny_siglip2"), "Siglip2")


@pytest.fixture(scope="session")
def sentence_folder(tmp_path_factory):
    """A text-only sentence-transformers model: a tiny BERT with mean pooling."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import BertConfig, BertModel

    bert = tmp_path_factory.mktemp("tiny_bert")
    settings = small("text", type_vocab_size=1)
    shake(BertModel(BertConfig(**settings))).save_pretrained(bert)
    fast_tokenizer(pad_token="<pad>", bos_token="<s>", eos_token="</s>").save_pretrained(bert)
    folder = tmp_path_factory.mktemp("tiny_sentence")
    transformer = Transformer(str(bert), max_seq_length=16)
    SentenceTransformer(modules=[transformer, Pooling(32)], device="cpu").save(str(folder))
    return folder


CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% for c in m.content %}"
    "{% if c.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% else %}{{ c.text }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def qwen_tokenizer():
    from transformers import PreTrainedTokenizerFast

    special = {
        "pad_token": "<|endoftext|>",
        "eos_token": "<|im_end|>",
        "additional_special_tokens": [
            "<|im_start|>",
            "<|vision_start|>",
            "<|vision_end|>",
            "<|image_pad|>",
            "<|video_pad|>",
        ],
    }
    names = ["<|endoftext|>", "<|im_end|>", *special["additional_special_tokens"]]
    tokenizer = byte_level_bpe(names, first=True)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)


@pytest.fixture(scope="session")
def qwen_folder(tmp_path_factory):
    """A Qwen2-VL of two small layers, with the recipe of a model that distinguishes roles."""
    from transformers import (
        Qwen2VLConfig,
        Qwen2VLForConditionalGeneration,
        Qwen2VLImageProcessorPil,
        Qwen2VLProcessor,
        Qwen2VLVideoProcessor,
    )

    folder = tmp_path_factory.mktemp("tiny_qwen")
    tokenizer = qwen_tokenizer()
    image, video = (tokenizer.convert_tokens_to_ids(f"<|{k}_pad|>") for k in ("image", "video"))
    config = Qwen2VLConfig(
        text_config={
            "vocab_size": 320,
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "max_position_embeddings": 512,
            "rope_parameters": {
                "rope_type": "default",
                "mrope_section": [2, 3, 3],
                "rope_theta": 10000.0,
            },
        },
        vision_config={"depth": 2, "embed_dim": 32, "hidden_size": 32, "num_heads": 2},
        image_token_id=image,
        video_token_id=video,
        vision_start_token_id=tokenizer.convert_tokens_to_ids("<|vision_start|>"),
        vision_end_token_id=tokenizer.convert_tokens_to_ids("<|vision_end|>"),
    )
    shake(Qwen2VLForConditionalGeneration(config)).save_pretrained(folder)
    processor = Qwen2VLProcessor(
        image_processor=Qwen2VLImageProcessorPil(min_pixels=56 * 56, max_pixels=84 * 84),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(),
        chat_template=CHATML,
    )
    processor.save_pretrained(folder)
    recipe = {
        "system": {"query": "Find it.", "document": ""},
        "ending": "<|endoftext|>",
        "max_tokens": 100,
    }
    (folder / "embedding.json").write_text(json.dumps(recipe))
    return folder


@pytest.fixture(scope="session")
def onnx_folder(tmp_path_factory):
    """An ONNX image encoder: one strided convolution, then the average of each channel."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    folder = tmp_path_factory.mktemp("tiny_onnx")
    weights = np.random.default_rng(0).normal(size=(12, 3, 4, 4)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["image", "w"], ["c"], strides=[4, 4]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["embedding"]),
    ]
    shape = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "tiny",
        [shape("image", TensorProto.FLOAT, ["N", 3, 32, 32])],
        [shape("embedding", TensorProto.FLOAT, ["N", 12, 1, 1])],
        [numpy_helper.from_array(weights, "w")],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9),
        folder / "tiny.onnx",
    )
    (folder / "preprocess.json").write_text(
        '{"size": 32, "mean": 0.5, "std": 0.5, "licence": "MIT"}'
    )
    return folder
