"""The solver: gradients that are those of the loss, a minimum, the same along other axes."""

from __future__ import annotations

import numpy as np
import pytest

from vitrina.errors import BadRequest
from vitrina.learning.axes import Axes
from vitrina.learning.solver import Problem, cross_entropy


def problem(*, softmax: bool, n: int = 40, d: int = 6) -> Problem:
    rng = np.random.default_rng(0)
    targets = rng.dirichlet(np.ones(3), size=n) if softmax else rng.uniform(size=(n, 3))
    weights = np.repeat(rng.uniform(0.5, 2, size=(n, 1)), 3, axis=1)
    return Problem(Axes.of(rng.normal(size=(n, d)) * np.geomspace(1, 100, d)), targets, weights, softmax)


@pytest.mark.parametrize("softmax", [True, False])
def test_the_gradient_is_that_of_the_loss(softmax: bool) -> None:
    given = problem(softmax=softmax)
    at = np.random.default_rng(1).normal(size=(3, 7))
    _, slope = given._loss(at, 0.7)
    for place in [(0, 0), (1, 3), (2, 6)]:
        step = np.zeros_like(at)
        step[place] = 1e-5
        difference = given._loss(at + step, 0.7)[0] - given._loss(at - step, 0.7)[0]
        assert slope[place] == pytest.approx(difference / 2e-5, rel=1e-5)


@pytest.mark.parametrize("softmax", [True, False])
def test_the_solution_is_the_minimum(softmax: bool) -> None:
    given = problem(softmax=softmax)
    solution = given.solve(0.5)
    assert np.abs(given._loss(solution, 0.5)[1]).max() < 1e-3
    np.testing.assert_allclose(given.solve(0.5, given.solve(50.0)), solution, atol=1e-3)


def test_cross_entropy_of_large_logits_is_finite() -> None:
    logits = np.array([[800.0, -800.0]])
    for softmax in (True, False):
        losses, probabilities = cross_entropy(logits, np.array([[0.0, 1.0]]), softmax=softmax)
        assert losses.sum() == pytest.approx(1600)
        np.testing.assert_allclose(probabilities, [[1, 0]])


def test_a_loss_that_is_not_finite_is_said() -> None:
    given = problem(softmax=True)
    broken = Problem(given.axes, given.targets, given.weights * np.inf, True)
    with (
        np.errstate(all="ignore"),
        pytest.raises(BadRequest, match="Expected a finite loss of the head; found"),
    ):
        broken.solve(1.0)
