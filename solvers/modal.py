"""Natural frequencies and mode shapes: K φ = ω² M φ.

Free vibration without damping about a displacement at rest. K and M are read from the
law (`finite_element/structure_matrices.py`), the eigenpairs are found on the host
(`sparse/eigenpairs.py`). K. J. Bathe, Finite Element Procedures (2014), chapter 10.
"""

from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from .discretization import AbstractDiscretization
from .finite_element import FiniteElement, structure_matrices
from .finite_element.structure_matrices import check_structure
from .sparse import eigenpairs, round_off, together
from .status import Status

if TYPE_CHECKING:
    import xarray as xr

_EXTRA = 4


class Modes(eqx.Module):
    """Natural frequencies, ascending; under vmap every field gains a leading axis.

    Eigenvalues that lie closer than the tolerance form a cluster. Each of its modes
    carries the mean of the cluster, whose derivative is the trace of φᵀ(dK - λ dM)φ
    over its size; a single one has no derivative. Its shapes are some basis of the
    vibrations it stands for: sums of effective masses over a cluster have a meaning
    and a derivative, those of one of its modes do not.

    Masses are per metre in plane strain and plane stress, per radian on an axis of
    symmetry.

    Args:
        discretization: the structure on its mesh.
        frequencies: ω/2π [Hz], (modes,); 0 for rigid-body modes.
        eigenvalues: ω² [rad^2 s^-2], cluster means, (modes,).
        shapes: φ [kg^-1/2] with φᵀMφ = 1, the first of the largest entries positive,
            (modes, dim, nodes).
        clusters: number of the cluster that a mode belongs to, from 0, (modes,).
        rigid: whether ω² is round-off: the body is free to move so, (modes,).
        participation: Γ = φᵀM r for a unit translation r of everything, supports
            included, along each axis [kg^1/2], (modes, dim).
        effective_mass: Γ² [kg], (modes, dim). Over all modes it adds up to the total
            mass less what the supports hold.
        total_mass: rᵀM r [kg], (dim,).
        status: `Status` code, int8, shape (): `OK`; `INFEASIBLE` where the stiffness
            is not symmetric (pressure that follows a free edge) or an eigenvalue is
            negative (the structure is unstable), `SINGULAR`, `NON_FINITE`,
            `NOT_CONVERGED`.
    """

    discretization: AbstractDiscretization
    frequencies: Float[Array, " modes"]
    eigenvalues: Float[Array, " modes"]
    shapes: Float[Array, "modes dim nodes"]
    clusters: Int[Array, " modes"]
    rigid: Bool[Array, " modes"]
    participation: Float[Array, "modes dim"]
    effective_mass: Float[Array, "modes dim"]
    total_mass: Float[Array, " dim"]
    status: Array

    @property
    def ok(self) -> Array:
        """True where all modes were found and the structure is stable."""
        return jnp.asarray(self.status) == Status.OK

    def to_xarray(self) -> "xr.Dataset":
        """Label frequencies, shapes and masses with coordinates and units."""
        count, dimension = self.shapes.shape[:2]
        state = jnp.concatenate([self.shapes, jnp.zeros_like(self.shapes)], axis=1)
        dataset = self.discretization.export(np.arange(count), state)
        names = [c.name for c in self.discretization.problem.law.components]
        dataset = dataset.drop_vars(["time", *names[dimension:]])
        dataset = dataset.rename_dims(time="mode")
        for name in names[:dimension]:
            told = f"mode shape, {dataset[name].attrs['long_name']}"
            dataset[name].attrs |= {"units": "kg-0.5", "long_name": told}
        axes = [name.removeprefix("displacement_") for name in names[:dimension]]
        table = lambda values, unit, told: (
            ("mode", "axis"),
            np.asarray(values),
            {"units": unit, "long_name": told},
        )
        dataset["participation"] = table(
            self.participation, "kg0.5", "participation of a unit translation"
        )
        dataset["effective_mass"] = table(
            self.effective_mass, "kg", "effective modal mass"
        )
        listed = lambda values, **attributes: ("mode", np.asarray(values), attributes)
        status = Status(int(np.asarray(self.status)))
        dataset.attrs |= {
            "status": status.name.lower(),
            "status_message": status.message,
        }
        return dataset.assign_coords(
            mode=np.arange(1, count + 1),
            axis=axes,
            frequency=listed(
                self.frequencies, units="Hz", long_name="natural frequency"
            ),
            cluster=listed(self.clusters, long_name="cluster of equal frequencies"),
            rigid=listed(self.rigid, long_name="rigid-body mode"),
        )


def solve_modes(
    discretization: FiniteElement,
    count: int,
    *,
    shift: Any = 0.0,
    about: Float[Array, "dim nodes"] | None = None,
    cluster_tolerance: Any = 1e-6,
) -> Modes:
    """Find natural frequencies and mode shapes of a structure.

    Differentiable in every leaf of the discretisation in both modes, shapes included,
    and batched by `jax.vmap` (`equinox.filter_vmap`). A free body needs no support:
    its rigid-body modes come first, with the frequency 0 and no derivative.

    Args:
        discretization: finite elements whose law is `Elastodynamics`. Damping and
            loads that do not depend on the displacement play no part.
        count: how many modes.
        shift: frequency [Hz] that the modes lie nearest to; 0 for the lowest.
        about: displacement [m] that the structure vibrates about, such as a static
            solution under load; at rest when omitted. It counts where material or
            loads are not linear.
        cluster_tolerance: relative gap between the ω² of neighbours up to which they
            form a cluster.

    Raises:
        TypeError: another discretisation or law.
        ValueError: more modes than free displacements, none, or a part or constraint
            that holds the displacement without the velocity.

    Example:
        >>> from froude.physics import Box, Elastodynamics, IsotropicElastic
        >>> from froude.physics import NormalFlux, PlaneStress, Problem
        >>> from froude.solvers import rectangle_mesh
        >>> steel = PlaneStress(IsotropicElastic(210e9, 0.3))
        >>> box = Box((0.0, 0.0), (1.0, 1.0))
        >>> free = dict.fromkeys(box.boundary_names, NormalFlux(0.0))
        >>> problem = Problem(Elastodynamics(steel, 7850.0), box, free)
        >>> modes = solve_modes(FiniteElement(problem, rectangle_mesh(4, 4)), 4)
        >>> modes.rigid.tolist()
        [True, True, True, False]
    """
    check_structure(discretization)
    return _solve_modes(
        discretization,
        count,
        jnp.asarray(shift),
        about,
        jnp.asarray(cluster_tolerance),
    )


@eqx.filter_jit
def _solve_modes(scheme, count, shift, about, tolerance):
    points = scheme.mesh.points
    interval = scheme.problem.interval
    t = jnp.asarray(0.0 if interval is None else interval[0], points.dtype)
    about = jnp.zeros_like(points.T) if about is None else about
    structure = structure_matrices(scheme, t, about)
    mass, free, links = structure.mass, structure.free, structure.links
    size = int(free.sum())
    if not 1 <= count <= size:
        raise ValueError(
            f"count = {count}; the structure has {size} free displacements, so ask for "
            "1 to as many modes, or refine the mesh."
        )
    blocks = structure.free_blocks
    wanted = (2 * jnp.pi * shift.astype(points.dtype)) ** 2
    # A few more than asked for, so that the last cluster is complete.
    more = min(count + _EXTRA, size)
    values, vectors, status = eigenpairs(*blocks, wanted, tolerance, count=more)
    noise = round_off(*blocks)
    clusters, means = _cluster_means(values, tolerance, noise)
    distance = jnp.abs(jax.lax.stop_gradient(values) - wanted)
    kept = jnp.sort(jnp.argsort(distance)[:count])
    eigenvalues, vectors, clusters = means[kept], vectors[:, kept], clusters[kept]
    rigid = jnp.abs(eigenvalues) <= noise
    vibrates = eigenvalues > noise
    angular = jnp.sqrt(jnp.where(vibrates, eigenvalues, 1.0))
    frequencies = jnp.where(vibrates, angular / (2 * jnp.pi), jnp.nan)
    shapes = jnp.zeros((free.size, count), vectors.dtype)
    shapes = shapes.at[np.flatnonzero(free)].set(vectors)
    if links is not None:
        shapes = jax.vmap(links.spread, 1, 1)(jnp.concatenate([shapes, shapes]))
        shapes = shapes[: free.size]
    participation, total = _participation(mass, shapes, free.shape)
    unstable = jnp.any(eigenvalues < -noise) & (status == Status.OK)
    return Modes(
        discretization=scheme,
        frequencies=jnp.where(rigid, 0.0, frequencies),
        eigenvalues=eigenvalues,
        shapes=shapes.T.reshape(count, *free.shape),
        clusters=clusters - clusters[0],
        rigid=rigid,
        participation=participation,
        effective_mass=participation**2,
        total_mass=total,
        status=jnp.where(unstable, Status.INFEASIBLE, status).astype(jnp.int8),
    )


def _cluster_means(values, tolerance, noise):
    """Number of each mode's cluster and the mean of its eigenvalues, (modes,) each."""
    fixed = jax.lax.stop_gradient(values)
    starts = ~together(fixed[:-1], fixed[1:], tolerance, noise)
    number = jnp.concatenate([jnp.zeros(1, jnp.int32), jnp.cumsum(starts)])
    same = (number[:, None] == number).astype(values.dtype)
    return number, same @ values / jnp.sum(same, axis=1)


def _participation(mass, shapes, shape):
    """Γ (modes, dim) and the total mass along each axis (dim,)."""
    dimension, nodes = shape
    translations = np.repeat(np.eye(dimension), nodes, axis=0)
    pushed = jax.vmap(mass.mv, 1, 1)(jnp.asarray(translations, shapes.dtype))
    return shapes.T @ pushed, jnp.sum(translations * pushed, axis=0)
