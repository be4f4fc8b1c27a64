"""Whether a steady problem has one answer, judged at the state found.

A solid is judged as one: by its rigid motions, and by what its material stores.
"""

import warnings

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.core import Tracer
from jaxtyping import Array, Bool

from ..physics import AbstractGas, AbstractSmallStrainMaterial
from ..physics.cell_field import at_first_points, cell_fields, with_cell_values
from ..physics.solid import AbstractSolid
from .discretization import AbstractDiscretization
from .finite_element import FiniteElement
from .finite_element.rigid_motion import free_motions, has_free_motion
from .finite_element.tangent import indefinite, loses_ellipticity
from .status import Status


def diffuses_backwards(
    scheme: AbstractDiscretization, t: Array, state: Array
) -> Bool[Array, ""]:
    """Whether somewhere a component's flux can grow along its own gradient.

    The tensor -d flux/d grad u of each component is judged by the eigenvalues of its
    symmetric part, as a constant conductivity is; zero eigenvalues are admitted. For
    solids see `loses_ellipticity`.
    """
    law = scheme.problem.law
    if isinstance(scheme, FiniteElement) and isinstance(law, AbstractSolid):
        return loses_ellipticity(*_constant((scheme, t, state)))
    law = at_first_points(law)
    points = scheme.coordinates().astype(state.dtype)
    values = scheme.collocate(state)
    fields = [field.values for field in cell_fields(law)]
    if fields:
        topology = scheme.mesh.topology  # pyright: ignore[reportAttributeAccessIssue]
        cells = [block.cells for block in topology.blocks]
        points = jnp.concatenate([points[nodes].mean(axis=1) for nodes in cells])
        values = jnp.concatenate([values[:, n].mean(axis=2) for n in cells], axis=1)

    def at_point(x, u, own, everywhere=law):
        law = with_cell_values(everywhere, own)
        still = jnp.zeros((u.shape[0], x.shape[0]), u.dtype)
        slope = jax.jacfwd(lambda gradient: law.flux(t, x, u, gradient))(still)
        own = -jnp.einsum("cdce->cde", slope)
        return jnp.any(jax.vmap(indefinite)(0.5 * (own + own.mT)))

    return jnp.any(jax.vmap(at_point, (0, 1, 0))(points, values, fields))


def is_vacuous(scheme: AbstractDiscretization, state: Array) -> Bool[Array, ""]:
    """Whether a gas has a density or pressure that is not positive somewhere."""
    law = scheme.problem.law
    if not isinstance(law, AbstractGas):
        return jnp.zeros((), bool)
    admissible = jax.vmap(law.admissible, in_axes=1)(scheme.collocate(state))
    return ~jnp.all(admissible)


def _constant(tree):
    """A pytree without derivatives: a verdict has none."""
    arrays, rest = eqx.partition(tree, eqx.is_inexact_array)
    return eqx.combine(lax.stop_gradient(arrays), rest)


def level_is_free(
    scheme: AbstractDiscretization, t: Array, state: Array
) -> Bool[Array, ""]:
    """Whether some mix of components is supplied alike in every state.

    The sum of its equations is then free of unknowns and the Jacobian singular. A solid
    is free where its supports and springs leave a rigid motion.
    """
    law = scheme.problem.law
    if isinstance(scheme, FiniteElement) and isinstance(law, AbstractSolid):
        return has_free_motion(*_constant((scheme, t, state)))

    def supply(state):
        outflow = scheme.boundary_flux(t, state)
        return scheme.source_integral(t, state) - sum(outflow.values())

    def slope(key):
        change = jax.random.uniform(key, state.shape, state.dtype, 0.5, 1.5)
        return jax.jvp(supply, (state,), (change,))[1]

    keys = jax.random.split(jax.random.key(0), state.shape[0])
    slopes = jnp.stack([slope(key) for key in keys])
    size = jnp.max(jnp.abs(slopes), axis=0)
    scaled = slopes / jnp.where(size > 0, size, 1.0)
    least = jnp.linalg.svd(scaled, compute_uv=False)[-1]
    return least <= 1e3 * jnp.finfo(state.dtype).eps


def warn_of_free_level(scheme: AbstractDiscretization, status: Array) -> None:
    """Warn that nothing fixes the level of a steady state, if all is concrete.

    A solid is warned of by its free motions.
    """
    law = scheme.problem.law
    if isinstance(status, Tracer) or isinstance(law, AbstractSolid):
        return
    if np.any(np.asarray(status) == Status.SINGULAR):
        names = " and ".join(component.name for component in law.components)
        warnings.warn(
            f"nothing fixes the level of {names}: no condition holds it and no flux or "
            "source depends on it; give a Dirichlet, Robin or Radiation condition "
            "somewhere. The status is SINGULAR.",
            stacklevel=3,
        )


def warn_of_free_motions(scheme: AbstractDiscretization) -> None:
    """Warn of the rigid motions that leave a solid unsupported, if all is concrete."""
    law = scheme.problem.law
    if not isinstance(scheme, FiniteElement) or not isinstance(law, AbstractSolid):
        return
    told = scheme.mesh, scheme.problem, scheme.constraints
    leaves = jax.tree.leaves(eqx.filter(told, eqx.is_array))
    if any(isinstance(leaf, Tracer) for leaf in leaves):
        return
    free = free_motions(scheme)
    if not isinstance(law.material, AbstractSmallStrainMaterial):
        free = [motion for motion in free if motion.startswith("translation")]
    if free:
        warnings.warn(
            f"the solid is not supported against {', '.join(free)}; hold it there with "
            "Dirichlet or Spring conditions. The status is SINGULAR.",
            stacklevel=3,
        )
