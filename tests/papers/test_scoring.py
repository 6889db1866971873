"""OpenMPR's scoring against the script's own lines, and the saturation it hides."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from skulens.errors import DataError  # noqa: E402
from skulens.papers.openmpr.procedure import OpenMPR  # noqa: E402
from skulens.papers.openmpr.scoring import DEPTH, paper_top_5  # noqa: E402


def script(images, texts, activation):
    """The released script's lines on features of any dtype, one image at a time, on a CPU.

    Norms in float32 and products in bfloat16, as under CUDA autocast.
    """
    t = torch.as_tensor(texts).clone()
    t /= t.float().norm(dim=-1, keepdim=True)
    order, scores = [], []
    for image in torch.as_tensor(images):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            v = image[None].clone()
            v /= v.float().norm(dim=-1, keepdim=True)
            logits = 100.0 * v @ t.T
        p = torch.sigmoid(logits) if activation == "sigmoid" else logits.softmax(dim=-1)
        top = torch.topk(p, k=5)
        order.append(top.indices[0].tolist())
        scores.append(top.values[0].float().tolist())
    return np.array(order), np.array(scores, np.float32)


def top_5(images, texts, activation="softmax", answers=None):
    """With text 0 the right one, unless said otherwise."""
    return paper_top_5(images, texts, activation, answers or [[0]] * len(images))


def world(seed, images=60, texts=80, dim=96, shared=1.0):
    """bfloat16 features with a common direction, as encoders have, so that cosines are positive."""
    rng = np.random.default_rng(seed)
    common = rng.standard_normal(dim) * shared
    made = [
        torch.tensor(common + rng.standard_normal((n, dim))).bfloat16().float().numpy()
        for n in (images, texts)
    ]
    return made[0] * 4, made[1] * 8  # not normalised


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_same_as_the_script(activation, dtype):
    """float32 features are what CoCa gives under CUDA autocast: rounded only as they multiply."""
    images, texts = (
        torch.tensor(x) for x in world(0, shared=0.0 if activation == "sigmoid" else 1.0)
    )
    if dtype == torch.float32:
        images, texts = (x / x.norm(dim=-1, keepdim=True) for x in (images, texts))
    found = top_5(images.numpy(), texts.numpy(), activation)
    order, scores = script(images.to(dtype), texts.to(dtype), activation)
    assert np.array_equal(found.order, order) and np.array_equal(found.scores, scores)


def test_which_of_equals_comes_first_depends_on_k():
    """So a ranking of the whole gallery is not the script's, and five are asked for as there."""
    images, texts = world(2, shared=2.0)  # cosines near 0.8: sigmoid is 1 for all
    order = top_5(images, texts, "sigmoid").order
    ones = torch.ones(1, len(texts), dtype=torch.bfloat16)
    assert order.tolist() == [torch.topk(ones, k=DEPTH).indices[0].tolist()] * len(images)
    assert torch.topk(ones, k=len(texts)).indices[0, :DEPTH].tolist() != order[0].tolist()


def test_every_step_rounds():
    """Rounding once at the end, instead of at every step, gives other scores: the steps matter."""
    images, texts = world(1)
    v, t = (torch.tensor(x) / torch.tensor(x).norm(dim=-1, keepdim=True) for x in (images, texts))
    sound = (100 * v @ t.T).softmax(dim=-1).bfloat16().float().topk(5).values.numpy()
    assert (top_5(images, texts).scores != sound).mean() > 0.1


def test_sigmoid_saturates_from_a_cosine_of_a_sixteenth():
    angles = np.arccos([0.9, 0.5, 0.0626, 0.055, 0.0, -0.1])
    texts = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    image = np.float32([[1, 0]])
    found = top_5(image, texts, "sigmoid")
    assert (found.scores[0] == 1.0).sum() == 3 and set(found.order[0, :3]) == {0, 1, 2}
    assert (found.ties.ahead, found.ties.alike) == ([0], [3])
    assert top_5(image, texts, "sigmoid", [[3]]).ties.ahead == [3]
    assert top_5(image, texts).ties.alike == [1]


def test_a_whole_catalogue_can_tie():
    images, texts = world(2, shared=2.0)  # cosines near 0.8
    found = top_5(images, texts, "sigmoid")
    assert (found.ties.alike == 80).all() and found.ties.tied.all() and (found.scores == 1).all()
    firsts = top_5(images, texts).order[:, :1].tolist()
    softmax = top_5(images, texts, answers=firsts)
    assert (softmax.ties.alike == 1).mean() > 0.5  # the same features do tell texts apart


def test_near_ties_become_ties():
    """Cosines 0.25 and 0.2501 differ by 0.01 in logit, below the bfloat16 step of 0.125."""
    texts = np.float32([[c, np.sqrt(1 - c * c)] for c in (0.25, 0.2501, 0.1)])
    assert top_5(np.float32([[1, 0]]), texts).ties.alike == [2]


def test_ties_are_counted_over_all_texts_and_several_right_ones():
    texts = np.float32([[1, 0]] * 8 + [[0, 1]] * 2)
    found = top_5(np.float32([[1, 0]] * 3), texts, answers=[[0, 1, 9], [9], []]).ties
    assert found.ahead.tolist() == [0, 8, 10]
    assert found.alike.tolist() == [8, 2, 0] and found.right.tolist() == [2, 1, 0]


def test_short_galleries_and_no_images():
    images, texts = world(3, images=7, texts=4)
    assert top_5(images, texts).order.shape == (7, 4)
    assert top_5(images[:0], texts).order.shape == (0, 4)


def test_bad_input_is_named():
    ok = np.ones((2, 3), np.float32)
    with pytest.raises(DataError, match="one dim"):
        top_5(ok, np.ones((2, 4), np.float32))
    with pytest.raises(DataError, match="'relu'"):
        top_5(ok, ok, "relu")


def test_the_suite_is_told_the_depth_that_is_ranked():
    assert OpenMPR.depth == DEPTH == 5
