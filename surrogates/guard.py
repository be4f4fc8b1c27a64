"""Domain guard: how unlike its training data a query is.

Each test gives a score, larger for stranger queries. A score is judged against the
scores of runs from inside the domain: above their 99th percentile the guard warns,
above their 99.9th it rejects.

    distance  kernel density of the training designs, relative to what a uniform
              design of the box would have at the same place, minus log
    spread    disagreement of the ensemble, or the posterior deviation of a kernel
    residual  the solver's own discrete residual on the predicted field
    budget    the sum of that residual: what enters the domain and doesn't leave it

The first two cost a few matrix products; the last two are made where a residual is
given. A small wiggle of a field has a large residual that sums to nothing; another
law at the boundary has a small one that does not.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

PHYSICS = ("residual", "budget")
TESTS = ("distance", "spread", *PHYSICS)
WARN, REJECT = 0.99, 0.999


class Density(eqx.Module):
    """Kernel density of designs on the unit cube, corrected for the cube's faces.

    The correction divides by the kernel's mass inside the cube, so that the score of
    evenly spread designs is about zero up to faces and corners, and a hole in the
    data stands out whether it lies inside or at a corner. The score is smooth.

    Attributes:
        anchors: designs in unit coordinates (anchors, inputs), at most 512.
        bandwidth: standard deviation of the Gaussian kernel.
    """

    anchors: Float[Array, "anchors inputs"]
    bandwidth: Float[Array, ""]

    @staticmethod
    def of(designs, *, most: int = 512, seed: int = 0) -> "Density":
        """Take up to `most` of the designs (samples, inputs) as anchors."""
        designs = np.asarray(designs)
        if designs.ndim != 2 or len(designs) < 2:
            raise ValueError(
                f"designs must have shape (samples, inputs) with at least 2 samples, "
                f"got {designs.shape}."
            )
        if len(designs) > most:
            chosen = np.random.default_rng(seed).permutation(len(designs))[:most]
            designs = designs[np.sort(chosen)]
        squared = np.sum((designs[:, None] - designs[None]) ** 2, axis=-1)
        fifth = np.sqrt(np.sort(squared, axis=1)[:, min(5, len(designs) - 1)])
        bandwidth = np.clip(np.median(fifth), 0.1, 0.4)
        return Density(jnp.asarray(designs), jnp.asarray(bandwidth, designs.dtype))

    def __call__(self, place: Float[Array, " inputs"]) -> Float[Array, ""]:
        """Minus log density at `place` relative to uniform designs."""
        return self._mass(place) - jax.nn.logsumexp(self._exponents(place))

    def left_out(self) -> Float[Array, " anchors"]:
        """Score of each anchor against the others."""

        def score(index, place):
            exponents = self._exponents(place).at[index].set(-jnp.inf)
            return self._mass(place) - jax.nn.logsumexp(exponents)

        return jax.vmap(score)(jnp.arange(len(self.anchors)), self.anchors)

    def _exponents(self, place):
        squared = (
            jnp.sum(place**2)
            + jnp.sum(self.anchors**2, axis=-1)
            - 2.0 * jnp.matmul(self.anchors, place, precision="highest")
        )
        return -0.5 * jnp.maximum(squared, 0.0) / self.bandwidth**2

    def _mass(self, place):
        # Outside the cube the mass is held at the nearest face: it must not shrink
        # together with the density.
        inside = jnp.clip(place, 0.0, 1.0)
        below, above = inside / self.bandwidth, (1.0 - inside) / self.bandwidth
        share = jax.scipy.special.ndtr(above) - jax.scipy.special.ndtr(-below)
        return jnp.sum(jnp.log(share))


class Guard(eqx.Module):
    """Tests of a query with thresholds from runs inside the domain.

    Attributes:
        density: the distance test.
        reference_spread: typical spread of each quantity (quantities,), standardised.
        centre, width: mean and standard deviation of each test's score inside.
        warn, reject: thresholds of each test, in the order of `TESTS`; infinite for a
            test without reference runs.
    """

    density: Density
    reference_spread: Float[Array, " quantities"]
    centre: Float[Array, " tests"]
    width: Float[Array, " tests"]
    warn: Float[Array, " tests"]
    reject: Float[Array, " tests"]

    @property
    def tests(self) -> tuple[str, ...]:
        """Names of the tests that have thresholds."""
        known = np.isfinite(np.asarray(self.reject))
        return tuple(np.asarray(TESTS)[known].tolist())

    def scores(
        self, place, spread, residual: PyTree | None = None
    ) -> Float[Array, " tests"]:
        """Scores of one query; not a number for a test that wasn't made.

        Args:
            place: unit coordinates (inputs,).
            spread: standardised spread of each quantity (quantities,).
            residual: the discrete residual, an array or a pytree of them, if evaluated.
        """
        distance = self.density(place)
        physics = (
            jnp.full(2, jnp.nan, distance.dtype)
            if residual is None
            else residual_scores(residual)
        )
        cheap = [distance, spread_score(spread, self.reference_spread)]
        return jnp.concatenate([jnp.stack(cheap), physics])

    def combined(self, scores: Float[Array, "*batch tests"]) -> Float[Array, "*batch"]:
        """Largest score in standard deviations above the mean inside the domain."""
        standard = (scores - self.centre) / self.width
        return jnp.max(jnp.where(jnp.isnan(standard), -jnp.inf, standard), axis=-1)


def build_guard(
    density: Density, reference_spread, samples: dict
) -> tuple[Guard, dict[str, int]]:
    """Set thresholds from the scores of runs inside the domain.

    A threshold is the larger of the empirical percentile and that of a normal law
    fitted to the scores: a few hundred runs don't resolve a 99.9th percentile.

    Args:
        density: the distance test.
        reference_spread: typical spread of each quantity.
        samples: test name to scores (runs,); a test may be missing.

    Returns:
        The guard, and the number of scores left out of each test because they are not
        finite, where there are any.

    Raises:
        ValueError: for a test with fewer than two finite scores, or with more than
            half that are not finite.
    """
    columns, unscored = [], {}
    for name in TESTS:
        if name not in samples:
            columns.append((0.0, 1.0, math.inf, math.inf))
            continue
        scores = np.asarray(samples[name], float)
        finite = scores[np.isfinite(scores)]
        lost = scores.size - finite.size
        if finite.size < max(2, lost):
            raise ValueError(
                f"the {name} test of the guard has {finite.size} finite scores from "
                f"{scores.size} reference runs, too few for a threshold; mend the "
                f"{'residual' if name in PHYSICS else 'surrogate'}, which is not "
                "finite at the others."
            )
        if lost:
            unscored[name] = lost
        columns.append(_thresholds(finite))
    centre, width, warn, reject = (
        jnp.asarray(part) for part in zip(*columns, strict=True)
    )
    reference = jnp.asarray(reference_spread)
    return Guard(density, reference, centre, width, warn, reject), unscored


def spread_score(spread, reference):
    """Log of the largest spread relative to its typical value.

    A spread that is not a number scores infinity: NaN would pass for no test.
    """
    largest = jnp.max(spread / reference)
    largest = jnp.where(jnp.isnan(largest), jnp.inf, largest)
    return jnp.log(jnp.maximum(largest, jnp.finfo(spread.dtype).tiny))


def residual_scores(residual) -> Float[Array, "2"]:
    """Logs of the residual's root mean square and of the size of its sum.

    A residual that is not a number scores infinity: NaN would pass for no test.
    """
    totals = jnp.stack([jnp.sum(leaf) for leaf in jax.tree.leaves(residual)])
    sizes = jnp.stack([root_mean_square(residual), jnp.linalg.norm(totals)])
    sizes = jnp.where(jnp.isnan(sizes), jnp.inf, sizes)
    return jnp.log(jnp.maximum(sizes, jnp.finfo(sizes.dtype).tiny))


def root_mean_square(residual) -> Float[Array, ""]:
    """Root mean square of an array or of all arrays of a pytree."""
    leaves = jax.tree.leaves(residual)
    total = sum(jnp.sum(leaf**2) for leaf in leaves)
    return jnp.sqrt(total / sum(leaf.size for leaf in leaves))


def area_under_curve(inside, outside) -> float:
    """Probability that a score from outside exceeds one from inside (AUROC).

    Example:
        >>> area_under_curve([0.0, 1.0], [0.5, 2.0])
        0.75
    """
    from scipy.stats import rankdata

    inside, outside = np.asarray(inside, float), np.asarray(outside, float)
    ranks = rankdata(np.concatenate([outside, inside]))
    count = len(outside)
    excess = ranks[:count].sum() - 0.5 * count * (count + 1)
    return float(excess / (count * len(inside)))


def _thresholds(scores):
    from scipy.stats import norm

    centre = float(scores.mean())
    # Equal scores carry no scale of their own; one digit of them is the least.
    width = max(float(scores.std()), 1e-3 * max(1.0, abs(centre)))
    limits = (
        max(float(np.quantile(scores, level)), centre + norm.ppf(level) * width)
        for level in (WARN, REJECT)
    )
    return centre, width, *limits
