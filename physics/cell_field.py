"""Parameters that are given cell by cell: several materials, the density of a design.

A law sees one point, so it never meets more than the value of one cell: the scheme
that has cells puts the law of each cell together with `law_of`. What a law remembers
differs even between the quadrature points of a cell: `PointField`.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


class CellField(eqx.Module):
    """One value of a parameter for each cell of a mesh.

    It stands where a law, a material or a callable parameter takes a number. Gradients
    by the values and `jax.vmap` over many fields work as for any other leaf. Only
    `FiniteElement` can use it.

    Args:
        values: in the unit of the parameter, (cells, *shape of the parameter).

    Raises:
        ValueError: no axis over cells.
        TypeError: on use as a number, outside a scheme that has cells.

    Example:
        >>> import jax.numpy as jnp
        >>> from froude.physics import HeatConduction
        >>> law = HeatConduction(CellField(jnp.array([1.0, 50.0])))
        >>> law_of(law, 1).conductivity(300.0).item()
        50.0
    """

    values: Float[Array, "cells ..."] = eqx.field(converter=jnp.asarray)

    def __check_init__(self) -> None:
        if self.values.ndim < 1:
            raise ValueError(
                f"values = {self.values} is one number; give one for each cell."
            )

    @classmethod
    def from_groups(
        cls,
        cells: int,
        groups: dict[str, np.ndarray],
        values: dict[str, Any],
        *,
        default: Any = None,
    ) -> "CellField":
        """A parameter that has one value in each named group of cells.

        Args:
            cells: how many cells the mesh has.
            groups: name to the indices of its cells, such as `mesh.topology.groups`.
            values: name to the value there; later names win where groups overlap.
            default: value of the cells in none of the groups; `None` to refuse those.

        Raises:
            ValueError: an unknown group, no group, or cells without a value.
        """
        unknown = sorted(set(values) - set(groups))
        if unknown or not values:
            raise ValueError(
                f"values names {unknown or 'no group'}; the groups are "
                f"{sorted(groups)}."
            )
        owner = np.full(cells, -1)
        for number, name in enumerate(values):
            owner[groups[name]] = number
        bare = np.flatnonzero(owner < 0)
        table = [jnp.asarray(value) for value in values.values()]
        if len(bare):
            if default is None:
                raise ValueError(
                    f"values: {len(bare)} of {cells} cells (first: "
                    f"{bare[:5].tolist()}) lie in none of the groups "
                    f"{sorted(values)}; give them a default."
                )
            owner[bare] = len(table)
            table.append(jnp.asarray(default))
        return cls(jnp.stack(jnp.broadcast_arrays(*table))[owner])

    def checked(self, check: Callable[[Array], Array]) -> "CellField":
        """The same field with its values passed through `check`."""
        return CellField(check(self.values))

    def __jax_array__(self) -> Array:
        raise TypeError(
            f"a parameter is given cell by cell ({len(self.values)} cells), which only "
            "finite elements on the mesh of those cells can use: "
            "discretize(problem, mesh)."
        )


def is_cell_field(node: Any) -> bool:
    """Whether a node of a pytree is a `CellField`."""
    return isinstance(node, CellField)


def cell_fields(tree: Any) -> list[CellField]:
    """All cell fields in a law, problem or other pytree."""
    leaves = jax.tree.leaves(tree, is_leaf=is_cell_field)
    return [leaf for leaf in leaves if is_cell_field(leaf)]


def law_of(tree: Any, cell: int | Array) -> Any:
    """What holds in one cell: every cell field replaced by its value there.

    Point fields are taken at the first quadrature point.
    """
    tree = with_cell_values(tree, [field.values[cell] for field in cell_fields(tree)])
    first = [field.values[cell, 0] for field in point_fields(tree)]
    return with_point_values(tree, first)


def law_of_cells(tree: Any, start: int, stop: int) -> Any:
    """The same with cell fields of the cells `start` to `stop` only."""
    return jax.tree.map(
        lambda node: (
            CellField(node.values[start:stop]) if is_cell_field(node) else node
        ),
        tree,
        is_leaf=is_cell_field,
    )


def with_cell_values(tree: Any, values: list[Array]) -> Any:
    """Replace the cell fields of a pytree, in the order of `cell_fields`."""
    return _with_values(tree, values, is_cell_field)


class PointField(eqx.Module):
    """One value for each quadrature point of each cell, such as a history.

    Args:
        values: (cells, quadrature, *shape at a point).
    """

    values: Float[Array, "cells quadrature ..."]


def is_point_field(node: Any) -> bool:
    """Whether a node of a pytree is a `PointField`."""
    return isinstance(node, PointField)


def point_fields(tree: Any) -> list[PointField]:
    """All point fields in a law or other pytree."""
    leaves = jax.tree.leaves(tree, is_leaf=is_point_field)
    return [leaf for leaf in leaves if is_point_field(leaf)]


def with_point_values(tree: Any, values: list[Array]) -> Any:
    """Replace the point fields of a pytree, in the order of `point_fields`."""
    return _with_values(tree, values, is_point_field)


def at_first_points(tree: Any) -> Any:
    """The same with one value in each cell, that of its first quadrature point."""
    first = [CellField(field.values[:, 0]) for field in point_fields(tree)]
    return with_point_values(tree, first)


def _with_values(tree: Any, values: list[Array], replaced: Callable) -> Any:
    remaining = iter(values)
    return jax.tree.map(
        lambda node: next(remaining) if replaced(node) else node,
        tree,
        is_leaf=replaced,
    )


def refuse_cell_fields(tree: Any, user: str) -> None:
    """Refuse parameters that are given per cell of a mesh.

    Raises:
        TypeError: with the number of cells and who refuses.
    """
    for field in cell_fields(tree):
        raise TypeError(
            f"{user} cannot use a parameter that is given for each of the "
            f"{len(field.values)} cells of a mesh; use finite elements on that mesh, "
            "or write the parameter as a function of (t, x)."
        )
