"""How finite elements fit a problem to a mesh and impose its conditions.

Natural conditions are integrated on the facets; essential ones own their nodes.
"""

from collections.abc import Callable
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array

from ...physics import (
    AbstractEssentialCondition,
    AbstractFollowerLoad,
    AbstractNaturalCondition,
    Box,
    Outflow,
    PointLoad,
    Problem,
)
from ...physics.boundary import acts_on
from ..mesh import Mesh
from ..topology import Topology

_FILLS = 1e-6

Held = tuple[tuple[str, tuple[bool, ...]], ...]
"""Boundary names with the components that an essential condition prescribes."""


def check_conditions(problem: Problem, topology: Topology) -> None:
    """Refuse a problem whose boundary does not match the mesh.

    Raises:
        ValueError: another dimension or other boundary names than the mesh has.
        TypeError: a condition that is neither essential, natural nor `Outflow`.
    """
    if problem.domain.dimension != topology.dimension:
        raise ValueError(
            f"problem.domain has {problem.domain.dimension} dimensions and the mesh "
            f"{topology.dimension}; use a mesh of the same dimension."
        )
    given, present = set(problem.conditions), set(topology.boundary_names)
    points = set(topology.point_sets)
    if given - points != present:
        raise ValueError(
            "problem.conditions: the mesh has no boundary "
            f"{sorted(given - present - points)} and its boundary "
            f"{sorted(present - given)} has no condition; the mesh has "
            f"{topology.boundary_names} and the point sets {sorted(points)}."
        )
    for name, conditions in problem.conditions.items():
        for condition in conditions:
            if name in points:
                _check_point_condition(name, condition)
            elif not isinstance(
                condition,
                AbstractEssentialCondition
                | AbstractNaturalCondition
                | AbstractFollowerLoad
                | Outflow,
            ):
                raise TypeError(
                    f"conditions[{name!r}]: finite elements cannot impose a "
                    f"{type(condition).__name__}; derive it from "
                    "AbstractEssentialCondition or AbstractNaturalCondition."
                )


def _check_point_condition(name: str, condition) -> None:
    if not isinstance(condition, AbstractEssentialCondition | PointLoad):
        raise TypeError(
            f"conditions[{name!r}] holds a {type(condition).__name__}, but a point set "
            "has no area; give it a PointLoad or a Dirichlet."
        )


def check_extents(box: Box, mesh: Mesh) -> None:
    """Refuse a mesh that does not reach from corner to corner of a box.

    Raises:
        ValueError: other smallest or largest coordinates. Traced ones are not checked.
    """
    if any(isinstance(a, Tracer) for a in (box.lower, box.upper, mesh.points)):
        return
    lower, upper = np.asarray(box.lower, float), np.asarray(box.upper, float)
    points = np.asarray(mesh.points, float)
    found = np.stack([points.min(axis=0), points.max(axis=0)])
    wanted = np.stack([lower, upper])
    round_off = 8 * float(jnp.finfo(mesh.points.dtype).eps) * np.abs(wanted).max()
    if np.any(np.abs(found - wanted) > _FILLS * (upper - lower).max() + round_off):
        raise ValueError(
            f"mesh runs from {found[0]} to {found[1]} m, but problem.domain is the "
            f"Box from {box.lower} to {box.upper} m; mesh that box, or let the "
            "mesh be the geometry: domain=Region(mesh.dimension, mesh.boundary_names)."
        )


def held_components(problem: Problem) -> Held:
    """Where essential conditions act."""
    held = []
    for name, conditions in problem.conditions.items():
        for condition in conditions:
            if isinstance(condition, AbstractEssentialCondition):
                mask = acts_on(condition, problem.law)
                held.append((name, tuple(bool(m) for m in mask)))
    return tuple(held)


def natural_parts(problem: Problem) -> tuple[str, ...]:
    """Names of the parts with a natural condition or outflow on some component."""
    return tuple(
        name
        for name, conditions in problem.conditions.items()
        if any(
            not isinstance(c, AbstractEssentialCondition | PointLoad)
            for c in conditions
        )
    )


def point_supply(
    problem: Problem, topology: Topology, t: Array, points: Array, state: Array
) -> dict[str, Array]:
    """Supply of the loads at the nodes of each point set, (components, nodes)."""
    supply = {}
    for name in topology.point_sets:
        nodes = topology.point_sets[name]
        for load in problem.conditions.get(name, ()):
            if isinstance(load, PointLoad):
                at_node = jax.vmap(lambda x, u, c=load: c.supply(t, x, u), (0, 1), 1)
                values = at_node(points[nodes], state[:, nodes])
                mask = acts_on(load, problem.law)[:, None]
                supply[name] = supply.get(name, 0.0) + jnp.where(mask, values, 0.0)
    return supply


def natural_flux(problem: Problem, name: str) -> Callable[..., Array]:
    """The outward normal flux (t, x, normal, u) of all natural conditions of a part."""
    law = problem.law

    def flux(t, x, normal, u):
        total = jnp.zeros_like(u)
        for condition in problem.conditions[name]:
            if isinstance(condition, AbstractNaturalCondition):
                outward = condition.normal_flux(t, x, normal, u)
            elif isinstance(condition, Outflow):
                at_rest = jnp.zeros((u.shape[0], x.shape[0]), u.dtype)
                outward = law.flux(t, x, u, at_rest) @ normal
            else:
                continue
            total = total + jnp.where(acts_on(condition, law), outward, 0.0)
        return total

    return flux


def prescribed_values(
    condition: AbstractEssentialCondition, t: Array, points: Array, components: int
) -> Array:
    """Prescribed u at `points` (points, dim): (components, points)."""
    values = jax.vmap(lambda x: jnp.atleast_1d(condition.value(t, x)))(points)
    return jnp.broadcast_to(values, (len(points), components)).T


def write_prescribed(problem: Problem, mesh: Mesh, t: Array, state: Array) -> Array:
    """The state (components, nodes) with its essential values at the time `t`."""
    for name, conditions in problem.conditions.items():
        nodes = mesh.topology.nodes_of(name)
        for condition in conditions:
            if isinstance(condition, AbstractEssentialCondition):
                rows = np.flatnonzero(acts_on(condition, problem.law))
                values = prescribed_values(condition, t, mesh.points[nodes], len(state))
                values = values[rows].astype(state.dtype)
                state = state.at[rows[:, None], nodes].set(values)
    return state


@lru_cache(maxsize=32)
def free_mask(topology: Topology, held: Held, components: int) -> np.ndarray:
    """True on degrees of freedom that no essential condition prescribes."""
    free = np.ones((components, topology.node_count), bool)
    for name, mask in held:
        nodes = topology.nodes_of(name)
        free[np.ix_(np.flatnonzero(mask), nodes)] = False
    free.setflags(write=False)
    return free


@lru_cache(maxsize=32)
def reaction_shares(
    topology: Topology, held: Held, components: int
) -> tuple[np.ndarray, ...]:
    """Share of each nodal reaction that an essential part takes.

    A node of several parts divides its reaction equally between them. One array
    (components, nodes of the part) for every entry of `held`.
    """
    owners = np.zeros((components, topology.node_count))
    for name, mask in held:
        nodes = topology.nodes_of(name)
        owners[np.ix_(np.flatnonzero(mask), nodes)] += 1
    return tuple(
        np.asarray(mask)[:, None] / np.maximum(owners[:, topology.nodes_of(name)], 1)
        for name, mask in held
    )
