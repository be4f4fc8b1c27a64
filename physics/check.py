"""The check that any balance law can be passed through."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from .balance_law import AbstractBalanceLaw, AbstractHyperbolicLaw
from .residual import autodiff_jet, strong_residual


class LawCheck(NamedTuple):
    """Largest errors found by `check_balance_law`, all relative.

    `residual` is None without an exact solution, `wave_speed` the largest excess of a
    wave over `max_wave_speed` and None for laws without waves.
    """

    gradient: float
    residual: float | None
    wave_speed: float | None


def check_balance_law(
    law: AbstractBalanceLaw,
    *,
    dimension: int,
    exact: Callable[[Array, Array], Array] | None = None,
    state: Callable[[Array], Array] | None = None,
    gradient: Callable[[Array], Array] | None = None,
    time: tuple[float, float] = (0.1, 0.9),
    points: int = 8,
    seed: int = 0,
) -> LawCheck:
    """Check what every scheme assumes of a law, at random points.

    Shapes; float32 and float64 are kept; `jit` and `vmap` agree with single calls;
    derivatives with respect to every parameter and the state agree with central
    differences (float64 only); an exact solution has no strong residual; no wave is
    faster than `max_wave_speed`.

    Args:
        law: the law to check.
        dimension: number of space dimensions.
        exact: (t, x) -> (components,), a solution of the law, if one is known.
        state: (components,) uniform numbers in [0, 1] -> an admissible u; by default
            1 + the numbers.
        gradient: (components, dim) normal numbers -> an admissible grad_u, where a law
            refuses some, as solids do that are turned inside out; by default the
            numbers.
        time: times are drawn between these [s].
        points: number of random points in the unit box.
        seed: of the points.

    Returns:
        The largest errors.

    Raises:
        TypeError: a wrong shape or dtype, or a call that cannot be traced.
        ValueError: a derivative off by more than 1e-6, a residual above 1e-9, `vmap`
            or `jit` that change a value, or a wave above its bound.

    Example:
        >>> from froude.physics import HeatConduction
        >>> check_balance_law(HeatConduction(conductivity=2.0), dimension=2).residual
    """
    inputs = _draw(len(law.components), dimension, state, gradient, time, points, seed)
    for dtype in (jnp.float32, jnp.float64):
        if jnp.zeros((), dtype).dtype == dtype:
            _check_shapes(law, dimension, _cast(law, dtype), _cast(inputs, dtype))
    widest = _cast(inputs, jnp.result_type(float))
    law = _cast(law, jnp.result_type(float))
    _check_transforms(law, widest)
    slope = _gradient_error(law, widest)
    residual = None if exact is None else _residual(law, exact, widest)
    speed = None
    if isinstance(law, AbstractHyperbolicLaw):
        speed = _excess_speed(law, widest)
    return LawCheck(slope, residual, speed)


_METHODS = ("storage", "flux", "source")


def _draw(components, dimension, state, gradient, time, points, seed):
    generator = np.random.default_rng(seed)
    t = generator.uniform(time[0], time[1], points)
    x = generator.uniform(0.1, 0.9, (points, dimension))
    unit = generator.uniform(0.0, 1.0, (points, components))
    u = np.stack([np.asarray((state or (lambda s: 1 + s))(row)) for row in unit])
    normal = generator.normal(size=(points, components, dimension))
    grad_u = np.stack([np.asarray((gradient or (lambda g: g))(row)) for row in normal])
    return t, x, u, grad_u


def _cast(tree, dtype):
    def cast(leaf):
        if eqx.is_inexact_array(leaf) or isinstance(leaf, np.ndarray):
            return jnp.asarray(leaf, dtype)
        return leaf

    return jax.tree.map(cast, tree)


def _call(law, name, t, x, u, grad_u):
    rest = () if name == "storage" else (grad_u,)
    return getattr(law, name)(t, x, u, *rest)


def _check_shapes(original, dimension, law, inputs):
    components = len(original.components)
    expected = {
        "storage": (components,),
        "flux": (components, dimension),
        "source": (components,),
    }
    one = jax.tree.map(lambda leaf: leaf[0], inputs)
    for name, shape in expected.items():
        value = jnp.asarray(eqx.filter_jit(_call)(law, name, *one))
        if value.shape != shape or value.dtype != inputs[2].dtype:
            raise TypeError(
                f"{type(original).__name__}.{name} returns {value.dtype}{value.shape} "
                f"for a state of {inputs[2].dtype}; it must return "
                f"{inputs[2].dtype}{shape}."
            )


def _check_transforms(law, inputs):
    for name in _METHODS:
        call = lambda *point, name=name: _call(law, name, *point)
        batched = jax.jit(jax.vmap(call))(*inputs)
        single = jnp.stack([call(*point) for point in zip(*inputs, strict=True)])
        size = jnp.max(jnp.abs(single)) + jnp.finfo(single.dtype).tiny
        error = float(jnp.max(jnp.abs(batched - single)) / size)
        if not error <= 100 * jnp.finfo(single.dtype).eps:
            raise ValueError(
                f"{type(law).__name__}.{name} changes by {error:.1e} under jit and "
                "vmap; it must be a function of its arguments at one point."
            )


def _gradient_error(law, inputs):
    if inputs[2].dtype != jnp.float64:
        return 0.0
    parameters, rest = eqx.partition(law, eqx.is_inexact_array)
    _, x, _, _ = inputs
    worst = 0.0
    for name in _METHODS:

        def values(moving, name=name):
            parameters, u, grad_u = moving
            built = eqx.combine(parameters, rest)
            call = lambda t, x, u, g: _call(built, name, t, x, u, g)
            return jax.vmap(call)(inputs[0], x, u, grad_u)

        at = (parameters, inputs[2], inputs[3])
        evaluate = jax.jit(values), jax.jit(_directional(values))
        for place, (path, _) in enumerate(jax.tree_util.tree_leaves_with_path(at)):
            error = _difference_error(*evaluate, at, place)
            worst = max(worst, error)
            if not error <= 1e-6:
                raise ValueError(
                    f"the derivative of {type(law).__name__}.{name} with respect to "
                    f"argument {jax.tree_util.keystr(path)} is off by {error:.1e}; "
                    "check custom derivatives and kinks."
                )
    return worst


def _directional(values):
    """The derivative along a direction of all arguments: one program for any leaf."""
    return lambda at, along: jax.jvp(values, (at,), (along,))


def _difference_error(values, derivative, at, place):
    """Best relative error over the U-curve of one leaf, moved in proportion."""
    leaves, tree = jax.tree.flatten(at)
    along = [jnp.zeros_like(leaf) for leaf in leaves]
    along[place] = jnp.where(leaves[place] == 0, 1.0, leaves[place])

    def moved(step):
        changed = [a + step * b for a, b in zip(leaves, along, strict=True)]
        return values(jax.tree.unflatten(tree, changed))

    value, slope = derivative(at, jax.tree.unflatten(tree, along))
    # A parameter may scale with 1e-8 of the value; below that only round-off is seen.
    size = jnp.max(jnp.abs(slope)) + 1e-8 * jnp.max(jnp.abs(value))
    errors = []
    # The longest step is for what is linear; it may leave the admissible states.
    for step in (1e-3, 1e-4, 1e-5, 1e-6, 1e-1):
        difference = (moved(step) - moved(-step)) / (2 * step)
        errors.append(float(jnp.max(jnp.abs(difference - slope))))
    return min(errors) / float(size) if float(size) > 0 else 0.0


def _residual(law, exact, inputs):
    def terms(t, x):
        jet = autodiff_jet(exact, t, x)
        rate = jax.jvp(
            lambda s, u: law.storage(s, x, u), (t, jet.u), (jnp.ones_like(t), jet.u_t)
        )[1]
        made = law.source(t, x, jet.u, jet.grad_u)
        # At rest and without a source, what crosses must cancel among the axes.
        crossing = jax.jacfwd(
            lambda y: law.flux(t, y, exact(t, y), jax.jacfwd(lambda z: exact(t, z))(y))
        )(x)
        size = sum(jnp.max(jnp.abs(part)) for part in (rate, made, crossing))
        return jnp.max(jnp.abs(strong_residual(law, t, x, jet))), size

    left, size = jax.jit(jax.vmap(terms))(inputs[0], inputs[1])
    error = float(jnp.max(left) / jnp.maximum(jnp.max(size), 1e-300))
    limit = 1e-9 if inputs[1].dtype == jnp.float64 else 1e-2
    if not error <= limit:
        raise ValueError(
            f"the exact solution leaves a relative residual of {error:.1e} in "
            f"{type(law).__name__}; a solution leaves round-off."
        )
    return error


def _excess_speed(law: Any, inputs):
    """Largest excess of |eigenvalues of d(flux·n)/d(storage)| over the bound."""

    def excess(t, x, u, grad_u):
        normal = grad_u[0] / jnp.linalg.norm(grad_u[0])
        still = jnp.zeros_like(grad_u)
        flux = jax.jacfwd(lambda v: law.flux(t, x, v, still) @ normal)(u)
        return flux, jax.jacfwd(lambda v: law.storage(t, x, v))(u), normal

    slopes, capacity, normals = jax.vmap(excess)(*inputs)
    bound = jax.vmap(law.max_wave_speed)(*inputs[:3], normals)
    speeds = np.linalg.eigvals(np.asarray(slopes) @ np.linalg.inv(np.asarray(capacity)))
    fastest = np.abs(speeds).max(axis=1)
    worst = float(np.max((fastest - np.asarray(bound)) / np.maximum(fastest, 1e-30)))
    if worst > 1e-6:
        raise ValueError(
            f"{type(law).__name__} has a wave {worst:.1%} faster than max_wave_speed; "
            "upwind schemes need an upper bound."
        )
    return max(worst, 0.0)
