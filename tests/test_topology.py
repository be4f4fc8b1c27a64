"""Topology optimisation: filters, projection, printing, derivatives, parts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from froude.design.topology import (
    DensityFilter,
    Extrusion,
    Layout,
    Mirror,
    MovingAsymptotes,
    OptimalityCriteria,
    Overhang,
    Projection,
    SensitivityFilter,
    compliance,
    minimize_compliance,
    projected,
    simp,
    threshold,
    write_part,
)
from froude.design.topology.member import minimum_member
from froude.physics import (
    Dirichlet,
    HeatConduction,
    IsotropicElastic,
    NeoHookean,
    PlaneStress,
    PointLoad,
    Problem,
    Region,
    Solid,
    Traction,
)
from froude.solvers import (
    box_mesh,
    gradient_check,
    name_points,
    rectangle_mesh,
    solve_steady,
)
from froude.solvers.finite_element import FiniteElement


def cantilever(nx=16, ny=8, element="Q1", load=(0.0, -1.0)):
    """Clamped at x_min, a force at the middle of x_max; cells of 1 m."""
    mesh = rectangle_mesh(nx, ny, (0.0, 0.0), (float(nx), float(ny)), element=element)
    mesh = name_points(mesh, {"tip": (float(nx), ny / 2)})
    conditions = {name: Traction((0.0, 0.0)) for name in mesh.boundary_names}
    conditions |= {"x_min": Dirichlet(0.0), "tip": PointLoad(load)}
    law = PlaneStress(IsotropicElastic(1.0, 0.3))
    return Problem(law, Region(2, tuple(conditions)), conditions), mesh


def noise(count, seed=0, low=0.2, high=0.9):
    return jnp.asarray(np.random.default_rng(seed).uniform(low, high, count))


@pytest.mark.parametrize("element", ["Q1", "P1"])
def test_filters_keep_constants_and_volume_and_know_their_neighbours(element):
    mesh = rectangle_mesh(7, 5, (0.0, 0.0), (7.0, 5.0), element=element)
    planned = DensityFilter(1.5).plan(mesh)
    count = len(mesh.topology.cells)
    assert np.abs(planned.apply(jnp.full(count, 0.37)) - 0.37).max() < 1e-14
    design = noise(count)
    assert planned.apply(design).min() > design.min()
    small = DensityFilter(0.01).plan(mesh)
    assert np.abs(small.apply(design) - design).max() < 1e-14
    if element == "Q1":
        spike = planned.apply(jnp.zeros(count).at[17].set(1.0))
        # 0.5 for the neighbours and 1.5 - sqrt 2 across corners, against 1.5
        total = 1.5 + 4 * 0.5 + 4 * (1.5 - 2**0.5)
        assert abs(spike[17] - 1.5 / total) < 1e-14
        assert abs(spike[18] - 0.5 / total) < 1e-14
        assert np.count_nonzero(spike) == 9


def test_the_sensitivity_filter_follows_its_formula():
    mesh = rectangle_mesh(6, 4, (0.0, 0.0), (6.0, 4.0))
    planned = SensitivityFilter(1.5).plan(mesh)
    design, slope = noise(24), noise(24, 1)
    centre = np.asarray(mesh.points)[mesh.topology.cells].mean(axis=1)
    apart = np.linalg.norm(centre[:, None] - centre[None], axis=2)
    cone = np.maximum(1.5 - apart, 0.0)
    expected = cone @ (design * slope) / cone.sum(axis=1) / design
    assert np.abs(planned.sensitivity(design, slope) - expected).max() < 1e-14
    assert planned.apply(design) is design


def test_a_projection_keeps_void_and_solid_and_sharpens():
    density = jnp.array([0.0, 0.3, 0.5, 0.8, 1.0])
    sharp = projected(density, jnp.asarray(64.0), 0.5)
    assert np.abs(sharp - jnp.array([0.0, 0.0, 0.5, 1.0, 1.0])).max() < 1e-6
    assert np.abs(projected(density, jnp.asarray(1e-4), 0.5) - density).max() < 1e-6
    thin = projected(density, jnp.asarray(8.0), 0.75)
    assert np.all(thin <= projected(density, jnp.asarray(8.0), 0.25) + 1e-15)


@pytest.mark.slow
@pytest.mark.parametrize("element", ["Q1", "P2"])
def test_compliance_is_the_work_of_the_load_and_has_its_derivative(element):
    problem, mesh = cantilever(6, 4, element)
    density = noise(len(mesh.topology.cells))

    def work(density):
        return compliance(problem, mesh, simp(density, 3.0, 1e-3))

    from froude.design.topology.scaled import scaled_problem

    scheme = FiniteElement(scaled_problem(problem, simp(density, 3.0, 1e-3)), mesh)
    solved = solve_steady(scheme, tolerance=1e-13).final
    sag = -solved[1, mesh.topology.point_sets["tip"][0]]
    assert abs(work(density) - sag) < 1e-9 * sag
    check = gradient_check(work, density)
    assert check.best < 1e-6 and check.dot_product < 1e-12


@pytest.mark.slow
def test_the_whole_chain_of_a_layout_has_its_derivative_and_a_batch():
    problem, mesh = cantilever(8, 4)
    layout = Layout(
        mesh,
        filter=DensityFilter(1.5),
        projection=Projection(margin=0.2),
        overhang=Overhang((0.0, 1.0)),
        ties=[Mirror(1, 2.0)],
        solid=[0],
        void=[31],
    )

    def work(design):
        density = layout.densities(design, 4.0, 0.6)
        return compliance(problem, mesh, simp(density, 3.0, 1e-3))

    design = noise(layout.variables)
    assert layout.variables == 16
    check = gradient_check(work, design)
    assert check.best < 1e-6 and check.dot_product < 1e-12
    many = jnp.stack([design, 0.5 * design])
    assert np.allclose(jax.vmap(work)(many), [work(d) for d in many], rtol=1e-10)
    zero = jax.grad(lambda d: layout.volume(layout.densities(d, 4.0)))(0.0 * design)
    assert np.isfinite(zero).all()


@pytest.mark.slow
def test_optimality_criteria_meet_the_volume_and_improve():
    problem, mesh = cantilever()
    layout = Layout(mesh, filter=DensityFilter(1.5))
    result = minimize_compliance(problem, layout, volume=0.4, max_steps=25)
    assert abs(result.volume - 0.4) < 1e-9
    assert result.compliance < 0.5 * result.history[0, 0]
    assert result.steps == 25 and not result.converged
    stiffness = simp(jnp.asarray(result.densities), 3.0, 1e-9)
    again = compliance(problem, mesh, stiffness)
    assert abs(result.compliance - again) < 1e-9 * again
    # symmetric load and mesh: so is the layout
    grid = result.densities.reshape(16, 8)
    assert np.abs(grid - grid[:, ::-1]).max() < 1e-6


def test_one_program_serves_all_steps_and_loads():
    from froude.design.topology import iteration

    problem, mesh = cantilever(6, 4)
    layout = Layout(mesh, filter=DensityFilter(1.5))
    minimize_compliance(problem, layout, volume=0.4, max_steps=2)
    compiled = iteration._criteria_step._cached._cache_size()
    for volume, load in ((0.5, (0.0, -2.0)), (0.3, (1.0, 0.0))):
        other, _ = cantilever(6, 4, load=load)
        minimize_compliance(other, layout, volume=volume, max_steps=3)
    assert iteration._criteria_step._cached._cache_size() == compiled


@pytest.mark.slow
def test_load_cases_are_weighted_sums():
    down, mesh = cantilever(6, 4)
    along, _ = cantilever(6, 4, load=(1.0, 0.0))
    layout = Layout(mesh, filter=DensityFilter(1.5))
    result = minimize_compliance(
        [down, along], layout, volume=0.5, weights=(1.0, 3.0), max_steps=1
    )
    stiffness = simp(jnp.full(24, 0.5), 3.0, 1e-9)
    each = [compliance(case, mesh, stiffness) for case in (down, along)]
    expected = float(each[0] + 3.0 * each[1])
    assert abs(result.compliance - expected) < 1e-9 * expected


def test_ties_make_designs_symmetric_and_extruded():
    mesh = box_mesh(4, 4, 3)
    layout = Layout(mesh, ties=[Mirror(0, 0.5), Extrusion(2)])
    assert layout.variables == 8
    density = layout.densities(noise(8)).reshape(4, 4, 3)
    assert np.ptp(density, axis=2).max() == 0
    assert np.abs(density - density[::-1]).max() == 0
    with pytest.raises(ValueError, match="no mirror image"):
        Layout(mesh, ties=[Mirror(0, 0.4)])
    with pytest.raises(ValueError, match="axes 0 to 2"):
        Layout(mesh, ties=[Extrusion(3)])


def hangs(solid):
    """Solid squares above nothing solid in a mask (nx, ny), by brute force."""
    found = 0
    for i, j in np.argwhere(solid[:, 1:]):
        found += not solid[max(i - 1, 0) : i + 2, j].any()
    return found


def test_the_print_filter_leaves_nothing_hanging():
    mesh = rectangle_mesh(12, 9, (0.0, 0.0), (12.0, 9.0))
    order = Overhang((0.0, 1.0)).plan(mesh)
    shape = order.supports.shape
    assert shape == (8, 12, 3) and order.counts[:, 1:-1].min() == 3
    blocky = np.random.default_rng(2).random((12, 9)) < 0.4
    assert hangs(blocky) == len(order.unsupported(blocky.ravel())) > 0
    kept = order.without_overhangs(blocky.ravel())
    assert hangs(kept.reshape(12, 9)) == 0 == len(order.unsupported(kept))
    printed = np.asarray(order.printed(jnp.asarray(blocky.ravel(), float)))
    assert np.abs(printed - kept).max() < 0.05
    # a shelf without a column below it vanishes, a column stays
    shelf = np.zeros((12, 9))
    shelf[3, :] = shelf[:, 6] = 1.0
    printed = np.asarray(order.printed(jnp.asarray(shelf.ravel()))).reshape(12, 9)
    assert printed[10, 6] < 0.01 and printed[3, 8] > 0.9


def test_overhangs_in_space_and_on_triangles():
    order = Overhang((0.0, 0.0, 1.0)).plan(box_mesh(3, 3, 3))
    assert order.supports.shape == (2, 9, 5) and order.counts.max() == 5
    mesh = rectangle_mesh(6, 5, element="P1")
    order = Overhang((0.0, 1.0)).plan(mesh)
    assert np.abs(order.printed(jnp.ones(60)) - 1.0).max() < 0.05
    with pytest.raises(ValueError, match="has 2 axes and the mesh 3"):
        Overhang((0.0, 1.0)).plan(box_mesh(2, 2, 2))
    with pytest.raises(ValueError, match="nothing lies within 5 degrees"):
        Overhang((0.1, 1.0), angle=5.0).plan(rectangle_mesh(4, 4))
    with pytest.raises(ValueError, match="between 0 and 90"):
        Overhang((0.0, 1.0), angle=90.0)


def test_members_are_as_thick_as_they_are():
    mesh = rectangle_mesh(12, 12, (0.0, 0.0), (12.0, 12.0))
    for width in (1, 2, 3, 4):
        solid = np.zeros((12, 12), bool)
        solid[:, 4 : 4 + width] = True
        assert abs(minimum_member(mesh, solid.ravel()) - width) < 1e-9
    cross = np.zeros((12, 12), bool)
    cross[:, 3:8] = cross[4:6] = True
    assert abs(minimum_member(mesh, cross.ravel()) - 2.0) < 1e-9
    edge = np.zeros((12, 12), bool)
    edge[:2] = True
    assert abs(minimum_member(mesh, edge.ravel(), ("x_min",)) - 4.0) < 1e-9
    assert minimum_member(mesh, np.ones(144, bool), mesh.boundary_names) == np.inf


@pytest.mark.slow
def test_a_printable_robust_part_is_measured_again():
    problem, mesh = cantilever(24, 12)
    layout = Layout(
        mesh,
        filter=DensityFilter(3.0),
        projection=Projection(0.25, (1.0, 4.0, 16.0), 12),
        overhang=Overhang((0.0, 1.0)),
        solid=np.arange(3),
    )
    result = minimize_compliance(problem, layout, volume=0.5, max_steps=40)
    assert abs(result.volume - 0.5) < 1e-6
    part = threshold(result)
    assert part.unsupported == 0 == hangs(part.solid.reshape(24, 12))
    assert part.solid[:3].all()
    assert part.volume <= result.volume + 1e-9
    assert part.before == result.compliance
    black = compliance(problem, mesh, simp(jnp.asarray(part.solid, float), 3.0, 1e-9))
    assert abs(part.compliance - black) < 1e-9 * black
    with pytest.raises(ValueError, match="leaves no solid cell"):
        threshold(
            minimize_compliance(problem, Layout(mesh), volume=0.3, max_steps=1),
            level=1.1,
        )


@pytest.mark.slow
def test_a_part_in_space_is_written_as_a_closed_surface(tmp_path):
    import meshio

    mesh = box_mesh(4, 2, 2, (0.0, 0.0, 0.0), (4.0, 2.0, 2.0))
    conditions = {name: Traction((0.0, 0.0, 0.0)) for name in mesh.boundary_names}
    conditions |= {"x_min": Dirichlet(0.0), "x_max": Traction((0.0, 0.0, -1.0))}
    law = Solid(IsotropicElastic(1.0, 0.3))
    problem = Problem(law, Region(3, mesh.boundary_names), conditions)
    layout = Layout(mesh, filter=SensitivityFilter(1.2))
    result = minimize_compliance(problem, layout, volume=0.6, max_steps=4)
    part = threshold(result)
    write_part(tmp_path / "part.stl", part)
    surface = meshio.read(tmp_path / "part.stl")
    corners = surface.points[surface.cells_dict["triangle"]]
    enclosed = np.linalg.det(corners).sum() / 6
    assert abs(enclosed - part.solid.sum()) < 1e-5
    write_part(tmp_path / "part.vtu", part)
    cells = meshio.read(tmp_path / "part.vtu").cells_dict["hexahedron"]
    assert len(cells) == part.solid.sum() < 16
    flat, plane = cantilever(4, 2)
    sheet = minimize_compliance(flat, Layout(plane), volume=0.5, max_steps=1)
    with pytest.raises(ValueError, match="three dimensions"):
        write_part(tmp_path / "sheet.stl", threshold(sheet))


@pytest.mark.slow
def test_moving_asymptotes_meet_the_volume():
    problem, mesh = cantilever(12, 6)
    layout = Layout(mesh, filter=DensityFilter(1.5))
    options = dict(volume=0.4, max_steps=60)
    criteria = minimize_compliance(problem, layout, **options)
    found = minimize_compliance(problem, layout, method=MovingAsymptotes(), **options)
    assert found.volume <= 0.4 + 1e-6
    assert found.compliance < 1.02 * criteria.compliance


def test_bad_input_is_refused():
    problem, mesh = cantilever(6, 4)
    layout = Layout(mesh, filter=DensityFilter(1.5))
    refused = [
        (dict(volume=1.2), ValueError, "volume = 1.2"),
        (dict(volume=0.5, void=0.0), ValueError, "void = 0.0"),
        (dict(volume=0.5, weights=(1.0, 2.0)), ValueError, "weights 2"),
        (dict(volume=0.5, max_steps=0), ValueError, "max_steps = 0"),
    ]
    for options, kind, words in refused:
        with pytest.raises(kind, match=words):
            minimize_compliance(problem, layout, **options)
    with pytest.raises(ValueError, match="solid fills 0.5"):
        minimize_compliance(problem, Layout(mesh, solid=np.arange(12)), volume=0.5)
    with pytest.raises(ValueError, match="share 1 cells"):
        Layout(mesh, solid=[1, 2], void=[2])
    with pytest.raises(ValueError, match="outside 0 … 23"):
        Layout(mesh, void=[24])
    with pytest.raises(TypeError, match="needs a DensityFilter"):
        Layout(mesh, filter=SensitivityFilter(1.5), projection=Projection())
    with pytest.raises(TypeError, match="no gradients"):
        minimize_compliance(
            problem,
            Layout(mesh, filter=SensitivityFilter(1.5)),
            volume=0.5,
            method=MovingAsymptotes(),
        )
    with pytest.raises(ValueError, match="radius = -1"):
        DensityFilter(-1.0)
    with pytest.raises(ValueError, match="margin = 0.5"):
        Projection(margin=0.5)
    with pytest.raises(ValueError, match="move = 0"):
        OptimalityCriteria(move=0.0)
    pulled = Problem(
        problem.law,
        problem.domain,
        problem.conditions | {"x_max": Dirichlet(0.1), "tip": PointLoad(0.0)},
    )
    with pytest.raises(ValueError, match="displacement of 0.1 m"):
        minimize_compliance(pulled, layout, volume=0.5)
    loose = Problem(
        problem.law,
        problem.domain,
        problem.conditions | {"x_min": (Dirichlet(0.0, ("displacement_x",)), PLAIN)},
    )
    with pytest.raises(ValueError, match="free to move: translation along y"):
        minimize_compliance(loose, layout, volume=0.5)
    assert np.isnan(compliance(loose, mesh, jnp.ones(24)))
    hinged = Problem(
        problem.law,
        problem.domain,
        problem.conditions | {"x_min": PLAIN_ALL, "tip": Dirichlet(0.0)},
    )
    with pytest.raises(ValueError, match="free to move: .*rotation about z"):
        minimize_compliance(hinged, layout, volume=0.5)
    heat = Problem(
        HeatConduction(1.0),
        Region(2, mesh.boundary_names),
        {name: Dirichlet(0.0) for name in mesh.boundary_names},
    )
    with pytest.raises(TypeError, match="needs a solid"):
        compliance(heat, mesh, jnp.ones(24))
    soft = PlaneStress(NeoHookean(1.0, 0.3))
    rubber = Problem(soft, problem.domain, problem.conditions)
    with pytest.raises(TypeError, match="only linear elastic"):
        compliance(rubber, mesh, jnp.ones(24))


PLAIN = Traction((0.0, 0.0), ("displacement_y",))
PLAIN_ALL = Traction((0.0, 0.0))
