"""The state on a boundary face that fulfils the condition there.

With the averages u0, u1 of the first two cells and the face value u_b, the parabola
through all three has the outward normal derivative (6 u_b - 7 u0 + u1) / 2h and the
ghost average 3 u_b - 5/2 u0 + 1/2 u1. Essential conditions give u_b; natural
conditions and outflow ask for the u_b whose numerical flux is the prescribed one.
"""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from ...physics import (
    AbstractBalanceLaw,
    AbstractBoundaryCondition,
    AbstractEssentialCondition,
    AbstractHyperbolicLaw,
    AbstractNaturalCondition,
    Outflow,
    acts_on,
)
from .face_flux import flux_between

_NEWTON_STEPS = 8


class BoundaryFace(eqx.Module):
    """One boundary part of a box: where it is and what holds there.

    Args:
        law: the balance law.
        conditions: the conditions of this part.
        axis: axis of the normal.
        high: whether the normal points along +axis.
    """

    law: AbstractBalanceLaw
    conditions: tuple[AbstractBoundaryCondition, ...]
    axis: int = eqx.field(static=True)
    high: bool = eqx.field(static=True)

    def __check_init__(self) -> None:
        known = AbstractEssentialCondition | AbstractNaturalCondition | Outflow
        for condition in self.conditions:
            if not isinstance(condition, known):
                raise TypeError(
                    f"FiniteVolume cannot impose {type(condition).__name__}; use an "
                    "essential or natural condition or Outflow."
                )

    @property
    def held(self) -> Bool[np.ndarray, " components"]:
        """Components with an essential condition."""
        return self._mask(AbstractEssentialCondition)

    def _mask(self, kind: type) -> np.ndarray:
        masks = [acts_on(c, self.law) for c in self.conditions if isinstance(c, kind)]
        return np.any(masks, axis=0) if masks else np.zeros(self._count, bool)

    @property
    def _count(self) -> int:
        return len(self.law.components)

    def normal_derivative(self, face: Array, u0: Array, u1: Array, h: Array) -> Array:
        """Outward derivative on the face of the parabola through face and cells."""
        return (6 * face - 7 * u0 + u1) / (2 * h)

    def ghost(self, face: Array, u0: Array, u1: Array) -> Array:
        """Average of the same parabola over the cell outside."""
        return 3 * face - 2.5 * u0 + 0.5 * u1

    def state_and_flux(
        self,
        t: Array,
        x: Float[Array, " dim"],
        u0: Float[Array, " components"],
        u1: Float[Array, " components"],
        tangential: Float[Array, "components dim"],
        spacing: Float[Array, " dim"],
    ) -> tuple[Float[Array, " components"], Float[Array, " components"]]:
        """Face value and prescribed outward normal flux at one face.

        The flux of components with an essential condition is left to the scheme.

        Args:
            t: time [s].
            x: face centre [m].
            u0: average of the cell at the face.
            u1: average of the next cell inwards.
            tangential: gradient on the face; the column of the normal is ignored.
            spacing: cell size along each axis [m].
        """
        guess = 1.5 * u0 - 0.5 * u1
        values = _Data(self, t, x, u0, u1, tangential, spacing)
        if self.held.all():
            return values.essential(guess), jnp.zeros_like(u0)
        # A fixed number of live steps: derivatives converge with the iteration.
        face = jax.lax.fori_loop(
            0, _NEWTON_STEPS, lambda _, u: values.newton_step(u), guess
        )
        return face, values.prescribed(face)


class _Data(eqx.Module):
    part: BoundaryFace
    t: Array
    x: Array
    u0: Array
    u1: Array
    tangential: Array
    spacing: Array

    @property
    def normal(self) -> Array:
        sign = 1.0 if self.part.high else -1.0
        return jnp.zeros_like(self.x).at[self.part.axis].set(sign)

    def essential(self, u: Array) -> Array:
        """Face averages of the held values by Gauss quadrature, `u` elsewhere.

        The value at the face centre would leave an O(h) error in the normal gradient.
        """
        for condition in self.part.conditions:
            if isinstance(condition, AbstractEssentialCondition):
                values = [
                    jnp.broadcast_to(condition.value(self.t, point), u.shape)
                    for point in self._gauss_points()
                ]
                value = sum(values) / len(values)
                u = jnp.where(acts_on(condition, self.part.law), value, u)
        return u

    def _gauss_points(self) -> list[Array]:
        axes = [a for a in range(self.x.size) if a != self.part.axis]
        shifts = np.zeros((2 ** len(axes), self.x.size))
        shifts[:, axes] = list(itertools.product((-1, 1), repeat=len(axes)))
        step = 0.5 / np.sqrt(3) * self.spacing
        return [self.x + jnp.asarray(shift, step.dtype) * step for shift in shifts]

    def prescribed(self, u: Array) -> Array:
        total = jnp.zeros_like(u)
        for condition in self.part.conditions:
            if isinstance(condition, AbstractNaturalCondition):
                flux = condition.normal_flux(self.t, self.x, self.normal, u)
            elif isinstance(condition, Outflow):
                still = jnp.zeros_like(self.tangential)
                flux = self.part.law.flux(self.t, self.x, u, still) @ self.normal
            else:
                continue
            total = total + jnp.where(acts_on(condition, self.part.law), flux, 0)
        return total

    def numerical(self, u: Array) -> Array:
        part, law = self.part, self.part.law
        sign = 1.0 if part.high else -1.0
        h = self.spacing[part.axis]
        slope = part.normal_derivative(u, self.u0, self.u1, h)
        gradient = self.tangential.at[:, part.axis].set(sign * slope)
        inside = u
        if isinstance(law, AbstractHyperbolicLaw):
            inside = 1.5 * self.u0 - 0.5 * self.u1
        pair = (inside, u) if part.high else (u, inside)
        flux = flux_between(law, part.axis, self.t, self.x, *pair, gradient)
        return sign * flux

    def newton_step(self, u: Array) -> Array:
        held = self.part.held

        def mismatch(v: Array) -> Array:
            balance = self.numerical(v) - self.prescribed(v)
            if not held.any():
                return balance
            return jnp.where(held, v - self.essential(v), balance)

        value, slope = mismatch(u), jax.jacfwd(mismatch)(u)
        # A row without u (prescribed flux of a law that only carries u outwards) says
        # nothing about the face: keep the state there.
        size = jnp.max(jnp.abs(slope), axis=1)
        silent = size <= self._round_off(u)
        identity = jnp.eye(u.size, dtype=u.dtype)
        slope = jnp.where(silent[:, None], identity, slope)
        value = jnp.where(silent, 0, value)
        return u - _solve_small(slope, value)

    def _round_off(self, u: Array) -> Array:
        law = self.part.law
        if not isinstance(law, AbstractHyperbolicLaw):
            return jnp.zeros((), u.dtype)
        speed = law.max_wave_speed(self.t, self.x, u, self.normal)
        return 100 * jnp.finfo(u.dtype).eps * jax.lax.stop_gradient(speed)


def _solve_small(matrix: Array, vector: Array) -> Array:
    if vector.size == 1:
        return vector / matrix[0]
    return jnp.linalg.solve(matrix, vector)
