"""Choose the discretisation that belongs to a grid or mesh."""

from typing import Any

import jax
import jax.numpy as jnp

from ..physics import (
    AbstractBalanceLaw,
    AbstractEssentialCondition,
    AbstractGas,
    AbstractIncompressible,
    AbstractNaturalCondition,
    Problem,
)
from .discretization import AbstractDiscretization
from .finite_element import FiniteElement
from .finite_volume import CartesianGrid, FiniteVolume, ShockCapturing
from .incompressible import Staggered, StaggeredGrid
from .mesh import Mesh
from .pointwise import in_dtype
from .spectral import Fourier, FourierGrid

_SHOCKS = {"flux", "reconstruction"}
"""Options that only `ShockCapturing` has."""


def discretize(
    problem: Problem,
    where: CartesianGrid | Mesh | FourierGrid | StaggeredGrid,
    **options: Any,
) -> AbstractDiscretization:
    """Put a problem on a grid or mesh.

    Args:
        problem: law, domain, conditions, initial state.
        where: `CartesianGrid` for finite volumes (of a gas or with a numerical flux
            `ShockCapturing`), `Mesh` for finite elements, `FourierGrid` for the
            pseudo-spectral scheme, `StaggeredGrid` for incompressible flow in a box.
            The points of a mesh are the geometry: it fills the `Box` of the problem,
            whose domain is a `Region` otherwise.
        **options: passed to `FiniteVolume`, `ShockCapturing`, `FiniteElement`,
            `Fourier` or `Staggered`.

    Returns:
        The discretisation.

    Raises:
        TypeError: `where` is none of the four, or neither a mesh nor a staggered grid
            for an incompressible law, or a method of the law returns another
            shape than its balance needs.
        ValueError: the scheme cannot use the geometry or a condition.
    """
    if isinstance(where, StaggeredGrid):
        return Staggered(problem, where, **options)
    if isinstance(where, CartesianGrid | Mesh | FourierGrid):
        _check_shapes(problem)
    if isinstance(problem.law, AbstractIncompressible) and not isinstance(where, Mesh):
        raise TypeError(
            f"where is a {type(where).__name__}, but problem.law is a "
            f"{type(problem.law).__name__}, whose pressure needs mixed elements; give "
            "a Mesh of second order: FiniteElement(problem, mesh, "
            "formulation=TaylorHood()), or a StaggeredGrid for NavierStokes in a Box."
        )
    if isinstance(where, CartesianGrid):
        if isinstance(problem.law, AbstractGas) or _SHOCKS & options.keys():
            return ShockCapturing(problem, where, **options)
        return FiniteVolume(problem, where, **options)
    if isinstance(where, Mesh):
        return FiniteElement(problem, where, **options)
    if isinstance(where, FourierGrid):
        return Fourier(problem, where, **options)
    raise TypeError(
        f"where is a {type(where).__name__}; give a CartesianGrid, a Mesh, a "
        "FourierGrid or a StaggeredGrid."
    )


def _check_shapes(problem: Problem) -> None:
    """Refuse a law or condition by name before a scheme stumbles over its shapes."""
    dimension, law = problem.domain.dimension, problem.law
    if not isinstance(law, AbstractBalanceLaw):
        return
    components, dtype = len(law.components), jnp.result_type(float)
    t, x, u, grad_u = (
        jax.ShapeDtypeStruct(shape, dtype)
        for shape in ((), (dimension,), (components,), (components, dimension))
    )
    cast = in_dtype(law, dtype)
    advice = (
        "Pass a law of your own through "
        f"check_balance_law(law, dimension={dimension}); build many parameters at once "
        "under jax.vmap."
    )
    for method, arguments in (
        ("storage", (t, x, u)),
        ("flux", (t, x, u, grad_u)),
        ("source", (t, x, u, grad_u)),
    ):
        _check_shape(
            f"{type(law).__name__}.{method}",
            (getattr(cast, method), *arguments),
            [grad_u.shape if method == "flux" else u.shape],
            advice,
        )
    for part, conditions in problem.conditions.items():
        for condition in conditions:
            _check_condition(f"conditions[{part!r}]", condition, (t, x, u))


def _check_condition(place: str, condition: Any, at: tuple[Any, Any, Any]) -> None:
    t, x, u = at
    cast, name = in_dtype(condition, u.dtype), type(condition).__name__
    advice = "Give one number or one per component, and build many under jax.vmap."
    if isinstance(cast, AbstractEssentialCondition):
        call = (cast.value, t, x)
        _check_shape(f"{place}: {name}.value", call, [(), u.shape], advice)
    elif isinstance(cast, AbstractNaturalCondition):
        call = (cast.normal_flux, t, x, x, u)
        _check_shape(f"{place}: {name}.normal_flux", call, [u.shape], advice)


def _check_shape(name: str, call: tuple, wanted: list[tuple], advice: str) -> None:
    allowed = " or ".join(str(shape) for shape in wanted)
    try:
        shape = jax.eval_shape(*call).shape
    except (TypeError, ValueError) as error:
        if "roadcast" not in str(error):
            raise
        raise TypeError(
            f"{name} must return the shape {allowed} at a point, but its parameters "
            f"have shapes that do not fit ({error}). {advice}"
        ) from error
    if shape not in wanted:
        raise TypeError(
            f"{name} returns the shape {shape} at a point, but must return {allowed}. "
            f"{advice}"
        )
