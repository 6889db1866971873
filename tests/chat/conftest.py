"""Tiny models, each built once."""

import pytest


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    """family of tests/chat/tiny.py -> the folder of its model."""
    import torch

    from tests.chat import tiny

    made = {}

    def folder(family):
        if family in tiny.NEEDS:
            pytest.importorskip(tiny.NEEDS[family], reason=f"{family} needs it")
        if family not in made:
            make = {**tiny.TEXT, **tiny.VISION}[family]
            with torch.random.fork_rng():
                torch.manual_seed(0)
                made[family] = make(tmp_path_factory.mktemp(f"tiny_{family}"))
        return made[family]

    return folder


@pytest.fixture(scope="session")
def tiny_chat(tiny_folder):
    """(family, options) -> an engine; each opened once, so tests leave it as it was."""
    from skulens.chat.transformers import TransformersChat

    known = {}

    def chat(family, **options):
        key = (family, repr(options))
        if key not in known:
            known[key] = TransformersChat(str(tiny_folder(family)), **{"max_tokens": 8} | options)
        return known[key]

    return chat
