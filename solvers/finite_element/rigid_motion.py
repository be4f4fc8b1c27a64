"""Rigid motions of a solid: near-null space of its stiffness, and which are free.

In small strain a body resists neither translations nor (infinitesimal) rotations

    u = e_i,   u = e_k × (x - c).

They are what multigrid must represent on coarse levels. Where supports and springs
leave a combination of them free, no displacement is the answer. A solid of revolution
resists all but the translation along its axis. T. J. R. Hughes, The Finite Element
Method (2000), section 2.10.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Bool, Float

from ...physics import AbstractNaturalCondition, AbstractSmallStrainMaterial
from ...physics.axisymmetric import Axisymmetric
from ...physics.solid import AbstractSolid
from .boundary import free_mask, natural_flux
from .dependence import dependence
from .geometry import facet_block_geometry, gather_nodes
from .weak_form import facet_vector

_AXES = "xyz"
_FREE = 1e-10


def rigid_motions(points: Any) -> Any:
    """Translations along each axis, then rotations about z, or x, y and z.

    Rotations are about the middle of the points and scaled to displacements of the
    size of the translations.

    Args:
        points: node coordinates [m], (nodes, dim), of JAX (they may be traced) or of
            NumPy.

    Returns:
        Displacements [m], (modes, dim, nodes), of the same kind.
    """
    xp = np if isinstance(points, np.ndarray) else jnp
    axes = range(points.shape[1])
    centre = xp.mean(points, axis=0)
    arm = ((points - centre) / xp.max(xp.abs(points - centre))).T
    one, none = xp.ones_like(arm[0]), xp.zeros_like(arm[0])
    fields = [[one if i == axis else none for i in axes] for axis in axes]
    turns = ((0, 1),) if len(axes) == 2 else ((1, 2), (2, 0), (0, 1))
    for first, second in turns:
        moved = {first: -arm[second], second: arm[first]}
        fields.append([moved.get(i, none) for i in axes])
    return xp.stack([xp.stack(field) for field in fields])


def near_null_space(
    points: Float[Array, "nodes dim"],
) -> Float[Array, "unknowns modes"]:
    """Columns for `MultigridCG`: three in two dimensions, six in three.

    Axisymmetric solids take the three of the plane too: a ring far from the axis
    hardly resists the others.
    """
    motions = rigid_motions(points)
    return motions.reshape(len(motions), -1).T


def has_free_motion(scheme, t: Array, state: Array) -> Bool[Array, ""]:
    """Whether conditions leave a rigid motion of the solid free, at a state.

    In finite strain dead loads can hold a rotation as gravity holds a pendulum, so only
    translations are judged there.
    """
    solid = scheme.problem.law
    linear = isinstance(solid.material, AbstractSmallStrainMaterial)
    motions = rigid_motions(scheme.mesh.points).astype(state.dtype)
    motions = motions if linear else motions[: scheme.mesh.dimension]
    motions = _unresisted(solid, motions)
    held = [_supports(scheme, motions), *_springs(scheme, t, state, motions)]
    least = jnp.linalg.svd(jnp.concatenate(held), compute_uv=False)[-1]
    return least <= 1e3 * jnp.finfo(state.dtype).eps


def free_motions(scheme) -> tuple[str, ...]:
    """Name the rigid motions that the conditions of a solid leave free.

    In finite strain a rotation that is named may yet be held by the loads.

    Args:
        scheme: a `FiniteElement` of a solid with concrete points; its conditions too,
            where supports alone do not hold it.

    Returns:
        Such as `("translation along x", "rotation about z through (0, 0.5)")`; empty
        where the body is held.

    Raises:
        ValueError: traced points or conditions.
    """
    points = scheme.mesh.points
    _check_concrete((points, scheme.constraints))
    solid, host = scheme.problem.law, np.asarray(points, float)
    motions = _unresisted(solid, rigid_motions(host))
    smallest = max(_FREE, 1e3 * float(jnp.finfo(points.dtype).eps))
    held = _supports(scheme, motions)
    free = _nearly_null(held, smallest)
    if len(free):
        _check_concrete(scheme.problem)
        t, rest = jnp.zeros((), points.dtype), jnp.zeros(host.T.shape, points.dtype)
        springs = _springs(scheme, t, rest, jnp.asarray(motions, points.dtype))
        held = np.concatenate([held, *(np.asarray(rows) for rows in springs)])
        free = _nearly_null(held, smallest)
    if isinstance(solid, Axisymmetric):
        return ("translation along z",) if len(free) else ()
    return _names(free, host) if len(free) else ()


def _check_concrete(tree) -> None:
    if any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(tree)):
        raise ValueError(
            "scheme holds traced values, so free motions cannot be named; call "
            "free_motions outside jit and vmap."
        )


def _unresisted(solid: AbstractSolid, motions: Any) -> Any:
    """The motions that do not strain the solid."""
    return motions[1:2] if isinstance(solid, Axisymmetric) else motions


def _nearly_null(matrix: np.ndarray, smallest: float) -> np.ndarray:
    """Combinations of the columns that vanish, (combinations, columns)."""
    _, sizes, rows = np.linalg.svd(matrix)
    sizes = np.concatenate([sizes, np.zeros(len(rows) - len(sizes))])
    return rows[sizes <= smallest]


def _supports(scheme, motions: Any) -> Any:
    """What supports and constraints see of each motion (rows, modes); zero for a free
    combination."""
    xp = np if isinstance(motions, np.ndarray) else jnp
    components = len(scheme.problem.law.components)
    free = free_mask(scheme.mesh.topology, scheme._held, components)
    seen = [motions[:, ~free].T]
    for constraint in scheme.constraints.values():
        terms, weights = constraint.terms, xp.asarray(constraint.coefficients)
        weights = weights / xp.linalg.norm(weights, axis=1, keepdims=True)
        moved = motions[:, terms.components, terms.nodes]
        seen.append(xp.einsum("met,et->em", moved, weights.astype(motions.dtype)))
    seen = xp.concatenate(seen)
    if not len(seen):
        return xp.zeros((len(motions),) * 2, motions.dtype)
    square = xp.linalg.qr(seen, mode="r") / np.sqrt(max(len(seen), 1))
    return xp.concatenate([square, xp.zeros((len(motions),) * 2, motions.dtype)])


def _springs(scheme, t, state, motions) -> list[Float[Array, "rows modes"]]:
    """What loads that depend on the displacement make of each motion."""
    rows = []
    for name, conditions in scheme.problem.conditions.items():
        # a point load is dead
        if not any(_pulls_back(c, state, motions.shape[1]) for c in conditions):
            continue
        blocks = scheme.mesh.topology.boundary(name).blocks
        flux = natural_flux(scheme.problem, name)

        def forces(u, blocks=blocks, flux=flux):
            vectors = []
            for block in blocks:
                geometry = facet_block_geometry(scheme.mesh.points, block)
                nodal = gather_nodes(u, block.nodes)
                vector = facet_vector(block.facet, geometry, flux, t, nodal)
                vectors.append(vector.ravel())
            return jnp.concatenate(vectors)

        slope = jax.vmap(lambda m, f=forces: jax.jvp(f, (state,), (m,))[1])(motions)
        flat = slope.reshape(len(motions), -1).T
        size = jnp.max(jnp.abs(flat))
        scaled = flat / jnp.where(size > 0, size, 1.0) / np.sqrt(len(flat))
        rows.append(jnp.linalg.qr(scaled, mode="r"))
    return rows


def _pulls_back(condition, state, dimension) -> bool:
    if not isinstance(condition, AbstractNaturalCondition):
        return False
    shapes = ((), (dimension,), (dimension,), state.shape[:1])
    given = [jax.ShapeDtypeStruct(shape, state.dtype) for shape in shapes]
    ((*_, on_u),) = dependence(condition.normal_flux, *given)
    return on_u


def _names(free: np.ndarray, points: np.ndarray) -> tuple[str, ...]:
    """Names of a basis of the free motions (motions, modes), axes first."""
    dimension = points.shape[1]
    shifts = _null(free[:, dimension:], free)[:, :dimension]
    named = [f"translation along {d}" for d in _directions(shifts)]
    turning = free - (free[:, :dimension] @ _projector(shifts, dimension)) @ np.eye(
        dimension, free.shape[1]
    )
    count = np.linalg.matrix_rank(turning[:, dimension:], tol=1e-8)
    centre = points.mean(axis=0)
    arm = np.abs(points - centre).max()
    if count and dimension == 2:
        first = turning[np.abs(turning[:, 2]).argmax()]
        named.append(_rotation("z", first[:2] / first[2], [0, 0, 1.0], centre, arm))
    elif count:
        basis = np.linalg.svd(turning[:, 3:])[2][:count]
        for axis in _axes_of(basis):
            mix = np.linalg.lstsq(turning[:, 3:].T, axis, rcond=1e-8)[0]
            label = _label(axis)
            named.append(_rotation(label, (mix @ turning)[:3], axis, centre, arm))
    return tuple(named)


def _rotation(label, shift, axis, centre, arm) -> str:
    """The rotation about an axis through the point that stays where it is."""
    shift = np.pad(np.asarray(shift, float), (0, 3 - len(shift)))
    place = np.pad(centre, (0, 3 - len(centre))) + arm * np.cross(axis, shift)
    place = np.where(np.abs(place) < 1e-9 * arm, 0.0, place)[: len(centre)]
    return f"rotation about {label} through ({', '.join(f'{p:.4g}' for p in place)})"


def _null(matrix: np.ndarray, combined: np.ndarray) -> np.ndarray:
    """Combinations of the rows of `combined` for which those of `matrix` vanish."""
    if not len(matrix):
        return combined
    left, sizes, _ = np.linalg.svd(matrix)
    rank = int((sizes > 1e-8).sum())
    return left[:, rank:].T @ combined


def _projector(rows: np.ndarray, size: int) -> np.ndarray:
    if not len(rows):
        return np.zeros((size, size))
    return np.linalg.pinv(rows) @ rows


def _directions(rows: np.ndarray) -> list[str]:
    return [_label(axis) for axis in _axes_of(rows)] if len(rows) else []


def _axes_of(rows: np.ndarray) -> list[np.ndarray]:
    """A basis of the row space: coordinate axes where they lie in it."""
    size, count = rows.shape[1], np.linalg.matrix_rank(rows, tol=1e-8)
    inside = _projector(rows, size)
    unit = np.eye(size)
    axes = [e for e in unit if np.linalg.norm(inside @ e - e) < 1e-6]
    rest = inside - sum((np.outer(e, e) for e in axes), np.zeros((size, size)))
    others = np.linalg.svd(rest)[2][: count - len(axes)]
    return axes + [o * np.sign(o[np.abs(o).argmax()]) for o in others]


def _label(axis: np.ndarray) -> str:
    along = np.flatnonzero(np.abs(axis) > 1e-6)
    if len(along) == 1:
        return _AXES[along[0]]
    return f"({', '.join(f'{a:.3g}' for a in axis)})"
