"""Time methods that march Fourier modes, their linear part known per wave number.

What such a method needs of the linear part is worked out once per march, and the modes
stay modes between the saved times.
"""

import abc
from typing import Any, Self

import jax.numpy as jnp
from jaxtyping import Array, Complex

from ..pointwise import in_dtype
from ..time_method import AbstractTimeMethod, Amounts, Step
from .fourier import Fourier
from .modes import Modes
from .splitting import Splitting


class AbstractModalMethod(AbstractTimeMethod):
    """Steps of d modes / dt = L modes + N(t, modes).

    For the `Fourier` scheme and laws whose storage is linear in u with constant
    coefficients. L is the derivative of the law at the mean of the initial state,
    averaged over the box; what varies in space or with the state is explicit.
    Components without storage, such as a stream function, follow from the others at
    every time; their initial values are not read.
    """

    @abc.abstractmethod
    def coefficients(self, operator: Complex[Array, "n n *modes"], dt: Array) -> Any:
        """What a step needs of L [s^-1] and dt [s], worked out once per march."""

    @abc.abstractmethod
    def past(self, modes: Complex[Array, " n *modes"]) -> Any:
        """Memory before the first step, for modes of this shape; None without one."""

    @abc.abstractmethod
    def advance(
        self,
        coefficients: Any,
        splitting: Splitting,
        t: Array,
        dt: Array,
        modes: Array,
        past: Any,
    ) -> tuple[Array, Any]:
        """The modes (n, *modes) at `t + dt` and the memory there."""

    def start(self, scheme, t, state):
        return self.past(_split(scheme, t, state, self).still)

    def step(self, scheme, solve, t, dt, state, memory):
        march = ModalMarch.prepared(self, scheme, t, dt, state)
        taken = march.step(scheme, solve, t, dt, march.enter(state), memory)
        return taken._replace(state=march.leave(t + dt, taken.state))


class ModalMarch(AbstractTimeMethod):
    """A modal method with its coefficients: its steps take and return modes.

    Args:
        method: the method.
        splitting: linear operator and remainder.
        coefficients: of the method.
        volume: of the box [m^dim].
    """

    method: AbstractModalMethod
    splitting: Splitting
    coefficients: Any
    volume: Array

    @classmethod
    def prepared(
        cls, method: AbstractModalMethod, scheme: Any, t: Array, dt: Array, state: Array
    ) -> Self:
        """Work out the coefficients for steps of `dt` around the mean of a state.

        Raises:
            TypeError: another scheme than `Fourier`.
            ValueError: a law that no march of modes can advance.
        """
        splitting = _split(scheme, t, state, method)
        coefficients = method.coefficients(splitting.operator, dt)
        box = splitting.modes.lattice.box
        volume = jnp.prod(box.upper - box.lower)
        return cls(method, splitting, coefficients, volume)

    def enter(self, state: Array) -> Complex[Array, " stored *modes"]:
        """Modes of the stored components of a state."""
        stored = jnp.stack([state[i] for i in self.splitting.structure.stored])
        return self.splitting.modes.of_state(stored)

    def leave(self, t: Array, modes: Array) -> Array:
        """State (components, *cells) of modes, all components."""
        return self.splitting.modes.to_state(self.splitting.full(t, modes))

    def start(self, scheme, t, state):
        return self.method.past(self.splitting.still)

    def step(self, scheme, solve, t, dt, state, memory):
        """A step of modes; what it adds is the change of the mean, source alone."""
        end, memory = self.method.advance(
            self.coefficients, self.splitting, t, dt, state, memory
        )
        change = (end - state).reshape(len(state), -1)[:, 0].real
        source = self.volume * self.splitting.amount(change)
        status = jnp.zeros((), jnp.int8)
        nothing, none = jnp.zeros((), jnp.int32), jnp.zeros((), source.dtype)
        return Step(end, Amounts({}, source), memory, status, nothing, nothing, none)


def _split(scheme, t, state, method) -> Splitting:
    if not isinstance(scheme, Fourier):
        raise TypeError(
            f"method = {type(method).__name__}() marches Fourier modes, but the "
            f"discretization is a {type(scheme).__name__}; put the problem on a "
            "FourierGrid, or take SDIRK2()."
        )
    scheme = in_dtype(scheme, state.dtype)
    modes = Modes(scheme.lattice, scheme.dealiasing)
    return Splitting.at(scheme.problem.law, modes, t, state)
