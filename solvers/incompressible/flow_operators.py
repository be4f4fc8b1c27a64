"""The Laplacians that an implicit step and the pressure need, in their modes."""

from jaxtyping import Array

from ..lattice import box_of
from .boundary_part import FREE, HELD, PERIODIC
from .line_modes import line_modes
from .separable import Separable
from .staggered import Staggered

_OF_PRESSURE = {HELD: FREE, FREE: HELD, PERIODIC: PERIODIC}


def velocity_operator(scheme: Staggered, component: int) -> Separable:
    """Laplacian of a velocity with its boundary values and fluxes at zero."""
    layout = scheme.layout
    modes = tuple(
        line_modes(
            scheme.grid,
            axis,
            on_faces=axis == component,
            ends=layout.kinds(component, axis),
        )
        for axis in range(layout.dimension)
    )
    return Separable(modes, _lengths(scheme))


def pressure_operator(scheme: Staggered) -> Separable:
    """Divergence of the gradient of the pressure.

    At a held velocity the pressure has no gradient, at a free one it is held.
    """
    layout = scheme.layout
    modes = []
    for axis in range(layout.dimension):
        low, high = layout.kinds(axis, axis)
        ends = (_OF_PRESSURE[low], _OF_PRESSURE[high])
        modes.append(line_modes(scheme.grid, axis, on_faces=False, ends=ends))
    return Separable(tuple(modes), _lengths(scheme))


def _lengths(scheme: Staggered) -> Array:
    box = box_of(scheme.problem.domain, scheme.grid.shape, "Staggered")
    return box.upper - box.lower
