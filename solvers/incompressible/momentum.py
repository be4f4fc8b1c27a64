"""Momentum that crosses the faces of the volumes around each velocity.

Central differences on a staggered grid: F. H. Harlow and J. E. Welch (1965), Phys.
Fluids 8, 2182. Convection takes the plain mean of both neighbours, on cells of any
width, so that its matrix is skew-symmetric and the kinetic energy of a flow without
viscosity is kept: R. W. C. P. Verstappen and A. E. P. Veldman (2003), J. Comput. Phys.
187, 343.

All functions give amounts per second [N in three dimensions] along +axis, for the
velocity `component`. Along its own axis there are n + 2 layers: the lower end, the
centres of the cells, the upper end; along another axis n + 1 layers of edges.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from .boundary_part import FREE, HELD, PERIODIC
from .faces import Layout, ahead, along, behind, between, layer


def convective_flux(
    layout: Layout, t: Array, faces: tuple[Array, ...], component: int, axis: int
) -> Float[Array, "..."]:
    """Volume flow times velocity [m^(dim+1) s^-2]; times ρ it is momentum."""
    moved, carrier = faces[component], faces[axis]
    others = layout.others(component, axis)
    low, high = layout.kinds(component, axis)
    if component == axis:
        inner = between(moved, axis) ** 2
        ends = [
            layer(moved, axis, i) ** 2 if kind == FREE else None
            for i, kind in ((0, low), (-1, high))
        ]
        return others * _with_ends(inner, axis, low, ends)
    width = along(layout.lines[component].width, component, layout.dimension)
    flow = between(_padded(carrier * width, component, layout), component)
    first, last = layer(moved, axis, 0), layer(moved, axis, -1)
    if low == PERIODIC:
        seam = 0.5 * (first + last)
        ends = [seam, seam]
    else:
        ends = [
            layout.end_value(component, axis, t, high=is_high)
            if kind == HELD
            else nearest
            for kind, nearest, is_high in ((low, first, False), (high, last, True))
        ]
    at_edge = jnp.concatenate([ends[0], between(moved, axis), ends[1]], axis)
    return others * flow * at_edge


def diffusive_flux(
    layout: Layout,
    t: Array,
    viscosity: Array,
    faces: tuple[Array, ...],
    component: int,
    axis: int,
) -> Float[Array, "..."]:
    """-μ ∂u/∂x times area, and what the conditions of free velocities prescribe."""
    moved, line = faces[component], layout.lines[axis]
    low, high = layout.kinds(component, axis)
    sides = ((low, False), (high, True))
    given = [
        layout.end_flux(component, axis, t, high=is_high) if kind == FREE else None
        for kind, is_high in sides
    ]
    if component == axis:
        slope = (ahead(moved, axis) - behind(moved, axis)) / along(
            line.width, axis, layout.dimension
        )
        return layout.others(axis) * _with_ends(-viscosity * slope, axis, low, given)
    apart = along(line.apart, axis, layout.dimension)
    first, last = layer(moved, axis, 0), layer(moved, axis, -1)
    inner = (ahead(moved, axis) - behind(moved, axis)) / behind(
        ahead(apart, axis), axis
    )
    if low == PERIODIC:
        seam = -viscosity * (first - last) / layer(apart, axis, 0)
        given = [seam, seam]
    if low == HELD:
        wall = layout.end_value(component, axis, t, high=False)
        given[0] = -viscosity * (first - wall) / layer(apart, axis, 0)
    if high == HELD:
        wall = layout.end_value(component, axis, t, high=True)
        given[1] = -viscosity * (wall - last) / layer(apart, axis, -1)
    around = along(layout.lines[component].apart, component, layout.dimension)
    flux = jnp.concatenate([given[0], -viscosity * inner, given[1]], axis)
    return layout.others(component, axis) * around * flux


def pressure_flux(layout: Layout, pressure: Array, axis: int) -> Float[Array, "..."]:
    """p times area along its own axis; at a free end it is part of the given flux."""
    low, _ = layout.kinds(axis, axis)
    return layout.others(axis) * _with_ends(pressure, axis, low, [None, None])


def net(flux: Array, axis: int) -> Array:
    """What comes in less what goes out."""
    return behind(flux, axis) - ahead(flux, axis)


def volume_flow(layout: Layout, faces: tuple[Array, ...]) -> Array:
    """Volume that leaves each cell [m^dim s^-1]."""
    leaving = [
        layout.others(axis) * (ahead(field, axis) - behind(field, axis))
        for axis, field in enumerate(faces)
    ]
    return sum(leaving[1:], leaving[0])


def _with_ends(inner: Array, axis: int, low: str, ends: list[Array | None]) -> Array:
    """Fluxes at centres with those of both ends, zero where a held face needs none."""
    if low == PERIODIC:
        first, last = layer(inner, axis, -1), layer(inner, axis, 0)
    else:
        none = jnp.zeros_like(layer(inner, axis, 0))
        first, last = (none if end is None else end for end in ends)
    return jnp.concatenate([first, inner, last], axis)


def _padded(field: Array, axis: int, layout: Layout) -> Array:
    """Layers of cells with the neighbours over the period, or with none."""
    if layout.parts[axis] is None:
        ends = layer(field, axis, -1), layer(field, axis, 0)
    else:
        none = jnp.zeros_like(layer(field, axis, 0))
        ends = none, none
    return jnp.concatenate([ends[0], field, ends[1]], axis)
