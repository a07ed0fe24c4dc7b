"""A head with a hidden layer: it bends, it stops where validation says, the seed decides everything."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vitrina.errors import BadRequest
from vitrina.labels import LabelScheme
from vitrina.learning.examples import Examples
from vitrina.learning.heads import fit_linear
from vitrina.learning.mlp import FittedMlp, fit_mlp, mlp_logits
from vitrina.learning.mlp_network import MlpSettings

TWO = LabelScheme(("in", "out"))
QUICK = MlpSettings(hidden=32, dropout=0.1, learning_rate=1e-2, epochs=40, patience=8, batch_size=32)


def ring(n: int, *, seed: int) -> Examples:
    """Inside or outside of a circle, which no plane tells; the scale is one that wants standardising."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n, 2))
    inside = (points**2).sum(axis=1) < 1.4
    return Examples(
        (points * [50, 0.02] + 7).astype(np.float32), np.eye(2, dtype=np.float32)[(~inside).astype(int)]
    )


def fitted(seed: int = 0, **changed: object) -> FittedMlp:
    return fit_mlp(ring(200, seed=1), ring(150, seed=2), scheme=TWO, seed=seed, settings=QUICK, **changed)  # type: ignore[arg-type]


def test_it_tells_what_a_plane_cannot() -> None:
    head = fitted()
    line = fit_linear(ring(200, seed=1), ring(150, seed=2), scheme=TWO)
    truth = ring(150, seed=2).targets.argmax(axis=1)
    assert (head.validation_logits.argmax(axis=1) == truth).mean() > 0.9
    assert (line.validation_logits.argmax(axis=1) == truth).mean() < 0.75


def test_the_best_epoch_is_given_back() -> None:
    head = fitted()
    losses = [entry["log_loss"] for entry in head.history]
    assert head.epoch == int(np.argmin(losses)) + 1
    assert len(head.history) in (head.epoch + QUICK.patience, QUICK.epochs)
    logits = head.validation_logits.astype(float)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    loss = -np.log((shares * ring(150, seed=2).targets).sum(axis=1)).mean()
    assert min(losses) == pytest.approx(loss, abs=1e-5)


def test_the_numbers_are_those_of_torch_layers() -> None:
    head = fitted()
    network = torch.nn.Sequential(torch.nn.Linear(2, 32), torch.nn.GELU(), torch.nn.Linear(32, 2))
    parts = (head.hidden_weight, head.hidden_bias, head.weight, head.bias)
    with torch.no_grad():
        for parameter, part in zip(network.parameters(), parts, strict=True):
            assert part.dtype == np.float32
            parameter.copy_(torch.from_numpy(part))
        answer = network(torch.from_numpy(ring(150, seed=2).features)).numpy()
    np.testing.assert_allclose(answer, head.validation_logits, atol=1e-5)
    np.testing.assert_array_equal(mlp_logits(head, ring(150, seed=2).features), head.validation_logits)


def test_the_seed_decides_not_the_process() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    one = fitted(seed=3)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert one.weight.tobytes() == fitted(seed=3).weight.tobytes()
    assert one.weight.tobytes() != fitted(seed=4).weight.tobytes()


def test_several_classes_at_once_with_weights() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(200, 4)).astype(np.float32)
    both = Examples(features, (features[:, :2] > 0).astype(np.float32))
    scheme = LabelScheme(("left", "up"), "multi_label")
    head = fit_mlp(both, both, scheme=scheme, seed=0, settings=QUICK, class_weights={"left": 1.0, "up": 2.0})
    assert head.history[head.epoch - 1]["exact_match"] > 0.9
    assert head.epoch == int(np.argmin([entry["weighted_log_loss"] for entry in head.history])) + 1


def test_a_loss_that_is_not_finite_is_said() -> None:
    wild = MlpSettings(learning_rate=1e30, epochs=3)
    with np.errstate(all="ignore"), pytest.raises(BadRequest) as refused:
        fit_mlp(ring(200, seed=1), ring(50, seed=2), scheme=TWO, seed=0, settings=wild)
    assert str(refused.value).startswith("Expected a finite loss of the head; found ")
    assert str(refused.value).endswith("Use a smaller learning rate.")


@pytest.mark.parametrize("wrong", [{"hidden": 0}, {"dropout": 1.0}, {"learning_rate": 0.0}, {"patience": 0}])
def test_settings_that_are_none(wrong: dict[str, float]) -> None:
    with pytest.raises(BadRequest, match="Expected an MLP with whole numbers of 1 or more"):
        MlpSettings(**wrong)  # type: ignore[arg-type]
