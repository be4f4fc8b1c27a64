"""A problem on a grid or mesh: the only place with arrays over space."""

import abc
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from ..physics import Problem
from .links import Links, linked
from .sparse import DirectSolver

if TYPE_CHECKING:
    import xarray as xr


class AbstractDiscretization(eqx.Module):
    """The semi-discrete balance d storage(t, U) / dt = inflow(t, U).

    A state `U` is one array (components, *cells) on a grid or (components, nodes) on a
    mesh. `storage` and `inflow` are integrals over the cell or against the test
    function of each degree of freedom, so that their sums over space are the content
    of the domain and its net supply. Essential conditions are written into the state
    by `constrain`; `free` marks what remains unknown.
    """

    problem: eqx.AbstractVar[Problem]

    @abc.abstractmethod
    def project(self, function: Callable[[Array], Array]) -> Array:
        """Represent `function(x) -> (components,)` as a state."""

    @abc.abstractmethod
    def storage(self, t: Array, state: Array) -> Array:
        """Stored amount per degree of freedom [storage unit], shaped like the state."""

    @abc.abstractmethod
    def inflow(self, t: Array, state: Array) -> Array:
        """Net supply per degree of freedom [storage unit s^-1]: source minus outflow.

        Rows of essential degrees of freedom hold the supply that their boundary
        reaction must balance.
        """

    @abc.abstractmethod
    def constrain(self, t: Array, state: Array) -> Array:
        """Write the essential values at time `t` into the state, and then what they
        and the free ones imply for unknowns that depend on them."""

    @abc.abstractmethod
    def free(self) -> Array | None:
        """Boolean array shaped like the state, False where essential; None if all."""

    @abc.abstractmethod
    def links(self) -> Links | None:
        """How unknowns depend on others by linear constraints; None where none do.

        `free` is False for them too.
        """

    @abc.abstractmethod
    def rate(self, t: Array, state: Array, storage_rate: Array) -> Array:
        """dU/dt that makes d storage/dt = `storage_rate` (essential rows follow g')."""

    @abc.abstractmethod
    def jacobian(
        self, t: Array, state: Array, storage_weight: Array, inflow_weight: Array
    ) -> Any:
        """Derivative of storage_weight * storage - inflow_weight * inflow.

        Essential rows and columns are those of the identity, so that a symmetric law
        keeps a symmetric matrix. Rows follow the flattened state.

        Returns:
            A `SparseMatrix`, or an operator with `mv` where the scheme is dense.
        """

    @abc.abstractmethod
    def boundary_flux(
        self, t: Array, state: Array, *, storage_rate: Array | None = None
    ) -> dict[str, Float[Array, " components"]]:
        """Outward flux through each boundary part [storage unit s^-1].

        Args:
            t: time [s].
            state: the state.
            storage_rate: d storage/dt on the degrees of freedom; needed where the flux
                is a nodal reaction, zero when omitted (steady).
        """

    @abc.abstractmethod
    def source_integral(self, t: Array, state: Array) -> Float[Array, " components"]:
        """Integral of the source over the domain [storage unit s^-1]."""

    @abc.abstractmethod
    def integrate(self, field: Array) -> Float[Array, " components"]:
        """Integral over the domain of a field given like a state."""

    @abc.abstractmethod
    def coordinates(self) -> Float[Array, "points dim"]:
        """Where `collocate` reports values [m]."""

    @abc.abstractmethod
    def collocate(self, state: Array) -> Float[Array, "components points"]:
        """Values of the state at `coordinates`."""

    @abc.abstractmethod
    def export(self, times: Array, states: Array) -> "xr.Dataset":
        """Label states (times, *state) with coordinates, units and long names."""

    @abc.abstractmethod
    def inverted(self) -> Bool[Array, ""]:
        """Whether some cell is turned inside out or has no volume.

        Concrete geometry is refused where it is made; this judges what a morph, or a
        box with traced corners, makes of it inside a batch.
        """

    @abc.abstractmethod
    def prepared(self, t: Array) -> Self:
        """Equal to this one at the time `t`, for iterations over states.

        What does not depend on the state may be computed once and kept.
        """

    def content(self, t: Array, state: Array) -> Float[Array, " components"]:
        """Integral of the storage over the domain [storage unit]."""
        stored = self.storage(t, state)
        return jnp.sum(stored.reshape(stored.shape[0], -1), axis=1)

    def hold(self, t: Array, state: Array) -> Array:
        """Write the essential values into a state and keep what free rows store.

        Exact where storage is linear in u.
        """
        held = self.constrain(t, state)
        if self.free() is None:
            return held
        at = jnp.asarray(t, state.dtype)
        stored = lambda u: self.storage(at, u)
        _, moved = jax.jvp(stored, (state,), (held - state,))
        mass = self.jacobian(at, state, 1.0, 0.0)
        balance = self.close(jnp.zeros_like(state), self.gather(-moved))
        solver = linked(DirectSolver(), self.links())
        return held + solver.solve(mass, balance.ravel()).value.reshape(state.shape)

    def rhs(self, t: Array, state: Array) -> Array:
        """dU/dt, for explicit time stepping."""
        return self.rate(t, state, self.inflow(t, state))

    def residual(
        self, t0: Array, state0: Array, t1: Array, state1: Array, *, theta: float = 0.5
    ) -> Array:
        """Discrete balance of one time step, shaped like the state.

        storage(t1) - storage(t0) - (t1 - t0) (θ inflow(t1) + (1 - θ) inflow(t0)), and
        u - g on essential rows. The default θ = 1/2 is second order in time. The same
        function drives the θ-method, operator losses and checks of predictions.

        Args:
            t0: start of the step [s].
            state0: state at `t0`.
            t1: end of the step [s].
            state1: state at `t1`.
            theta: weight of the end of the step, 1/2 to 1.
        """
        constrained = self.constrain(t1, state1)
        supply = theta * self.inflow(t1, constrained)
        if theta != 1.0:
            supply = supply + (1 - theta) * self.inflow(t0, state0)
        change = self.storage(t1, constrained) - self.storage(t0, state0)
        balance = self.gather(change - (t1 - t0) * supply)
        return self.close(state1 - constrained, balance)

    def steady_residual(self, t: Array, state: Array) -> Array:
        """Minus the inflow, and u - g on essential rows; zero at a steady state."""
        constrained = self.constrain(t, state)
        balance = self.gather(-self.inflow(t, constrained))
        return self.close(state - constrained, balance)

    def gather(self, balance: Array) -> Array:
        """Add what dependent rows of a balance carry to those they depend on."""
        links = self.links()
        return balance if links is None else links.gather(balance)

    def close(self, departure: Array, balance: Array) -> Array:
        """Take `balance` on free rows and `departure` from g on essential rows."""
        free = self.free()
        return balance if free is None else jnp.where(free, balance, departure)


def check_discretization(value: Any) -> None:
    """Refuse what is no discretisation, such as a problem that lies on no grid yet.

    Raises:
        TypeError: no `AbstractDiscretization`.
    """
    if not isinstance(value, AbstractDiscretization):
        raise TypeError(
            f"discretization is a {type(value).__name__}; put the problem on a grid or "
            "mesh first: discretize(problem, CartesianGrid(64))."
        )
