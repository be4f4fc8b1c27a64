"""Stress at the nodes and at the quadrature points of a solid.

In every cell the stress of the quadrature points is fitted by the shape functions of
first order, which are evaluated at the nodes; a node takes the mean of its cells. On
cells of second order the points of the reduced rule are read, where the stress of a
displacement element is one order better. J. Barlow (1976), Optimal stress locations in
finite element models, IJNME 10, 243; E. Hinton and J. S. Campbell (1974), Local and
global smoothing of discontinuous finite element functions, IJNME 8, 461.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...physics import AbstractHistoryLaw
from ...physics.cell_field import point_fields
from ...physics.solid import AbstractSolid
from ..cells import CELLS, Degree, ReferenceCell
from .cell_density import at_every_point
from .element_block import ElementBlock
from .finite_element import FiniteElement
from .formulation import stress_at
from .geometry import cell_geometry
from .memory import scheme_over_step
from .weak_form import interpolated


def nodal_stress(
    scheme: FiniteElement,
    state: Float[Array, "dim nodes"],
    *,
    t: Array | float = 0.0,
    history: Any = None,
) -> Float[Array, "nodes 3 3"]:
    """Stress [Pa] at the nodes, averaged over the cells that meet there.

    First Piola-Kirchhoff stress, in small strain the Cauchy stress; the formulation of
    the scheme says of which strain. Axes are those of the law: r, z, θ in
    `Axisymmetric`. Differentiable in the state and every leaf of the scheme.

    Args:
        scheme: a solid on a mesh.
        state: displacements [m].
        t: time [s].
        history: of that time where the solid has memory: `solution.final_history`.

    Raises:
        TypeError: a law that is no solid, or one with memory without its history.
    """
    scheme = _solid_scheme(scheme, history)
    nodes = scheme.mesh.topology.node_count
    total, count = jnp.zeros((nodes, 3, 3), state.dtype), np.zeros(nodes)
    for block in scheme.blocks:
        degree, cells = _degree(block), block.mesh.topology.cells
        geometry, deformed = _deformation(block, state, t, degree)
        stress = stress_at(block.law, t, geometry, deformed)
        table = jnp.asarray(_extrapolation(block.mesh.cell, degree), stress.dtype)
        total = total.at[cells].add(jnp.einsum("kq,qije->ekij", table, stress))
        count += np.bincount(cells.ravel(), minlength=nodes)
    return total / jnp.asarray(count, total.dtype)[:, None, None]


def nodal_measure(
    scheme: FiniteElement,
    state: Float[Array, "dim nodes"],
    measure: Callable[[Float[Array, "3 3"]], Array],
    *,
    t: Array | float = 0.0,
    history: Any = None,
) -> Float[Array, "nodes ..."]:
    """A measure of the nodal stress, such as `von_mises` or `principal`.

    Args:
        scheme: a solid on a mesh.
        state: displacements [m].
        measure: takes a stress (3, 3) [Pa].
        t: time [s].
        history: as in `nodal_stress`.
    """
    return jax.vmap(measure)(nodal_stress(scheme, state, t=t, history=history))


def quadrature_stress(
    scheme: FiniteElement,
    state: Float[Array, "dim nodes"],
    *,
    t: Array | float = 0.0,
    history: Any = None,
) -> tuple[Float[Array, "cells quadrature dim"], Float[Array, "cells quadrature 3 3"]]:
    """Places [m] and stress [Pa] at the quadrature points of the formulation.

    Args:
        scheme: a solid on a mesh.
        state: displacements [m].
        t: time [s].
        history: as in `nodal_stress`.

    Raises:
        TypeError: a law that is no solid.
        ValueError: a mesh of several blocks of cells; take `nodal_stress`.
    """
    scheme = _solid_scheme(scheme, history)
    block, *others = scheme.blocks
    if others:
        raise ValueError(
            f"scheme.mesh has {len(scheme.blocks)} blocks of cells, whose quadrature "
            "points make no single table; use nodal_stress."
        )
    degree = block.formulation.degree(block.mesh.cell)
    geometry, deformed = _deformation(block, state, t, degree)
    stress = stress_at(block.law, t, geometry, deformed)
    return jnp.moveaxis(geometry.x, -1, 0), jnp.moveaxis(stress, -1, 0)


def strain_energy(
    scheme: FiniteElement,
    state: Float[Array, "dim nodes"],
    *,
    t: Array | float = 0.0,
    history: Any = None,
) -> Float[Array, ""]:
    """Stored energy [J], per metre of a plane solid and per radian of a ring.

    With dead loads f and linear material it is half of their work f·u. In a solid with
    memory it is the elastic part, which unloading gives back.

    Args:
        scheme: a solid on a mesh.
        state: displacements [m].
        t: time [s].
        history: as in `nodal_stress`.
    """
    scheme = _solid_scheme(scheme, history)

    def density(law, x, h):
        return law.measure(x) * law.material.energy(h, law.temperature_at(t, x))

    total = jnp.zeros((), state.dtype)
    for block in scheme.blocks:
        degree = block.formulation.degree(block.mesh.cell)
        geometry, deformed = _deformation(block, state, t, degree)
        values = at_every_point(density, block.law)(geometry.x, deformed)
        total = total + jnp.sum(geometry.weight * values)
    return total


def reaction_forces(
    scheme: FiniteElement,
    state: Float[Array, "dim nodes"],
    *,
    t: Array | float = 0.0,
    history: Any = None,
) -> dict[str, Float[Array, " dim"]]:
    """Force [N] that acts on the solid through each boundary part.

    Nodal reactions where displacements are held, the integral of the load elsewhere;
    per metre of a plane solid and per radian of a ring.

    Args:
        scheme: a solid on a mesh.
        state: displacements [m].
        t: time [s].
        history: as in `nodal_stress`.
    """
    scheme = _solid_scheme(scheme, history)
    outward = scheme.boundary_flux(jnp.asarray(t, state.dtype), state)
    return {name: -flux for name, flux in outward.items()}


def _solid_scheme(scheme: FiniteElement, history) -> FiniteElement:
    """The scheme; with memory, that of a step of no length from its history."""
    law = scheme.problem.law
    if isinstance(law, AbstractHistoryLaw) and history is None:
        raise TypeError(
            f"scheme.problem.law is a {type(law).__name__}, whose stress depends on "
            "its history; give history=solution.final_history."
        )
    scheme = scheme_over_step(scheme, history, 0.0)
    if not isinstance(scheme.problem.law, AbstractSolid):
        raise TypeError(
            f"scheme.problem.law is a {type(law).__name__}, which has no stress; give "
            "the scheme of a Solid, PlaneStrain, PlaneStress or Axisymmetric."
        )
    return scheme


def _degree(block: ElementBlock) -> Degree:
    """Quadrature from which stress is extrapolated; a memory is where it is."""
    cell = block.mesh.cell
    if cell.order == 1 or point_fields(block.law):
        return block.formulation.degree(cell)
    if cell.wedge:
        return 2, 3
    return 2 if cell.simplex else 3


def _deformation(block: ElementBlock, state, t, degree):
    mesh, law, formulation, _ = block
    geometry = cell_geometry(mesh, degree)
    u, grad_u = interpolated(mesh.cell, geometry, block.gather(state), degree)
    return geometry, formulation.deformation(law, mesh.cell, t, geometry, u, grad_u)


@lru_cache(maxsize=32)
def _extrapolation(cell: ReferenceCell, degree: Degree) -> np.ndarray:
    """Least-squares fit by functions of first order, (nodes, quadrature)."""
    linear = CELLS[cell.name.rstrip("0123456789")]
    points, _ = cell.quadrature(degree)
    return linear.shape(cell.nodes) @ np.linalg.pinv(linear.shape(points))
