"""Choose the discretisation that belongs to a grid or mesh."""

from typing import Any

import jax
import jax.numpy as jnp

from ..physics import AbstractBalanceLaw, Problem
from .discretization import AbstractDiscretization
from .finite_element import FiniteElement
from .finite_volume import CartesianGrid, FiniteVolume
from .mesh import Mesh
from .pointwise import in_dtype
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
        TypeError: `where` is none of the three, or a method of the law returns another
            shape than its balance needs.
        ValueError: the scheme cannot use the geometry or a condition.
    """
    if isinstance(where, CartesianGrid | Mesh | FourierGrid):
        _check_shapes(problem)
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


def _check_shapes(problem: Problem) -> None:
    """Refuse a law by name before a scheme stumbles over the shapes it returns."""
    dimension, law = problem.domain.dimension, problem.law
    if not isinstance(law, AbstractBalanceLaw):
        return
    components, dtype = len(law.components), jnp.result_type(float)
    t, x, u, grad_u = (
        jax.ShapeDtypeStruct(shape, dtype)
        for shape in ((), (dimension,), (components,), (components, dimension))
    )
    cast = in_dtype(law, dtype)
    values = {
        "storage": jax.eval_shape(cast.storage, t, x, u),
        "flux": jax.eval_shape(cast.flux, t, x, u, grad_u),
        "source": jax.eval_shape(cast.source, t, x, u, grad_u),
    }
    for method, value in values.items():
        wanted = grad_u.shape if method == "flux" else u.shape
        if value.shape != wanted:
            raise TypeError(
                f"{type(law).__name__}.{method} returns the shape {value.shape} at a "
                f"point, but must return {wanted}: {components} component(s) in "
                f"{dimension} dimension(s). Pass a law of your own through "
                f"check_balance_law(law, dimension={dimension})."
            )
