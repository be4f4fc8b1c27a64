"""Nodal states with mesh and units, as xarray data sets in the UGRID convention."""

from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from jaxtyping import Array

from ...physics import Component
from ...physics.cell_field import law_of
from ..mesh import Mesh
from .cell_forms import supply_cells

if TYPE_CHECKING:
    import xarray as xr

_AXES = ("x", "y", "z")


def export_nodal(
    mesh: Mesh, components: tuple[Component, ...], times: Array, states: Array
) -> "xr.Dataset":
    """Label nodal states.

    Args:
        mesh: concrete points.
        components: names and units of the unknowns.
        times: saved times [s], (times,).
        states: (times, components, nodes).

    Returns:
        One variable (time, node) per component, node coordinates, the connectivity
        (cell, corner), filled up with -1 where cells of several types have fewer nodes,
        and a `mesh` variable with the UGRID attributes.

    Reference:
        UGRID conventions 1.0, https://ugrid-conventions.github.io.
    """
    import xarray as xr

    axes = _AXES[: mesh.dimension]
    values, points = np.asarray(states), np.asarray(mesh.points)
    located = {"mesh": "mesh", "location": "node"}
    data = {
        component.name: (
            ("time", "node"),
            values[:, row],
            {"units": component.unit, "long_name": component.long_name, **located},
        )
        for row, component in enumerate(components)
    }
    kind = "face" if mesh.dimension == 2 else "volume"
    data["mesh"] = (
        (),
        np.int32(0),
        {
            "cf_role": "mesh_topology",
            "topology_dimension": mesh.dimension,
            "node_coordinates": " ".join(f"node_{axis}" for axis in axes),
            f"{kind}_node_connectivity": "cell_nodes",
            "cell_type": "+".join(block.cell_type for block in mesh.topology.blocks),
        },
    )
    padding = {"_FillValue": np.int32(-1)} if len(mesh.topology.blocks) > 1 else {}
    data["cell_nodes"] = (
        ("cell", "cell_node"),
        _padded([block.cells for block in mesh.topology.blocks]),
        {"cf_role": f"{kind}_node_connectivity", "start_index": 0, **padding},
    )
    coordinates = {
        f"node_{axis}": ("node", points[:, i], {"units": "m", "axis": axis.upper()})
        for i, axis in enumerate(axes)
    }
    coordinates["time"] = ("time", np.asarray(times), {"units": "s"})
    return xr.Dataset(data, coordinates, {"Conventions": "CF-1.11 UGRID-1.0"})


def export_history(scheme: Any, history: Any) -> "xr.Dataset":
    """Label what a law with memory remembers at the quadrature points.

    Args:
        scheme: `FiniteElement` of the law, concrete.
        history: a pytree of (times, cells, quadrature, ...).

    Returns:
        One variable (time, cell, quadrature, ...) per array of the history, with the
        places of the quadrature points as coordinates.
    """
    import xarray as xr

    law = law_of(scheme.problem.law, 0)
    (block,) = scheme.blocks
    places = np.asarray(supply_cells(block.mesh, block.formulation, None).x)
    where = ("cell", "quadrature")
    names = [f"quadrature_{axis}" for axis in _AXES[: scheme.mesh.dimension]]
    coordinates = {
        name: (where, places[:, i].T, {"units": "m", "axis": name[-1].upper()})
        for i, name in enumerate(names)
    }
    data = {}
    leaves = jax.tree.leaves(history)
    for component, values in zip(law.history_components, leaves, strict=True):
        inner = [f"{component.name}_{axis}" for axis in range(values.ndim - 3)]
        details = {"units": component.unit, "long_name": component.long_name}
        data[component.name] = (("time", *where, *inner), np.asarray(values), details)
    return xr.Dataset(data, coordinates)


def _padded(tables: list[np.ndarray]) -> np.ndarray:
    width = max(table.shape[1] for table in tables)
    return np.concatenate(
        [
            np.pad(table, ((0, 0), (0, width - table.shape[1])), constant_values=-1)
            for table in tables
        ]
    )
