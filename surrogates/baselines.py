"""Kernel ridge regression: the baseline that every network must beat.

The mean of a Gaussian process, with lengthscales per input and the ridge chosen by
leave-one-out cross-validation in closed form. It needs no training loop, has no
random start and is hard to beat on a few hundred smooth samples.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .regressor import AbstractRegressor


class KernelRidge(AbstractRegressor):
    """Kernel expansion about the training inputs.

        mean(x) = sum_i k(x, x_i) w_i,   spread(x) = a sqrt(1 + ridge - |L^-1 k(x)|^2)

    Outputs come in groups that share one kernel. The spread is the posterior standard
    deviation of the Gaussian process with the same kernel.

    Attributes:
        centres: training inputs (samples, inputs).
        lengthscales: (groups, inputs).
        weights: (groups, samples, outputs of a group).
        whitening: inverse Cholesky factor of each kernel matrix (groups, samples,
            samples).
        amplitude: standard deviation a of each output (groups, outputs of a group).
        ridge: relative noise variance (groups,).
        smoothness: `"gaussian"`, or `"matern"` for the Matérn kernel of order 5/2.

    Reference:
        C. E. Rasmussen, C. K. I. Williams, Gaussian Processes for Machine Learning,
        MIT Press 2006, equations 2.25, 2.26 and section 5.4.2.
    """

    centres: Float[Array, "samples inputs"]
    lengthscales: Float[Array, "groups inputs"]
    weights: Float[Array, "groups samples each"]
    whitening: Float[Array, "groups samples samples"]
    amplitude: Float[Array, "groups each"]
    ridge: Float[Array, " groups"]
    smoothness: str = eqx.field(static=True)

    def moments(self, x):
        scaled = x / self.lengthscales
        centres = self.centres / self.lengthscales[:, None, :]
        squared = (
            jnp.sum(scaled**2, axis=-1)[:, None]
            + jnp.sum(centres**2, axis=-1)
            - 2.0 * jnp.einsum("gd,gnd->gn", scaled, centres, precision="highest")
        )
        kernel = _profile(jnp.maximum(squared, 0.0), self.smoothness, jnp)[0]
        mean = jnp.einsum("gn,gno->go", kernel, self.weights, precision="highest")
        seen = jnp.einsum("gmn,gn->gm", self.whitening, kernel, precision="highest")
        variance = 1.0 + self.ridge - jnp.sum(seen**2, axis=-1)
        spread = self.amplitude * jnp.sqrt(jnp.maximum(variance, self.ridge))[:, None]
        return mean.reshape(-1), spread.reshape(-1)


def fit_kernel_ridge(
    inputs,
    targets,
    *,
    shared: bool = False,
    smoothness: tuple[str, ...] = ("gaussian", "matern"),
    most: int = 200,
) -> KernelRidge:
    """Fit kernel ridge regression with hyperparameters by leave-one-out.

    For each group of outputs, lengthscales and ridge maximise the leave-one-out
    predictive probability (L-BFGS, analytic gradient, NumPy in float64); of the
    kernels in `smoothness` the one with the best sum over groups is kept.

    Args:
        inputs: (samples, inputs), scaled to about [-1, 1].
        targets: (samples, outputs), each of about zero mean and unit size.
        shared: one kernel for all outputs, as for POD coefficients; otherwise one for
            each.
        smoothness: kernels to try.
        most: samples used for the hyperparameters; all enter the fit itself.

    Returns:
        The regressor, in JAX's default float.
    """
    from threadpoolctl import threadpool_limits

    inputs, targets = np.asarray(inputs, float), np.asarray(targets, float)
    if inputs.ndim != 2 or targets.ndim != 2 or len(inputs) != len(targets):
        raise ValueError(
            "inputs and targets must have shapes (samples, inputs) and (samples, "
            f"outputs), got {inputs.shape} and {targets.shape}."
        )
    groups = [targets] if shared else list(targets.T[:, :, None])
    trials = []
    # Threaded BLAS spins at every barrier of these small products: 10 s of processor
    # time on two cores instead of 1.2 s.
    with threadpool_limits(1, user_api="blas"):
        for name in smoothness:
            fits = [_tune(inputs[:most], group[:most], name) for group in groups]
            trials.append((sum(score for score, _ in fits), name, [p for _, p in fits]))
    _, name, parameters = max(trials, key=lambda trial: trial[0])
    solved = [
        _solve(inputs, group, point, name)
        for group, point in zip(groups, parameters, strict=True)
    ]
    stacked = [jnp.asarray(np.stack(part)) for part in zip(*solved, strict=True)]
    lengthscales, weights, whitening, amplitude, ridge = stacked
    return KernelRidge(
        centres=jnp.asarray(inputs),
        lengthscales=lengthscales,
        weights=weights,
        whitening=whitening,
        amplitude=amplitude,
        ridge=ridge,
        smoothness=name,
    )


def leave_one_out(inputs, targets, lengthscales, ridge, smoothness) -> np.ndarray:
    """Leave-one-out errors (samples, outputs) of kernel ridge, without refitting."""
    point = np.log(np.append(lengthscales, ridge))
    inverse, alpha, *_ = _inverse(inputs, targets, point, smoothness)
    return alpha / np.diag(inverse)[:, None]


def _profile(squared, smoothness, xp):
    """Kernel value and its derivative with respect to the squared distance."""
    if smoothness == "gaussian":
        value = xp.exp(-0.5 * squared)
        return value, -0.5 * value
    if smoothness == "matern":
        # The tiny shift keeps the square root differentiable at zero distance.
        r = xp.sqrt(5.0 * squared + 1e-30)
        decay = xp.exp(-r)
        return (1.0 + r + r * r / 3.0) * decay, -(5.0 / 6.0) * (1.0 + r) * decay
    raise ValueError(f"smoothness must be 'gaussian' or 'matern', got {smoothness!r}.")


def _inverse(inputs, targets, point, smoothness):
    scaled = inputs / np.exp(point[:-1])
    squares = np.sum(scaled**2, axis=1)
    squared = squares[:, None] + squares - 2.0 * scaled @ scaled.T
    value, slope = _profile(np.maximum(squared, 0.0), smoothness, np)
    ridge = np.exp(point[-1])
    value[np.diag_indices_from(value)] = 1.0 + ridge
    inverse = np.linalg.inv(value)
    return inverse, inverse @ targets, scaled, slope, ridge


def _tune(inputs, targets, smoothness):
    """Best leave-one-out log probability and its log lengthscales and log ridge."""
    import scipy.optimize

    samples, dimension = inputs.shape
    # Below this ridge the weights outgrow the digits of the kernel's evaluation.
    least = max(1e-10, 10.0 * float(jnp.finfo(jnp.result_type(float)).eps))
    start = np.append(np.full(dimension, np.log(2.0)), np.log(max(1e-5, least)))
    targets = targets[:, targets.any(axis=0)]
    if targets.size == 0:  # outputs that are zero have no likelihood to maximise
        return 0.0, start

    def negative(point):
        inverse, alpha, scaled, slope, ridge = _inverse(
            inputs, targets, point, smoothness
        )
        diagonal = np.diag(inverse)
        ratio = alpha / diagonal[:, None]
        variance = np.mean(alpha * ratio, axis=0)
        value = 0.5 * len(variance) * np.sum(np.log(diagonal)) - 0.5 * samples * np.sum(
            np.log(variance)
        )
        # Sensitivity of the value to each entry of the kernel matrix, from
        # d(inverse) = -inverse d(kernel) inverse.
        each = np.sum(ratio**2 / variance, axis=1) + len(variance) / diagonal
        outer = ((inverse @ ratio) / variance) @ alpha.T
        entry = 0.5 * (outer + outer.T) - 0.5 * (inverse * each) @ inverse
        pull = entry * slope
        rows = pull.sum(axis=1)
        gradient = np.empty(dimension + 1)
        gradient[:-1] = -4.0 * (
            rows @ scaled**2 - np.einsum("ik,ij,jk->k", scaled, pull, scaled)
        )
        gradient[-1] = np.trace(entry) * ridge
        return -value / samples, -gradient / samples

    found = scipy.optimize.minimize(
        negative,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(np.log(0.05), np.log(100.0))] * dimension + [(np.log(least), 0.0)],
        options={"maxiter": 50},
    )
    return -found.fun, found.x


def _solve(inputs, targets, point, smoothness):
    """Lengthscales, weights, whitening factor, amplitudes and ridge of one group."""
    inverse, alpha, *_, ridge = _inverse(inputs, targets, point, smoothness)
    amplitude = np.sqrt(np.mean(alpha**2 / np.diag(inverse)[:, None], axis=0))
    whitening = np.linalg.cholesky(0.5 * (inverse + inverse.T)).T
    return np.exp(point[:-1]), alpha, whitening, amplitude, ridge
