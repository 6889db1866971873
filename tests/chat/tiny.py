"""Tiny random models of real architectures, built offline: a few thousand weights, real code paths.

Their words mean nothing, but every letter of a question and every pixel changes the answer.
"""

import io
import os
from collections.abc import Callable
from pathlib import Path

# Before huggingface_hub is imported: no test may reach for the hub.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import PIL.Image

import skulens.torch_shim  # noqa: F401  # before anything that imports torchvision

# isort: split
import torch
from transformers import PreTrainedTokenizerFast

from skulens.records import Image

WORDS = ["a red cup of tea", "milk carton, 1 l", "the brand and colour of the product", '{"a": 12}']
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.content is string %}{{ m.content }}{% else %}{% for c in m.content %}"
    "{% if c.type == 'image' %}IMAGE{% else %}{{ c.text }}{% endif %}{% endfor %}{% endif %}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
NO_SYSTEM = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}"
    "{% endif %}"
) + CHATML
SIZES = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 1024,
}
SEES = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 32,
    "patch_size": 8,
}
ENDS = {"pad_token": "<|pad|>", "eos_token": "<|im_end|>"}


def make_tokenizer(**more: str) -> PreTrainedTokenizerFast:
    """Byte-level BPE of a few hundred tokens; `more`: attribute -> special token."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    special = {**ENDS, **more}
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=330,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=[*special.values(), "<|im_start|>"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(WORDS, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        **ENDS,
        extra_special_tokens={**more, "start_token": "<|im_start|>"},
    )


def shake(model, seed: int = 1):
    """The model with weights that hear their input, the same in every run."""
    noise = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        usual = parameter.data if parameter.ndim == 1 else 0.0  # of norms and biases: 1 or 0
        parameter.data = usual + 0.3 * torch.randn(parameter.shape, generator=noise)
    return model.eval()


def write(folder: Path, model, *rest) -> Path:
    model.generation_config.eos_token_id = 1
    model.generation_config.pad_token_id = 0
    for one in (shake(model), *rest):
        one.save_pretrained(folder)
    return folder


def make_llama(folder: Path, template: str | None = CHATML) -> Path:
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = make_tokenizer()
    tokenizer.chat_template = template
    config = LlamaConfig(vocab_size=len(tokenizer), **SIZES, eos_token_id=1, pad_token_id=0)
    return write(folder, LlamaForCausalLM(config), tokenizer)


def make_sliding(folder: Path) -> Path:
    """A text model some of whose layers see the last 16 tokens only."""
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    tokenizer = make_tokenizer()
    tokenizer.chat_template = NO_SYSTEM
    layers = ["sliding_attention", "full_attention"]
    config = Gemma3TextConfig(
        vocab_size=len(tokenizer), **SIZES, head_dim=8, sliding_window=16, layer_types=layers,
        eos_token_id=1, pad_token_id=0, tie_word_embeddings=False,
    )  # fmt: skip
    return write(folder, Gemma3ForCausalLM(config), tokenizer)


def make_qwen(folder: Path, version: str = "2_5") -> Path:
    import transformers

    tokenizer = make_tokenizer(
        image_token="<|image_pad|>",
        video_token="<|video_pad|>",
        vision_start="<|vision_start|>",
        vision_end="<|vision_end|>",
    )
    name = f"Qwen{version}VL" if version == "3" else f"Qwen{version}_VL"
    ids = {
        f"{key}_token_id": tokenizer.convert_tokens_to_ids(f"<|{key}{end}|>")
        for key, end in (("image", "_pad"), ("video", "_pad"), ("vision_start", ""),
                         ("vision_end", ""))
    }  # fmt: skip
    rope = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0}
    vision = {"depth": 2, "hidden_size": 32, "num_heads": 2, "intermediate_size": 48,
              "out_hidden_size": 32}  # fmt: skip
    if version == "3":
        vision |= {"num_position_embeddings": 64, "deepstack_visual_indexes": [0]}
        rope |= {"mrope_interleaved": True}
    text = {"vocab_size": len(tokenizer), **SIZES, "rope_parameters": rope}
    if version == "3":
        text["head_dim"] = 8
    config = getattr(transformers, f"{name}Config")(
        text_config=text, vision_config=vision, **ids, eos_token_id=1, pad_token_id=0
    )
    model = getattr(transformers, f"{name}ForConditionalGeneration")(config)
    side = 32 if version == "3" else 28
    pixels = {"patch_size": side // 2} | {
        "size": {"shortest_edge": (2 * side) ** 2, "longest_edge": (3 * side) ** 2}
    }
    videos = "Qwen3VLVideoProcessor" if version == "3" else "Qwen2VLVideoProcessor"
    processor = getattr(transformers, f"{name}Processor")(
        image_processor=transformers.Qwen2VLImageProcessorPil(**pixels),
        tokenizer=tokenizer,
        video_processor=getattr(transformers, videos)(),
        chat_template=CHATML.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>"),
    )
    return write(folder, model, processor)


def make_qwen3(folder: Path) -> Path:
    return make_qwen(folder, "3")


def make_gemma(folder: Path) -> Path:
    from transformers import (
        Gemma3Config,
        Gemma3ForConditionalGeneration,
        Gemma3ImageProcessorPil,
        Gemma3Processor,
    )

    named = {"boi_token": "<boi>", "eoi_token": "<eoi>", "image_token": "<image>"}
    tokenizer = make_tokenizer(**named)
    boi, eoi, image = (tokenizer.convert_tokens_to_ids(t) for t in named.values())
    config = Gemma3Config(
        text_config={
            "vocab_size": len(tokenizer), **SIZES, "head_dim": 8, "sliding_window": 16,
            "layer_types": ["sliding_attention", "full_attention"], "eos_token_id": 1,
            "tie_word_embeddings": False,
        },
        tie_word_embeddings=False,
        vision_config={**SEES, "model_type": "siglip_vision_model"},
        mm_tokens_per_image=4, boi_token_index=boi, eoi_token_index=eoi, image_token_index=image,
    )  # fmt: skip
    processor = Gemma3Processor(
        Gemma3ImageProcessorPil(size={"height": 32, "width": 32}),
        tokenizer,
        chat_template=NO_SYSTEM.replace("IMAGE", "<boi>"),
        image_seq_length=4,
    )
    return write(folder, Gemma3ForConditionalGeneration(config), processor)


def make_llava(folder: Path) -> Path:
    from transformers import (
        LlavaOnevisionConfig,
        LlavaOnevisionForConditionalGeneration,
        LlavaOnevisionImageProcessorPil,
        LlavaOnevisionProcessor,
        LlavaOnevisionVideoProcessor,
    )

    tokenizer = make_tokenizer(image_token="<image>", video_token="<video>")
    pins = [[32, 32], [32, 64], [64, 32]]
    config = LlavaOnevisionConfig(
        text_config={"model_type": "qwen2", "vocab_size": len(tokenizer), **SIZES},
        vision_config={**SEES, "model_type": "siglip_vision_model", "vision_use_head": False},
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        video_token_id=tokenizer.convert_tokens_to_ids("<video>"),
        image_grid_pinpoints=pins,
        vision_aspect_ratio="anyres_max_9",
    )
    processor = LlavaOnevisionProcessor(
        LlavaOnevisionImageProcessorPil(
            size={"height": 32, "width": 32}, image_grid_pinpoints=pins
        ),
        tokenizer,
        LlavaOnevisionVideoProcessor(),
        chat_template=CHATML.replace("IMAGE", "<image>\n"),
        num_image_tokens=16,
        vision_feature_select_strategy="full",
    )
    return write(folder, LlavaOnevisionForConditionalGeneration(config), processor)


def make_internvl(folder: Path) -> Path:
    from transformers import (
        GotOcr2ImageProcessorPil,
        InternVLConfig,
        InternVLForConditionalGeneration,
        InternVLProcessor,
        InternVLVideoProcessor,
    )

    named = {
        "start_image_token": "<img>",
        "end_image_token": "</img>",
        "context_image_token": "<IMG_CONTEXT>",
        "video_token": "<video>",
    }
    tokenizer = make_tokenizer(**named)
    config = InternVLConfig(
        text_config={"model_type": "qwen2", "vocab_size": len(tokenizer), **SIZES},
        vision_config={**SEES, "image_size": [32, 32], "patch_size": [8, 8]},
        image_token_id=tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>"),
        image_seq_length=4,
    )
    processor = InternVLProcessor(
        GotOcr2ImageProcessorPil(
            size={"height": 32, "width": 32}, crop_to_patches=True, max_patches=4
        ),
        tokenizer,
        InternVLVideoProcessor(),
        image_seq_length=4,
        chat_template=CHATML.replace("IMAGE", "<IMG_CONTEXT>\n"),
    )
    return write(folder, InternVLForConditionalGeneration(config), processor)


def make_smolvlm(folder: Path) -> Path:
    from transformers import (
        SmolVLMConfig,
        SmolVLMForConditionalGeneration,
        SmolVLMImageProcessorPil,
        SmolVLMProcessor,
        SmolVLMVideoProcessor,
    )

    named = {
        "fake_image_token": "<fake_token_around_image>",
        "image_token": "<image>",
        "end_of_utterance_token": "<end_of_utterance>",
        "global_image_token": "<global-img>",
    }
    tokenizer = make_tokenizer(**named)
    image = tokenizer.convert_tokens_to_ids("<image>")
    config = SmolVLMConfig(
        text_config={"model_type": "llama", "vocab_size": len(tokenizer), **SIZES},
        vision_config=SEES,
        image_token_id=image,
        scale_factor=2,
        pad_token_id=0,
    )
    processor = SmolVLMProcessor(
        SmolVLMImageProcessorPil(
            size={"longest_edge": 64}, max_image_size={"longest_edge": 32}
        ),
        tokenizer,
        SmolVLMVideoProcessor(
            size={"longest_edge": 64}, max_image_size={"longest_edge": 32},
            video_sampling={"video_size": {"longest_edge": 64}, "max_frames": 2, "fps": 1},
        ),
        image_seq_len=4,
        chat_template=CHATML.replace("IMAGE", "<image>"),
    )  # fmt: skip
    return write(folder, SmolVLMForConditionalGeneration(config), processor)


TEXT: dict[str, Callable[[Path], Path]] = {"llama": make_llama, "sliding": make_sliding}
VISION: dict[str, Callable[[Path], Path]] = {
    "qwen2_5_vl": make_qwen,
    "qwen3_vl": make_qwen3,
    "gemma3": make_gemma,
    "llava_onevision": make_llava,
    "internvl": make_internvl,
    "smolvlm": make_smolvlm,
}
NEEDS = {"smolvlm": "num2words"}
"""Family -> package without which its processor cannot be made."""


def picture(seed: int, width: int = 40, height: int = 32) -> Image:
    """A picture of coloured blocks, as PNG bytes."""
    blocks = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    out = io.BytesIO()
    PIL.Image.fromarray(blocks).resize((width, height)).save(out, "PNG")
    return Image(data=out.getvalue())
