"""Histories of a law with memory, kept at the quadrature points of its formulation.

Over one step the law is a balance law with the history at the start as a parameter, and
the scheme an ordinary one: its root is the end of the step, whose history follows.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from ...physics import AbstractBalanceLaw, AbstractHistoryLaw
from ...physics.cell_field import PointField, law_of, point_fields
from ...physics.history_solid import over_step
from ...physics.solid import AbstractSolid
from ..mesh import Mesh
from .cell_density import at_every_point
from .cell_forms import supply_cells
from .geometry import gather_nodes
from .per_member import per_member
from .weak_form import interpolated


def at_start(law: Any) -> AbstractBalanceLaw:
    """The balance law that a law is before anything happened: itself without memory."""
    if not isinstance(law, AbstractHistoryLaw):
        return law
    history = law_of(law, 0).initial_history()
    return over_step(law, history, jnp.ones(()))


def check_memory(law: Any, mesh: Mesh) -> None:
    """Refuse a law with memory on a mesh whose cells have several types.

    Raises:
        ValueError: histories are one table of cells by quadrature points.
    """
    if isinstance(law, AbstractHistoryLaw) and len(mesh.blocks) > 1:
        kinds = ", ".join(block.cell.name for block in mesh.blocks)
        raise ValueError(
            f"problem.law is a {type(law).__name__}, which has a memory, and the mesh "
            f"has {len(mesh.blocks)} blocks of cells ({kinds}); mesh with one type."
        )


def initial_history(scheme) -> Any:
    """The history of points to which nothing happened, (cells, quadrature, ...).

    `None` where the law of the scheme has no memory.
    """
    if not isinstance(scheme.problem.law, AbstractHistoryLaw):
        return None
    (block,) = scheme.blocks
    cell = block.mesh.cell
    _, weights = cell.quadrature(block.formulation.degree(cell))
    axes = (len(block.mesh.topology.cells), len(weights))
    start = law_of(scheme.problem.law, 0).initial_history()
    return jax.tree.map(
        lambda leaf: jnp.broadcast_to(leaf, (*axes, *jnp.shape(leaf))).astype(
            scheme.mesh.points.dtype
        ),
        start,
    )


def scheme_over_step(scheme, history: Any, dt: Array | float):
    """The scheme of one step of length dt [s] that starts with `history`.

    Args:
        scheme: a `FiniteElement` of a law with memory, or any without.
        history: (cells, quadrature, ...).
        dt: length of the step [s].

    Returns:
        The scheme itself without history.
    """
    if history is None:
        return scheme
    fields = jax.tree.map(PointField, history)
    law = over_step(scheme.problem.law, fields, dt)
    return eqx.tree_at(lambda this: this.problem.law, scheme, law)


def advanced_history(stepping, t: Array, state: Array) -> Any:
    """History (cells, quadrature, ...) at the end of a step.

    Args:
        stepping: of `scheme_over_step`.
        t: end of the step [s].
        state: at the end of the step, (components, nodes).

    Returns:
        `None` where the law has no memory.
    """
    if not point_fields(stepping.problem.law):
        return None

    def advanced(stepping, t, state):
        ((mesh, law, formulation, _),) = stepping.blocks
        geometry = supply_cells(mesh, formulation, None)
        nodal = gather_nodes(state, mesh.topology.cells.T)
        degree = formulation.degree(mesh.cell)
        u, grad_u = interpolated(mesh.cell, geometry, nodal, degree)
        if isinstance(law, AbstractSolid):
            seen = formulation.deformation(law, mesh.cell, t, geometry, u, grad_u)
            end = lambda law, x, h: law.material.advanced(h, law.temperature_at(t, x))
            history = at_every_point(end, law)(geometry.x, seen)
        else:
            end = lambda law, x, u, grad_u: law.advanced(t, x, u, grad_u)
            history = at_every_point(end, law)(geometry.x, u, grad_u)
        return jax.tree.map(lambda leaf: jnp.moveaxis(leaf, -1, 0), history)

    return per_member(advanced)(stepping, t, state)
