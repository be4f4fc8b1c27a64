"""Choose the discretisation that belongs to a grid or mesh."""

from typing import Any

from ..physics import Problem
from .discretization import AbstractDiscretization
from .finite_element import FiniteElement
from .finite_volume import CartesianGrid, FiniteVolume
from .mesh import Mesh
from .spectral import Fourier, FourierGrid


def discretize(
    problem: Problem, where: CartesianGrid | Mesh | FourierGrid, **options: Any
) -> AbstractDiscretization:
    """Put a problem on a grid or mesh.

    Args:
        problem: law, domain, conditions, initial state.
        where: `CartesianGrid` for finite volumes, `Mesh` for finite elements,
            `FourierGrid` for the pseudo-spectral scheme. The points of a mesh are
            the geometry: it fills the `Box` of the problem, whose domain is a
            `Region` otherwise.
        **options: passed to `FiniteVolume`, `FiniteElement` or `Fourier`.

    Returns:
        The discretisation.

    Raises:
        TypeError: `where` is none of the three.
        ValueError: the scheme cannot use the geometry or a condition.
    """
    if isinstance(where, CartesianGrid):
        return FiniteVolume(problem, where, **options)
    if isinstance(where, Mesh):
        return FiniteElement(problem, where, **options)
    if isinstance(where, FourierGrid):
        return Fourier(problem, where, **options)
    raise TypeError(
        f"where is a {type(where).__name__}; give a CartesianGrid, a Mesh or a "
        "FourierGrid."
    )
