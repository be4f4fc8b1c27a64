"""What a solve returns: states, times, status, statistics and the books."""

from typing import TYPE_CHECKING, Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .discretization import AbstractDiscretization
from .finite_element.export import export_history
from .status import Status

if TYPE_CHECKING:
    import xarray as xr


class Ledger(NamedTuple):
    """What is stored at each saved time, and what was made and left since the start.

    Shapes: `content` and `source` (times, components), `outflow` maps each boundary
    name to (times, components). Units: storage unit; source and outflow of a steady
    state are rates [storage unit s^-1].
    """

    content: Float[Array, "times components"]
    source: Float[Array, "times components"]
    outflow: dict[str, Float[Array, "times components"]]


class Statistics(NamedTuple):
    """Work done: Newton steps, linear iterations, last relative residual norm."""

    newton_steps: Array
    linear_steps: Array
    residual_norm: Array


class Solution(eqx.Module):
    """Saved states of one solve; under vmap every field gains a leading axis.

    Args:
        discretization: the problem on its grid or mesh.
        times: saved times [s], shape (times,).
        states: saved states, shape (times, *state).
        status: `Status` code, int8, shape ().
        statistics: work done and final residual.
        ledger: content, source and outflow for `budget`.
        history: of a law with memory, a pytree of (times, cells, quadrature, ...) as
            the law defines it, such as `PlasticHistory`; `None` without memory.
    """

    discretization: AbstractDiscretization
    times: Float[Array, " times"]
    states: Array
    status: Array
    statistics: Statistics
    ledger: Ledger
    history: Any = None

    @property
    def final(self) -> Array:
        """State at the last saved time."""
        return self.states[-1]

    @property
    def final_history(self) -> Any:
        """History (cells, quadrature, ...) at the last saved time, or `None`."""
        return jax.tree.map(lambda saved: saved[-1], self.history)

    @property
    def ok(self) -> Array:
        """True where the solve reached its tolerance."""
        return jnp.asarray(self.status) == Status.OK

    def to_xarray(self) -> "xr.Dataset":
        """Label the states with coordinates, units, long names and the status.

        What a law with memory remembers is added at the quadrature points.

        Raises:
            ValueError: a batch of solutions, of which one member must be taken first.
        """
        if np.ndim(self.status):
            first = ", ".join("0" * np.ndim(self.status))
            raise ValueError(
                f"The solution is a batch of the shape {np.shape(self.status)}, and "
                "to_xarray labels one member; take one first, such as jax.tree.map("
                f"lambda leaf: leaf[{first}] if equinox.is_array(leaf) else leaf, "
                "solution)."
            )
        dataset = self.discretization.export(self.times, self.states)
        if self.history is not None:
            remembered = export_history(self.discretization, self.history)
            dataset = dataset.merge(remembered)
        status = Status(int(np.asarray(self.status)))
        dataset.attrs["status"] = status.name.lower()
        dataset.attrs["status_message"] = status.message
        return dataset
