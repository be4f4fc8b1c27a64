"""Meshes of several cell types: one space of functions across all of them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks.mixed_mesh import mixed_angle, mixed_plate
from benchmarks.verification.patch_tests import error
from froude.physics import (
    CellField,
    Dirichlet,
    Elastodynamics,
    HeatConduction,
    IsotropicElastic,
    NormalFlux,
    PlaneStrain,
    Problem,
    Region,
    Traction,
    von_mises,
)
from froude.solvers import (
    Displacement,
    FiniteElement,
    IncompatibleModes,
    MeanDilatation,
    Mesh,
    Topology,
    discretize,
    gradient_check,
    inverted_cells,
    nodal_measure,
    nodal_stress,
    quadrature_stress,
    reaction_forces,
    read_mesh,
    rectangle_mesh,
    solve_modes,
    solve_steady,
    strain_energy,
    write_mesh,
)
from froude.solvers.finite_element import structure_matrices
from froude.solvers.finite_element.geometry import cell_geometry, facet_block_geometry

STEEL = IsotropicElastic(200.0, 0.3)
SLOPE = jnp.array([[1e-3, 2e-3], [5e-4, -2e-3]])
SQUARE = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]


def plate(law, mesh, formulation=None, **conditions):
    conditions = dict.fromkeys(mesh.boundary_names, NormalFlux(0.0)) | conditions
    problem = Problem(law, Region(2, mesh.boundary_names), conditions)
    return FiniteElement(problem, mesh, formulation=formulation)


@pytest.mark.parametrize("make", [mixed_plate, mixed_angle])
@pytest.mark.parametrize("order", [1, 2])
def test_volume_is_what_the_boundary_encloses(make, order):
    mesh = make(1, order, 0.1)

    @jax.jit
    def measured(points):
        moved = Mesh(points, mesh.topology)
        volume = sum(cell_geometry(block).weight.sum() for block in moved.blocks)
        enclosed, turned = 0.0, 0.0
        for part in mesh.topology.boundaries.values():
            for block in part.blocks:
                at = facet_block_geometry(points, block)
                enclosed += jnp.sum(at.weight * jnp.sum(at.x * at.normal, axis=1))
                turned += jnp.sum(at.weight[:, None] * at.normal, axis=(0, 2))
        return volume, enclosed, turned, inverted_cells(moved)

    assert mesh.boundary_names == ("held", "loaded")
    volume, enclosed, turned, inverted = measured(mesh.points)
    assert float(enclosed) == pytest.approx(mesh.dimension * float(volume), rel=1e-13)
    assert jnp.abs(turned).max() < 1e-13
    assert len(inverted) == mesh.topology.cell_count and not inverted.any()


# The other meshes and three dimensions stand in `make verify`.
@pytest.mark.parametrize(
    "order,formulation",
    [
        (1, None),
        (1, (IncompatibleModes(), Displacement())),
        (1, (MeanDilatation(), Displacement())),
        (2, None),
    ],
)
def test_uniform_strain_is_exact_across_cell_types(order, formulation):
    law = PlaneStrain(STEEL)
    assert error(law, mixed_plate(2, order, 0.1), formulation) < 1e-13


@pytest.mark.slow
def test_stress_energy_and_values_are_those_of_a_uniform_strain():
    law, mesh = PlaneStrain(STEEL), mixed_plate(2, 2, 0.1)
    scheme = plate(law, mesh)
    state = scheme.project(lambda x: SLOPE @ x)
    at = mesh.points[0]
    exact = law.stress(0.0, at, SLOPE @ at, SLOPE)
    size = jnp.abs(exact).max()
    assert jnp.abs(nodal_stress(scheme, state) - exact).max() < 1e-12 * size
    measure = nodal_measure(scheme, state, von_mises)
    assert jnp.allclose(measure, von_mises(exact), rtol=1e-12)
    volume = sum(cell_geometry(block).weight.sum() for block in mesh.blocks)
    density = law.energy(0.0, at, SLOPE @ at, SLOPE)
    assert jnp.allclose(strain_energy(scheme, state), density * volume, rtol=1e-12)
    places = np.array([[0.3, 0.2], [1.7, 0.4], [1.0, 0.5], [0.9, 0.9], [1.2, 0.8]])
    found = scheme.evaluate(state, places)
    assert jnp.abs(found - SLOPE @ places.T).max() < 1e-14
    assert jnp.abs(scheme.error(state, lambda x: SLOPE @ x)).max() < 1e-14
    wanted = scheme.integrate(jnp.ones_like(state))
    assert jnp.allclose(wanted, volume, rtol=1e-13)
    with pytest.raises(ValueError, match="2 blocks of cells"):
        quadrature_stress(scheme, state)


def test_supports_carry_the_loads_of_a_mixed_body():
    pull = {"held": Dirichlet(0.0), "loaded": Traction((1.0, 0.3))}
    scheme = plate(PlaneStrain(STEEL), mixed_plate(2, 1), **pull)
    solution = solve_steady(scheme)
    assert solution.ok
    forces = reaction_forces(scheme, solution.final)
    assert jnp.abs(sum(forces.values())).max() < 1e-11
    # loaded: the sides x = 2 and y = 1, of 1 m and 2 m
    assert jnp.allclose(forces["loaded"], 3 * jnp.array([1.0, 0.3]), rtol=1e-12)


def test_a_cell_field_counts_through_the_blocks():
    mesh = mixed_plate(2, 1)
    each = jnp.linspace(1.0, 3.0, mesh.topology.cell_count)
    state = mesh.points[:, :1].T
    volumes = jnp.concatenate([cell_geometry(b).weight.sum(0) for b in mesh.blocks])

    def power(conductivity):
        scheme = plate(HeatConduction(CellField(conductivity)), mesh)
        return -jnp.sum(state * scheme.inflow(0.0, state))

    value, slope = jax.jit(jax.value_and_grad(power))(each)
    assert jnp.allclose(value, each @ volumes, rtol=1e-13)
    assert jnp.allclose(slope, volumes, rtol=1e-12)
    with pytest.raises(ValueError, match="the mesh has 12"):
        plate(HeatConduction(CellField(each[:-1])), mesh)


@pytest.mark.slow
def test_mass_and_stiffness_are_those_of_the_whole_body():
    mesh = mixed_plate(2, 2, 0.05)
    density = CellField(jnp.where(jnp.arange(mesh.topology.cell_count) < 4, 2.0, 7.0))
    scheme = plate(Elastodynamics(PlaneStrain(STEEL), density), mesh)
    still = jnp.zeros_like(mesh.points.T)
    found = structure_matrices(scheme, jnp.zeros(()), still)
    quads, triangles = (cell_geometry(b).weight.sum() for b in mesh.blocks)
    along = jnp.stack([jnp.ones(len(mesh.points)), 0 * mesh.points[:, 0]]).ravel()
    mass = along @ found.mass.mv(along)
    assert jnp.allclose(mass, 2.0 * quads + 7.0 * triangles, rtol=1e-12)
    x, y = mesh.points.T
    turn = jnp.concatenate([-y, x])
    size = jnp.abs(found.stiffness.values).max()
    assert jnp.abs(found.stiffness.mv(turn)).max() < 1e-12 * size


@pytest.mark.slow
def test_a_mixed_plate_rings_like_a_plate_of_one_type():
    def frequencies(mesh):
        law = Elastodynamics(PlaneStrain(STEEL), 1.0)
        scheme = plate(law, mesh, held=Dirichlet(0.0))
        return solve_modes(scheme, 3).frequencies

    fine = rectangle_mesh(12, 6, (0.0, 0.0), (2.0, 1.0), element="S2")
    names = {"held": ("x_min", "y_min"), "loaded": ("x_max", "y_max")}
    part = lambda name: fine.topology.boundary(name).nodes[:2].T
    held = {k: np.concatenate([part(n) for n in v]) for k, v in names.items()}
    fine = Mesh.from_cells(fine.points, "quad8", fine.topology.cells, boundaries=held)
    found, exact = frequencies(mixed_plate(4, 2)), frequencies(fine)
    # both from above, the coarse one by the corners of the clamped sides
    assert (found > exact).all()
    assert jnp.allclose(found, exact, rtol=5e-3)


@pytest.mark.slow
def test_energy_has_shape_derivatives_and_a_batch_on_a_mixed_mesh():
    mesh = mixed_plate(1, 1)
    shift = jnp.asarray(np.random.default_rng(1).normal(size=mesh.points.shape))

    def stored(design):
        young = CellField(design[0] * jnp.array([100.0, 120.0, 150.0]))
        moved = Mesh(mesh.points + 0.02 * design[1] * shift, mesh.topology)
        pull = {"held": Dirichlet(0.0), "loaded": Traction((1.0, 0.3))}
        law = PlaneStrain(IsotropicElastic(young, 0.3))
        scheme = plate(law, moved, (IncompatibleModes(), Displacement()), **pull)
        return strain_energy(scheme, solve_steady(scheme).final)

    design = jnp.array([1.2, 0.5])
    assert gradient_check(stored, design).best < 1e-6
    batch = jnp.stack([design, 1.1 * design])
    each = jnp.stack([stored(one) for one in batch])
    assert jnp.allclose(jax.vmap(stored)(batch), each, rtol=1e-10)


@pytest.mark.parametrize("suffix", [".msh", ".vtu"])
@pytest.mark.parametrize("make,order", [(mixed_plate, 2), (mixed_angle, 1)])
def test_a_mixed_mesh_survives_a_file(tmp_path, make, order, suffix):
    mesh = make(1, order, 0.1)
    path = tmp_path / f"mesh{suffix}"
    write_mesh(path, mesh, point_data={"height": mesh.points[:, 1]})
    again = read_mesh(path)
    assert again.topology == mesh.topology
    assert jnp.array_equal(again.points, mesh.points)
    other = Mesh.from_blocks(
        mesh.points,
        [(b.cell_type, b.cells) for b in mesh.topology.blocks],
    )
    assert other.topology != mesh.topology


def test_the_same_cells_divided_otherwise_are_another_topology():
    """Compiled programs are kept by topology, and each block has a formulation."""
    cells = rectangle_mesh(3, 1).topology.cells
    divided = [
        Topology.from_blocks([("quad", cells[:k]), ("quad", cells[k:])], 8)
        for k in (1, 2)
    ]
    assert divided[0] != divided[1]


def test_turned_cells_of_a_mixed_file_are_turned_back(tmp_path):
    import meshio

    mesh = mixed_angle(1, 1)
    blocks = [(b.cell_type, b.cells.copy()) for b in mesh.topology.blocks]
    mirror = [1, 0, 2, 4, 3, 5]
    blocks[1] = ("wedge", blocks[1][1][:, mirror])
    meshio.write(tmp_path / "turned.vtu", meshio.Mesh(np.asarray(mesh.points), blocks))
    again = read_mesh(tmp_path / "turned.vtu")
    volumes = [float(cell_geometry(block).weight.sum()) for block in again.blocks]
    assert volumes == pytest.approx([1.0, 1.0, 1.0])


def test_states_are_exported_with_filled_up_connectivity():
    mesh = mixed_plate(1, 1)
    law = HeatConduction(1.0)
    held = dict.fromkeys(mesh.boundary_names, Dirichlet(0.0))
    scheme = discretize(Problem(law, Region(2, mesh.boundary_names), held), mesh)
    data = scheme.export(jnp.zeros(1), jnp.zeros((1, 1, len(mesh.points))))
    table = data["cell_nodes"]
    assert table.shape == (3, 4)
    assert table.attrs["_FillValue"] == -1
    assert (table.values[1:, 3] == -1).all() and (table.values[0] >= 0).all()


@pytest.mark.parametrize(
    "blocks,points,message",
    [
        (
            [("quad", [[0, 1, 2, 3]]), ("line", [[0, 1]])],
            SQUARE,
            "'line' is not supported",
        ),
        (
            [("quad", [[0, 1, 2, 3]]), ("tetra", [[0, 1, 2, 3]])],
            SQUARE,
            "same dimension",
        ),
        (
            [("quad", [[0, 1, 2, 3]]), ("triangle6", [[1, 4, 2, 5, 6, 7]])],
            [*SQUARE, [2, 0.5], [1.5, 0.25], [1.5, 0.75], [1, 0.5]],
            "nodes of the two cells differ .*line and line3|line3 and line",
        ),
        (
            [("quad", [[0, 1, 2, 3]]), ("triangle", [[1, 2, 4]])],
            [*SQUARE, [2, 0.5]],
            "1 of 2 cells are inverted",
        ),
    ],
)
def test_blocks_that_make_no_mesh_are_refused(blocks, points, message):
    with pytest.raises(ValueError, match=message):
        Mesh.from_blocks(np.asarray(points, float), blocks)


def test_tetrahedra_on_a_face_of_a_hexahedron_are_refused():
    brick = [[x, y, z] for z in (0.0, 1.0) for x, y in SQUARE]
    points = np.array([*brick, [0.5, 0.5, 2.0]])
    tets = [[4, 5, 6, 8], [4, 6, 7, 8]]
    blocks = [("hexahedron", [list(range(8))]), ("tetra", tets)]
    with pytest.raises(ValueError, match="1 quadrilateral facets meet triangles"):
        Mesh.from_blocks(points, blocks)


def test_what_needs_one_cell_type_says_so():
    mesh = mixed_plate(2, 1)
    with pytest.raises(ValueError, match="4 quad, 8 triangle"):
        _ = mesh.cell
    with pytest.raises(ValueError, match="2 blocks of cells .quad, triangle"):
        plate(PlaneStrain(STEEL), mesh, (Displacement(),))
    with pytest.raises(ValueError, match="not triangle"):
        plate(PlaneStrain(STEEL), mesh, IncompatibleModes())
