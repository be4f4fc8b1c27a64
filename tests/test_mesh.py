"""Meshes: geometry of every element, names, files, and what is refused."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from froude.solvers import (
    Mesh,
    box_mesh,
    inverted_cells,
    morph,
    read_mesh,
    rectangle_mesh,
    write_mesh,
)
from froude.solvers.cells import CELLS
from froude.solvers.finite_element.geometry import cell_geometry, facet_block_geometry

DATA = Path(__file__).parents[2] / "shared" / "data"
ELEMENTS = [(e, d) for d in (2, 3) for e in ("P1", "P2", "Q1", "Q2", "S2")]
ELEMENTS += [("W1", 3), ("W2", 3)]


def grid_mesh(element, dimension, n=2):
    if dimension == 2:
        return rectangle_mesh(n, n + 1, (0.0, 0.0), (1.0, 2.0), element=element)
    return box_mesh(n, n, n + 1, (0.0, 0.0, 0.0), (1.0, 2.0, 1.5), element=element)


@pytest.mark.parametrize("name", list(CELLS))
def test_quadrature_integrates_monomials_of_its_degree_exactly(name):
    cell = CELLS[name]
    for degree in (2 * cell.order, 2 * cell.order + 4):
        points, weights = cell.quadrature(degree)
        high, high_weights = cell.quadrature(degree + 6)
        assert (weights > 0).all()
        for power in np.ndindex(*[degree + 1] * cell.dimension):
            if sum(power) <= degree:
                value = weights @ np.prod(points**power, axis=1)
                reference = high_weights @ np.prod(high**power, axis=1)
                assert abs(value - reference) < 1e-14


def volume_and_outward_flux(mesh):
    outward = 0.0
    for name in mesh.boundary_names:
        facets = facet_block_geometry(mesh.points, mesh.topology.boundary(name).only)
        outward += jnp.sum(facets.weight * jnp.sum(facets.x * facets.normal, axis=1))
    return cell_geometry(mesh).weight.sum(), outward


@pytest.mark.parametrize("element,dimension", ELEMENTS)
def test_bent_mesh_has_the_volume_its_boundary_encloses(element, dimension):
    mesh = morph(
        grid_mesh(element, dimension),
        lambda x: x + 0.05 * jnp.sin(2 * jnp.roll(x, 1)) + 0.1 * x * jnp.roll(x, 1),
    )
    volume, outward = jax.jit(volume_and_outward_flux)(mesh)
    curved_solid = dimension == 3 and element in ("P2", "Q2", "S2")
    tolerance = 3e-4 if curved_solid else 1e-13
    assert abs(outward / dimension / volume - 1) < tolerance


def test_topology_is_equal_by_content_and_moving_points_compiles_once():
    compiled = []

    @jax.jit
    def volume(mesh):
        compiled.append(1)
        return cell_geometry(mesh).weight.sum()

    for scale in (1.0, 2.0):
        mesh = morph(rectangle_mesh(3, 3), lambda x, s=scale: s * x)
        assert volume(mesh) == pytest.approx(scale**2)
    assert len(compiled) == 1
    assert rectangle_mesh(3, 3).topology != rectangle_mesh(3, 4).topology


def test_inverted_cells_are_counted_when_concrete_and_marked_when_traced():
    mesh = rectangle_mesh(4, 4)
    fold = jnp.zeros_like(mesh.points).at[6, 0].set(0.6)
    with pytest.raises(ValueError, match=r"2 of 16 cells are inverted"):
        Mesh(mesh.points + fold, mesh.topology)
    with pytest.raises(ValueError, match="inverted"):
        morph(mesh, lambda x: x * jnp.array([-1.0, 1.0]))
    marks = jax.jit(
        lambda s: inverted_cells(Mesh(mesh.points + s * fold, mesh.topology))
    )
    assert [int(marks(s).sum()) for s in (0.0, 1.0)] == [0, 2]


TWO_TRIANGLES = {
    "points": [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]],
    "cell_type": "triangle",
    "cells": [[0, 1, 2], [0, 2, 3]],
}


@pytest.mark.parametrize(
    "change,message",
    [
        ({"cell_type": "pyramid"}, "'pyramid' is not supported"),
        ({"cell_type": "quad7"}, "'quad7' is not supported"),
        ({"cells": [[0, 1, 2], [0, 2, 4]]}, "node indices 0 … 4"),
        ({"cells": [[0, 1, 2]]}, "1 of 4 nodes belong to no cell"),
        ({"cells": [[0, 1, 2], [0, 3, 2]]}, "1 of 2 cells are inverted"),
        ({"cells": [[0, 1, 2], [0, 2, 3], [0, 2, 3]]}, "more than two cells"),
        ({"boundaries": {"a": [[1, 3]]}}, "no facets of any cell"),
        ({"boundaries": {"a": [[0, 1], [0, 2]]}}, "lie inside the mesh"),
        ({"boundaries": {"a": [[0, 1]], "b": [[1, 0]]}}, "in both 'b' and 'a'"),
        ({"groups": {"core": [2]}}, "cell index outside"),
        ({"points": [[0.0, 0.0], [1.0, 0.0], [np.nan, 1.0], [0.0, 1.0]]}, "not finite"),
    ],
)
def test_defective_mesh_is_refused_by_name(change, message):
    given = {
        key: value if isinstance(value, str | dict) else np.asarray(value)
        for key, value in {**TWO_TRIANGLES, **change}.items()
    }
    with pytest.raises(ValueError, match=message):
        Mesh.from_cells(
            given.pop("points"), given.pop("cell_type"), given.pop("cells"), **given
        )


def test_unnamed_facets_are_the_remainder_and_missing_names_are_listed():
    mesh = Mesh.from_cells(
        **{
            k: v if isinstance(v, str) else np.array(v)
            for k, v in TWO_TRIANGLES.items()
        },
        boundaries={"foot": np.array([[0, 1]]), "cut": np.array([[0, 2]])},
    )
    assert mesh.boundary_names == ("foot", "remainder")
    assert mesh.topology.interior_names == ("cut",)
    with pytest.raises(ValueError, match=r"'roof' .* \('foot', 'remainder'\)"):
        mesh.topology.boundary("roof")


@pytest.mark.parametrize("suffix", [".msh", ".vtu"])
@pytest.mark.parametrize("element,dimension", ELEMENTS)
def test_mesh_survives_a_file(tmp_path, element, dimension, suffix):
    plain = grid_mesh(element, dimension, 1)
    mesh = Mesh.from_cells(
        plain.points,
        plain.topology.cell_type,
        plain.topology.cells,
        boundaries={
            name: part.nodes.T[:, : part.only.facet.corners]
            for name, part in plain.topology.boundaries.items()
            if name != "y_max"
        },
        groups={"first": np.array([0])},
    )
    path = tmp_path / f"mesh{suffix}"
    write_mesh(path, mesh, point_data={"height": mesh.points[:, 1]})
    again = read_mesh(path)
    assert again.topology == mesh.topology
    assert "remainder" in again.boundary_names
    assert jnp.array_equal(again.points, mesh.points)


def test_clockwise_cells_of_a_file_are_turned_and_folded_ones_refused(tmp_path):
    import meshio

    mesh = box_mesh(2, 2, 2, element="P2")
    points, cells = np.asarray(mesh.points), mesh.topology.cells.copy()
    mirror = [1, 0, 2, 3, 4, 6, 5, 8, 7, 9]
    cells[::3] = cells[::3][:, mirror]
    meshio.write(tmp_path / "mixed.vtu", meshio.Mesh(points, [("tetra10", cells)]))
    turned = read_mesh(tmp_path / "mixed.vtu")
    assert cell_geometry(turned).weight.sum() == pytest.approx(1.0)
    folded = np.asarray(rectangle_mesh(4, 4, element="P1").points).copy()
    folded[6, 0] += 0.6
    blocks = [("triangle", rectangle_mesh(4, 4, element="P1").topology.cells)]
    meshio.write(
        tmp_path / "folded.vtu", meshio.Mesh(np.pad(folded, ((0, 0), (0, 1))), blocks)
    )
    with pytest.raises(ValueError, match="cells are inverted"):
        read_mesh(tmp_path / "folded.vtu")


def test_files_that_hold_no_usable_mesh_are_refused(tmp_path):
    import meshio

    points = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [2, 0, 0.3]])
    cases = {
        "surface in space": [("triangle", [[0, 1, 2], [0, 2, 3], [1, 4, 2]])],
        "two or three dimensions": [("line", [[0, 1]])],
        "'pyramid'": [("pyramid", [[0, 1, 2, 3, 4]])],
    }
    for message, blocks in cases.items():
        meshio.write(tmp_path / "bad.vtu", meshio.Mesh(points, blocks))
        with pytest.raises(ValueError, match=message):
            read_mesh(tmp_path / "bad.vtu")
    (tmp_path / "bad.msh").write_text("nonsense")
    with pytest.raises(ValueError, match="no readable mesh: Error: Couldn't read"):
        read_mesh(tmp_path / "bad.msh")
    with pytest.raises(FileNotFoundError, match=r"none\.msh'.* no such mesh file"):
        read_mesh(tmp_path / "none.msh")


def test_reading_a_mesh_prints_nothing(tmp_path, capfd):
    write_mesh(tmp_path / "mesh.msh", rectangle_mesh(2, 2))
    read_mesh(tmp_path / "mesh.msh")
    assert capfd.readouterr() == ("", "")


PUBLIC = {
    "beams.msh": ("tetra", {"fixed", "remainder"}),
    "box.msh": ("tetra", {"front", "back", "top", "remainder"}),
    "internal.msh": ("triangle", {"top", "bottom", "left", "right"}),
    "cylinder_stokes.msh": ("triangle", {"remainder"}),
    "quadratic_sphere_tet.msh": ("tetra10", {"remainder"}),
    "mixedtriquad.msh": ("triangle+quad", {"boundary"}),
}


@pytest.mark.parametrize("name", PUBLIC)
def test_public_gmsh_file_is_read_with_its_names(name):
    if not (DATA / name).exists():
        pytest.skip(f"{name} is not in {DATA}")
    mesh = read_mesh(DATA / name)
    kinds = "+".join(block.cell_type for block in mesh.topology.blocks)
    assert (kinds, set(mesh.boundary_names)) == PUBLIC[name]
    assert all(float(cell_geometry(b).weight.min()) > 0 for b in mesh.blocks)
    if name == "quadratic_sphere_tet.msh":
        volume = float(cell_geometry(mesh).weight.sum())
        assert volume == pytest.approx(np.pi / 6, rel=3e-4)
