"""Pseudo-spectral Fourier scheme for laws on fully periodic boxes."""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...physics import Problem
from ...physics.cell_field import refuse_cell_fields
from ..discretization import AbstractDiscretization
from ..lattice import Lattice, as_shape, box_of
from ..pointwise import evaluate, in_dtype, rate_from_storage
from .dealiasing import AbstractDealiasing, Padded
from .fourier_jacobian import FourierJacobian
from .transform import Transform


class FourierGrid(eqx.Module):
    """Equidistant points on the periodic box of a problem, at cell centres.

    Args:
        shape: points along each axis, at least 2, even or odd; an int in one dimension.
    """

    shape: tuple[int, ...] = eqx.field(static=True, converter=as_shape)

    def __check_init__(self) -> None:
        if not all(n >= 2 for n in self.shape):
            raise ValueError(
                f"shape = {self.shape} needs at least 2 points on every axis."
            )


class Fourier(AbstractDiscretization):
    """Pseudo-spectral scheme: derivatives of modes, products at points.

    Unknowns are values at equidistant points, shape (components, *cells). Flux and
    source are evaluated pointwise on the product grid of the dealiasing. Errors fall
    faster than any power of the spacing on smooth data; at fronts thinner than the
    spacing the scheme oscillates.

    Args:
        problem: law, box with periodic axes only, initial state.
        grid: points along each axis.
        dealiasing: `Padded()`, `Truncated()` or `Aliased()`.

    Raises:
        ValueError: an axis of the box is not periodic.

    Reference:
        C. Canuto, M. Y. Hussaini, A. Quarteroni, T. A. Zang, Spectral Methods (2006),
        section 3.3.
    """

    problem: Problem
    grid: FourierGrid
    dealiasing: AbstractDealiasing = Padded()

    def __check_init__(self) -> None:
        refuse_cell_fields(self.problem.law, "Fourier")
        box = box_of(self.problem.domain, self.grid.shape, "Fourier")
        if box.boundary_names:
            raise ValueError(
                f"Fourier needs every axis periodic, but the box has the boundaries "
                f"{box.boundary_names}; give Box(..., periodic=...) all True or use "
                "FiniteVolume."
            )

    @property
    def lattice(self) -> Lattice:
        """Spacing and points."""
        box = box_of(self.problem.domain, self.grid.shape, "Fourier")
        return Lattice(box, self.grid.shape)

    @property
    def transform(self) -> Transform:
        """Transforms between the grid, the modes and the product grid."""
        return Transform(self.lattice, self.dealiasing)

    def project(self, function: Callable[[Array], Array]) -> Array:
        """Sample `function(x)` at the points; modes that take no part are removed."""
        components = (len(self.problem.law.components),)
        sampled = evaluate(
            lambda _, x: jnp.broadcast_to(function(x), components),
            None,
            self.lattice.centres(),
            dimension=self.lattice.dimension,
        )
        return self.transform.lower(self.transform.raise_up(sampled))

    def inverted(self) -> Array:
        return self.lattice.inverted()

    def prepared(self, t):
        return self

    def storage(self, t: Array, state: Array) -> Array:
        this = in_dtype(self, state.dtype)
        law, lattice = this.problem.law, this.lattice
        stored = evaluate(
            law.storage,
            jnp.asarray(t, state.dtype),
            lattice.centres(),
            state,
            dimension=lattice.dimension,
        )
        return lattice.volume * stored

    def inflow(self, t: Array, state: Array) -> Array:
        return in_dtype(self, state.dtype)._inflow(jnp.asarray(t, state.dtype), state)

    # Traced once, though Newton's method and GMRES call it in many places.
    @eqx.filter_jit
    def _inflow(self, t: Array, state: Array) -> Array:
        flux, source = self._flux_and_source(t, state)
        net = source - self.transform.divergence(flux)
        return self.lattice.volume * self.transform.lower(net)

    def _flux_and_source(self, t: Array, state: Array) -> tuple[Array, Array]:
        """Fine coefficients of flux (components, dim) and source (components,)."""
        transform, law = self.transform, self.problem.law
        modes = transform.raise_up(state)
        fields = (
            transform.fine_points(),
            transform.to_fine(modes),
            transform.to_fine(transform.gradient(modes)),
        )
        dimension = self.lattice.dimension
        flux = evaluate(law.flux, t, *fields, dimension=dimension)
        source = evaluate(law.source, t, *fields, dimension=dimension)
        return transform.from_fine(flux), transform.from_fine(source)

    def constrain(self, t: Array, state: Array) -> Array:
        """The state itself: a periodic box has no boundary."""
        return state

    def free(self) -> None:
        """None: every point is unknown."""
        return None

    def links(self) -> None:
        return None

    def rate(self, t: Array, state: Array, storage_rate: Array) -> Array:
        this = in_dtype(self, state.dtype)
        law, lattice = this.problem.law, this.lattice
        density = storage_rate / lattice.volume
        return evaluate(
            rate_from_storage(law),
            jnp.asarray(t, state.dtype),
            lattice.centres(),
            state,
            density,
            dimension=lattice.dimension,
        )

    def jacobian(
        self, t: Array, state: Array, storage_weight: Array, inflow_weight: Array
    ) -> FourierJacobian:
        """Matrix-free derivative with a constant-coefficient preconditioner."""
        return FourierJacobian(
            self, jnp.asarray(t), state, storage_weight, inflow_weight
        )

    def boundary_flux(
        self, t: Array, state: Array, *, storage_rate: Array | None = None
    ) -> dict[str, Float[Array, " components"]]:
        """Empty: a periodic box has no boundary."""
        return {}

    def source_integral(self, t: Array, state: Array) -> Float[Array, " components"]:
        this = in_dtype(self, state.dtype)
        _, source = this._flux_and_source(jnp.asarray(t, state.dtype), state)
        mean = source.reshape(source.shape[0], -1)[:, 0].real
        return this.transform.fine_lattice.volume * mean

    def integrate(self, field: Array) -> Float[Array, " components"]:
        total = jnp.sum(field.reshape(field.shape[0], -1), axis=1)
        return in_dtype(self, field.dtype).lattice.volume * total

    def coordinates(self) -> Float[Array, "points dim"]:
        return self.lattice.centres().reshape(self.lattice.dimension, -1).T

    def collocate(self, state: Array) -> Float[Array, "components points"]:
        return state.reshape(state.shape[0], -1)

    def export(self, times: Array, states: Array):
        return self.lattice.export(self.problem.law.components, times, states)
