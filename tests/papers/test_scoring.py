"""OpenMPR's scoring against the script's own lines, and the saturation it hides."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from skulens.errors import DataError  # noqa: E402
from skulens.papers.openmpr.scoring import paper_top_k  # noqa: E402


def script(images, texts, activation, k):
    """The released script's lines, one image at a time; float32 norms, as under CUDA autocast."""
    t = torch.tensor(texts).bfloat16()
    t /= t.float().norm(dim=-1, keepdim=True)
    order, scores = [], []
    for image in images:
        v = torch.tensor(image)[None].bfloat16()
        v /= v.float().norm(dim=-1, keepdim=True)
        logits = 100.0 * v @ t.T
        p = torch.sigmoid(logits) if activation == "sigmoid" else logits.softmax(dim=-1)
        top = torch.topk(p, k=k)
        order.append(top.indices[0].tolist())
        scores.append(top.values[0].float().tolist())
    return np.array(order), np.array(scores, np.float32)


def world(seed, images=60, texts=80, dim=96, shared=1.0):
    """bfloat16 features with a common direction, as encoders have, so that cosines are positive."""
    rng = np.random.default_rng(seed)
    common = rng.standard_normal(dim) * shared
    made = [
        torch.tensor(common + rng.standard_normal((n, dim))).bfloat16().float().numpy()
        for n in (images, texts)
    ]
    return made[0] * 3, made[1] * 7  # not normalised


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_same_as_the_script(activation):
    images, texts = world(0, shared=0.0 if activation == "sigmoid" else 1.0)
    found = paper_top_k(images, texts, activation, 5)
    order, scores = script(images, texts, activation, 5)
    assert np.array_equal(found.order, order) and np.array_equal(found.scores, scores)


def test_every_step_rounds():
    """Rounding once at the end, instead of at every step, gives other scores: the steps matter."""
    images, texts = world(1)
    v, t = (torch.tensor(x) / torch.tensor(x).norm(dim=-1, keepdim=True) for x in (images, texts))
    sound = (100 * v @ t.T).softmax(dim=-1).bfloat16().float().topk(5).values.numpy()
    assert (paper_top_k(images, texts, "softmax", 5).scores != sound).mean() > 0.1


def test_sigmoid_saturates_from_a_cosine_of_a_sixteenth():
    angles = np.arccos([0.9, 0.5, 0.0626, 0.055, 0.0, -0.1])
    texts = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    found = paper_top_k(np.float32([[1, 0]]), texts, "sigmoid", 6)
    assert (found.scores[0] == 1.0).sum() == 3 and set(found.order[0, :3]) == {0, 1, 2}
    assert found.ties.tolist() == [2]  # two others share the first place's probability of 1
    assert paper_top_k(np.float32([[1, 0]]), texts, "softmax", 6).ties.tolist() == [0]


def test_a_whole_catalogue_can_tie():
    images, texts = world(2, shared=2.0)  # cosines near 0.8
    found = paper_top_k(images, texts, "sigmoid", 5)
    assert (found.ties == 79).all() and (found.scores == 1).all()
    softmax = paper_top_k(images, texts, "softmax", 5)
    assert (softmax.ties == 0).mean() > 0.5  # the same features do tell texts apart


def test_near_ties_become_ties():
    """Cosines 0.25 and 0.2501 differ by 0.01 in logit, below the bfloat16 step of 0.125."""
    texts = np.float32([[c, np.sqrt(1 - c * c)] for c in (0.25, 0.2501, 0.1)])
    assert paper_top_k(np.float32([[1, 0]]), texts, "softmax", 3).ties.tolist() == [1]


def test_short_galleries_and_no_images():
    images, texts = world(3, images=7, texts=4)
    one = paper_top_k(images, texts, "softmax", 5)
    assert one.order.shape == (7, 4)
    assert paper_top_k(images[:0], texts, "softmax", 5).order.shape == (0, 4)


def test_bad_input_is_named():
    ok = np.ones((2, 3), np.float32)
    with pytest.raises(DataError, match="one dim"):
        paper_top_k(ok, np.ones((2, 4), np.float32), "softmax", 1)
    with pytest.raises(DataError, match="'relu'"):
        paper_top_k(ok, ok, "relu", 1)
    with pytest.raises(DataError, match="at least 1, got 0"):
        paper_top_k(ok, ok, "softmax", 0)
