"""Nastran bulk data as engineers write it, and the orders of nodes in files."""

import meshio
import numpy as np
import pytest

from benchmarks.mixed_mesh import mixed_angle, mixed_plate
from froude.physics import (
    Dirichlet,
    IsotropicElastic,
    Problem,
    Region,
    Solid,
    Traction,
)
from froude.solvers import (
    FiniteElement,
    Mesh,
    box_mesh,
    read_mesh,
    solve_steady,
    write_mesh,
)

# Quick Reference Guide: the two corners between which G5, G9, ... lie.
TETRA = [(0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3)]
UP = {"wedge": 3, "hexahedron": 4}
CARDS = {"hexahedron": "CHEXA", "wedge": "CPENTA", "tetra": "CTETRA"}
CARDS |= {"quad": "CQUAD", "triangle": "CTRIA"}


def nastran_edges(kind):
    """Edges of the mid-side nodes in the order of the cards."""
    if kind == "tetra":
        return TETRA
    if kind in ("triangle", "quad"):
        n = 3 if kind == "triangle" else 4
        return [(i, (i + 1) % n) for i in range(n)]
    n = UP[kind]
    around = [(i, (i + 1) % n) for i in range(n)]
    upright = [(i, i + n) for i in range(n)]
    return around + upright + [(a + n, b + n) for a, b in around]


def vtk_edges(kind):
    """Edges of the mid-side nodes of the quadratic cells of VTK."""
    if kind == "tetra":
        return TETRA
    n = UP[kind]
    found = nastran_edges(kind)
    return found[:n] + found[2 * n :] + found[n : 2 * n]


def middles(points, corners, edges):
    """Nodes halfway along edges, found by their place: (cells, edges)."""
    places = [points[corners[:, list(edge)]].mean(axis=1) for edge in edges]
    distance = np.linalg.norm(np.stack(places, 1)[:, :, None] - points, axis=-1)
    assert distance.min(axis=-1).max() < 1e-12
    return distance.argmin(axis=-1)


def written(fields, layout):
    """A card in fields of 8, of 16, or between commas, with its continuations."""
    name, *data = map(str, fields)
    data = ["" if one == "None" else one for one in data]
    per_line = 4 if layout == "large" else 8
    rows = [data[at : at + per_line] for at in range(0, len(data), per_line)]
    if layout == "free":
        return "\n+,".join(
            [",".join([name, *rows[0]])] + [",".join(r) for r in rows[1:]]
        )
    width, star = (16, "*") if layout == "large" else (8, " ")
    lines = ["".join(one.rjust(width) for one in row) for row in rows]
    heads = [f"{name}{star}".ljust(8)] + [star.ljust(8)] * (len(rows) - 1)
    return "\n".join(head + line for head, line in zip(heads, lines, strict=True))


def bulk(mesh, layout, properties):
    """The mesh as bulk data with scattered numbers, without the help of meshio."""
    points = np.asarray(mesh.points)
    labels = 7 + 3 * np.random.default_rng(0).permutation(len(points))
    short = (lambda x: f"{x:.5f}"[:8]) if layout == "small" else (lambda x: f"{x:.9f}")
    cards = []
    for label, place in zip(labels, points, strict=True):
        place = (*place, 0.0)[:3]
        cards.append(("GRID", label, None, *(short(x) for x in place)))
    number = 100
    for block, own in zip(mesh.topology.blocks, properties, strict=True):
        kind = block.cell_type.rstrip("0123456789")
        count = {"triangle": 3, "quad": 4, "tetra": 4}.get(kind) or 2 * UP[kind]
        nodes = block.cells[:, :count]
        if block.cells.shape[1] > count:
            edges = nastran_edges(kind)
            nodes = np.hstack([nodes, middles(points, nodes, edges)])
        name = CARDS[kind] + (str(nodes.shape[1]) if mesh.dimension == 2 else "")
        for cell in nodes:
            number += 1
            cards.append((name, number, own, *labels[cell]))
    text = "\n".join(written(card, layout) for card in cards)
    return f"SOL 101\nCEND\nSPC = 1\nBEGIN BULK\n{text}\nENDDATA\n"


@pytest.mark.parametrize("layout", ["small", "large", "free"])
@pytest.mark.parametrize("make", [mixed_angle, mixed_plate])
@pytest.mark.parametrize("order", [1, 2])
def test_bulk_data_in_every_format_is_the_mesh(tmp_path, layout, make, order):
    mesh = make(1, order)
    blocks = [(b.cell_type, b.cells) for b in mesh.topology.blocks]
    (tmp_path / "part.bdf").write_text(bulk(mesh, layout, (3, 8, 3)[: len(blocks)]))
    found = read_mesh(tmp_path / "part.bdf")
    sizes = np.cumsum([0, *(len(cells) for _, cells in blocks)])
    cells = np.arange(sizes[-1])
    second = (cells >= sizes[1]) & (cells < sizes[2])
    groups = {"pid_3": cells[~second], "pid_8": cells[second]}
    expected = Mesh.from_blocks(mesh.points, blocks, groups=groups)
    assert found.topology == expected.topology
    assert np.abs(found.points - mesh.points).max() < 1e-12


HAND = """$ exported by hand
ID BAR
BEGIN BULK
PSOLID, 1, 9
PSHELL,5,9,.1
MAT1           9 2.1+11             .3
SPC1           1     123       1       4
GRID           1              0.      0.      0.
GRID           2             1.0
GRID*                  3                            1.0             1.-0
*                    0.0
GRID, 4, , 0.0, 1.E0
GRID           5       0                      1.0
GRID           6             1.0     0.0     1.0       0
GRID           7           .1+1     +1.0   1.0D0
GRID    8                       1.0     1.0 $ a comment
CHEXA          1       1       1       2       3       4       5       6+H1
+H1            7       8
CQUAD4        11       5       2       3       7       6     0.0     0.0
CQUAD4        12       6       1       4       8       5
FORCE          2       7            100.      1.      0.      0.
ENDDATA
anything
"""


def test_a_file_written_by_hand_gives_the_answer_of_its_gmsh_twin(tmp_path):
    """Shells on the faces of solids name them; a pull of 2 stretches by 2/200."""
    (tmp_path / "bar.nas").write_text(HAND)
    mesh = read_mesh(tmp_path / "bar.nas")
    assert mesh.boundary_names == ("pid_5", "pid_6", "remainder")
    assert set(mesh.topology.groups) == {"pid_1"}
    write_mesh(tmp_path / "bar.msh", mesh)
    twin = read_mesh(tmp_path / "bar.msh")
    assert twin.topology == mesh.topology
    free = Traction((0.0, 0.0, 0.0))
    pull = Traction((2.0, 0.0, 0.0))
    conditions = {"pid_6": Dirichlet(0.0), "pid_5": pull, "remainder": free}
    law = Solid(IsotropicElastic(200.0, 0.0))
    problem = Problem(law, Region(3, mesh.boundary_names), conditions)
    states = [solve_steady(FiniteElement(problem, m)).final for m in (mesh, twin)]
    assert np.array_equal(*states)
    assert np.allclose(states[0][0], 0.01 * np.asarray(mesh.points)[:, 0], atol=1e-12)


BAD = {
    "CHEXA +1 +1 +1 +2 +3": ("CHEXA 1 has 3 of its 20 nodes; give 8 or 20"),
    "CPYRAM +1 +1 +1 +2 +3 +4 +5": "CPYRAM 1 is a pyramid",
    "CBAR +1 +1 +1 +2": "line 8: CBAR 1 is not read",
    "RBE2 +1 +1 +123 +2": "RBE2 1 is rigid",
    "GRID +9 +4 +0. +0. +0.": "GRID 9 is given in the coordinate system 4",
    "GRID +1 + +0. +0. +2.": "GRID 1 is given twice",
    "GRID +9 + +0. +0. +2.": r"1 GRID points belong to no element \(first: \[9\]",
    "GRID +9 + +0. +x +2.": "GRID 9 has 'x' in field 5, no number",
    "CTETRA +2 +1 +1 +2 +3 +77": r"CTETRA 2 names the points \[77\], which no GRID",
    "CTETRA +2 +1 +1 +2.5 +3 +4": "CTETRA 2 has '2.5' in field 5, no integer",
    "INCLUDE 'mesh.bdf'": "INCLUDE is not read",
    "CTETRA +2 +1 +1 +2 +3 +4 +5 +6": "CTETRA 2 has 6 of its 10 nodes",
}


@pytest.mark.parametrize("line", BAD)
def test_bulk_data_that_is_not_read_is_refused_by_name(tmp_path, line):
    places = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
    cards = [("GRID", n, None, *map(float, x)) for n, x in enumerate(places, 1)]
    good = [written(card, "free") for card in (*cards, ("CTETRA", 1, 1, 1, 2, 3, 4))]
    given = ["$", "BEGIN BULK", *good, line.replace(" +", ","), "ENDDATA"]
    (tmp_path / "bad.bdf").write_text("\n".join(given))
    with pytest.raises(ValueError, match=BAD[line]):
        read_mesh(tmp_path / "bad.bdf")


def test_continuations_out_of_order_are_refused(tmp_path):
    (tmp_path / "bad.bdf").write_text(HAND.replace("\n+H1 ", "\n+H2 "))
    with pytest.raises(ValueError, match=r"continues '\+H2', but .* '\+H1'"):
        read_mesh(tmp_path / "bad.bdf")
    (tmp_path / "empty.bdf").write_text("BEGIN BULK\nENDDATA\n")
    with pytest.raises(ValueError, match="holds no cells"):
        read_mesh(tmp_path / "empty.bdf")


def test_vtu_lists_mid_side_nodes_in_the_order_of_vtk(tmp_path):
    """By the edges of vtkQuadraticHexahedron, -Wedge and -Tetra, and the faces of
    vtkTriQuadraticHexahedron; a round trip alone would keep any order."""
    mesh = mixed_angle(1, 2)
    write_mesh(tmp_path / "angle.vtu", mesh)
    found = meshio.read(tmp_path / "angle.vtu")
    for kind, count in (("hexahedron20", 8), ("wedge15", 6), ("tetra10", 4)):
        cells = found.cells_dict[kind]
        edges = vtk_edges(kind.rstrip("0123456789"))
        between = middles(found.points, cells[:, :count], edges)
        assert np.array_equal(cells[:, count:], between)
    cube = box_mesh(1, 1, 1, element="Q2")
    write_mesh(tmp_path / "cube.vtu", cube)
    found = meshio.read(tmp_path / "cube.vtu")
    (cell,) = found.cells_dict["hexahedron27"]
    low, high, half = 0.0, 1.0, 0.5
    faces = [(low, half, half), (high, half, half), (half, low, half)]
    faces += [(half, high, half), (half, half, low), (half, half, high)]
    assert np.allclose(found.points[cell[20:]], [*faces, (half, half, half)])
