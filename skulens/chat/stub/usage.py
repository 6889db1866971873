"""Tokens of texts and pictures, and how long an answer takes: estimates, the same every time."""

import math

PIXELS_A_SIDE = 28
"""Of the square of a picture that is one token, as in Qwen2-VL."""


def count_tokens(text: str) -> int:
    """1.3 a word, and no fewer than one for four characters."""
    return max(math.ceil(1.3 * len(text.split())), math.ceil(len(text) / 4))


def cut_text(text: str, most: int) -> str:
    """The beginning of a text, as many of its characters as `most` tokens are of its tokens."""
    tokens = count_tokens(text)
    return text if tokens <= most else text[: len(text) * most // tokens]


def picture_tokens(width: int, height: int) -> int:
    return math.ceil(width / PIXELS_A_SIDE) * math.ceil(height / PIXELS_A_SIDE)


def make_usage(system: int, text: int, pictures: int, answer: int) -> dict[str, object]:
    """The usage object of an answer. The system turn counts as cached, in blocks of 16, as on a
    server that has seen it: what has really come before would make runs differ."""
    asked = system + text + pictures
    return {
        "prompt_tokens": asked,
        "completion_tokens": answer,
        "total_tokens": asked + answer,
        "prompt_tokens_details": {"cached_tokens": system // 16 * 16, "image_tokens": pictures},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def jitter(content: bytes) -> float:
    """0.5 to 1.5 by content."""
    return 0.5 + content[8] / 255
