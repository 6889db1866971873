"""A small byte-level BPE of the training texts, read by open_clip and transformers alike."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import tokenizers

PAD, END = "<pad>", "<end>"


def train_tokenizer(texts: Iterable[str], vocab_size: int) -> tokenizers.Tokenizer:
    """Byte-level BPE of at most `vocab_size` tokens; lower case, NFKC, single spaces.

    Padding is token 0 and the end token has the largest id, because open_clip pools a text where
    its token id is largest. Any text in any script can be encoded: 256 tokens are the bytes.
    """
    bpe = tokenizers.Tokenizer(tokenizers.models.BPE())
    bpe.normalizer = tokenizers.normalizers.Sequence(
        [
            tokenizers.normalizers.NFKC(),
            tokenizers.normalizers.Lowercase(),
            tokenizers.normalizers.Replace(tokenizers.Regex(r"\s+"), " "),
            tokenizers.normalizers.Strip(),
        ]
    )
    bpe.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=True)
    bpe.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=vocab_size - 1,
        special_tokens=[PAD],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    bpe.add_special_tokens([END])
    end = bpe.token_to_id(END)
    bpe.post_processor = tokenizers.processors.TemplateProcessing(
        single=f"$A {END}", special_tokens=[(END, end)]
    )
    return bpe


def encode_texts(
    bpe: tokenizers.Tokenizer, texts: Sequence[str], context_length: int
) -> np.ndarray:
    """Token ids (texts, context_length) int64: cut so that the end token stays, padded with 0."""
    bpe.enable_truncation(context_length)
    bpe.enable_padding(length=context_length, pad_id=0, pad_token=PAD)
    try:
        return np.array([e.ids for e in bpe.encode_batch(list(texts))], np.int64).reshape(
            -1, context_length
        )
    finally:
        bpe.no_truncation()
        bpe.no_padding()


def save_tokenizer(bpe: tokenizers.Tokenizer, folder: Path) -> None:
    """tokenizer.json, and the two lines by which transformers knows what it is."""
    bpe.save(str(folder / "tokenizer.json"))
    about = {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": PAD, "eos_token": END}
    (folder / "tokenizer_config.json").write_text(json.dumps(about, indent=2) + "\n", "utf-8")
