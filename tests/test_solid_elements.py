"""Elements of solids: patch tests, locking, symmetry, derivatives, refusals."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from distorted_mesh import distorted

from froude.physics import (
    Axisymmetric,
    Dirichlet,
    IsotropicElastic,
    NearlyIncompressibleNeoHookean,
    NeoHookean,
    NormalFlux,
    PerRadian,
    PlaneStrain,
    PlaneStress,
    Pressure,
    Problem,
    Region,
    Solid,
    Traction,
    autodiff_jet,
    lame_cylinder,
    strong_residual,
)
from froude.solvers import (
    Displacement,
    FiniteElement,
    IncompatibleModes,
    MeanDilatation,
    Mesh,
    ReducedIntegration,
    UniformStrain,
    box_mesh,
    gradient_check,
    morph,
    rectangle_mesh,
    solve_steady,
)

STEEL = IsotropicElastic(200.0, 0.3)
RUBBER = NearlyIncompressibleNeoHookean(1.0, 50.0)
FORMULATIONS = {
    "displacement": Displacement(),
    "mean dilatation": MeanDilatation(),
    "incompatible modes": IncompatibleModes(),
    "reduced": ReducedIntegration(),
    "uniform strain": UniformStrain(),
}
# The other combinations stand in `make verify`.
PATCHES = [
    ("PlaneStrain", "S2", "displacement"),
    ("PlaneStrain", "S2", "reduced"),
    ("PlaneStrain", "Q1", "mean dilatation"),
    ("PlaneStress", "Q1", "incompatible modes"),
    ("Axisymmetric", "Q1", "mean dilatation"),
    ("Solid", "S2", "displacement"),
    ("Solid", "Q1", "mean dilatation"),
    ("Solid", "Q1", "incompatible modes"),
    ("Solid", "Q1", "uniform strain"),
]
LAWS = {
    "Solid": Solid,
    "PlaneStrain": PlaneStrain,
    "PlaneStress": PlaneStress,
    "Axisymmetric": Axisymmetric,
}


def grid(law, element, n):
    if law is Solid:
        return box_mesh(n, n, n, element=element)
    return rectangle_mesh(n, n, (0.5, 0.0), (1.5, 1.0), element=element)


def stretched(law):
    """A displacement field of uniform strain."""
    if law is Axisymmetric:
        return lambda x: jnp.stack([2e-3 * x[0], -1e-3 * x[1]])
    size = 3 if law is Solid else 2
    slope = 1e-3 * np.array([[1.0, 2.0, -1.0], [0.5, -2.0, 1.5], [3.0, -0.5, 0.7]])
    return lambda x: jnp.asarray(slope[:size, :size]) @ x + 1e-3


def held_by(exact, law, mesh, parts=None):
    """Exact displacements on some parts (by default all), exact traction on others."""
    parts = mesh.boundary_names if parts is None else parts
    at = mesh.points[0]
    stress = law.stress(0.0, at, exact(at), jax.jacfwd(exact)(at))
    conditions = {
        name: Dirichlet(lambda t, x: exact(x)) for name in mesh.boundary_names
    }
    for name in set(mesh.boundary_names) - set(parts):
        axis = "xyz".index(name[0])
        pull = stress[: len(at), axis] * (1.0 if name.endswith("max") else -1.0)
        load = Traction(pull)
        conditions[name] = PerRadian(load) if isinstance(law, Axisymmetric) else load
    return Problem(law, Region(mesh.dimension, mesh.boundary_names), conditions)


@pytest.mark.parametrize("kind,element,name", PATCHES)
def test_uniform_strain_is_exact_on_a_distorted_mesh(kind, element, name):
    law = LAWS[kind](STEEL)
    mesh = distorted(grid(LAWS[kind], element, 3), 0.08)
    exact = stretched(LAWS[kind])
    problem = held_by(exact, law, mesh, ("x_min", "y_min"))
    scheme = FiniteElement(problem, mesh, formulation=FORMULATIONS[name])
    solution = solve_steady(scheme, tolerance=1e-13)
    wanted = scheme.project(exact)
    assert jnp.abs(solution.final - wanted).max() < 2e-12 * jnp.abs(wanted).max()


def bent(x):
    """A smooth displacement; divergence-free, so that every material holds it."""
    return 0.02 * jnp.stack([jnp.sin(2.0 * x[1]), jnp.sin(2.0 * x[0])])


@pytest.mark.slow
@pytest.mark.parametrize(
    "element,name,order",
    [
        ("S2", "displacement", 3),
        ("S2", "reduced", 3),
        ("Q1", "mean dilatation", 2),
        ("Q1", "incompatible modes", 2),
    ],
)
def test_displacements_converge_at_optimal_order(element, name, order):
    exact = lambda t, x: bent(x)

    def weight(t, x):
        return strong_residual(PlaneStrain(STEEL), t, x, autodiff_jet(exact, t, x))

    law = PlaneStrain(STEEL, body_force=weight)
    errors = []
    for n in (6, 12):
        mesh = grid(PlaneStrain, element, n)
        skewed = mesh.points @ jnp.array([[1.0, 0.2], [0.3, 1.0]])
        mesh = Mesh(skewed, mesh.topology)
        scheme = FiniteElement(
            held_by(bent, law, mesh), mesh, formulation=FORMULATIONS[name]
        )
        solution = solve_steady(scheme)
        assert solution.ok
        errors.append(float(jnp.linalg.norm(scheme.error(solution.final, bent))))
    assert abs(np.log2(errors[0] / errors[1]) - order) < 0.15


def beam(law, mesh, formulation):
    """Deflection of the end of a beam clamped at x_min, sheared at x_max."""
    conditions = {name: NormalFlux(0.0) for name in mesh.boundary_names}
    load = np.zeros(mesh.dimension)
    load[1] = 1e-3
    conditions |= {"x_min": Dirichlet(0.0), "x_max": Traction(load)}
    problem = Problem(law, Region(mesh.dimension, mesh.boundary_names), conditions)
    scheme = FiniteElement(problem, mesh, formulation=formulation)
    solution = solve_steady(scheme)
    end = mesh.topology.boundary("x_max").unique_nodes
    return solution.final[1, end].mean()


@pytest.mark.slow
@pytest.mark.parametrize("law", [PlaneStress, PlaneStrain, Solid])
def test_incompatible_modes_bend_where_displacements_lock(law):
    if law is Solid:
        make = lambda *n, e: box_mesh(*n, 1, upper=(10.0, 1.0, 1.0), element=e)
    else:
        make = lambda *n, e: rectangle_mesh(*n, upper=(10.0, 1.0), element=e)
    coarse = make(10, 1, e="Q1")
    fine = beam(law(STEEL), make(10, 2, e="S2"), None)
    assert beam(law(STEEL), coarse, IncompatibleModes()) / fine > 0.95
    assert beam(law(STEEL), coarse, None) / fine < 0.75


def rollers(axis, other, law):
    """Hold one displacement; no load along the other."""
    free = NormalFlux(0.0, (f"displacement_{other}",))
    free = PerRadian(free) if law is Axisymmetric else free
    return Dirichlet(0.0, (f"displacement_{axis}",)), free


@pytest.mark.parametrize("law", [PlaneStrain, Axisymmetric])
def test_mean_dilatation_does_not_lock_near_incompressibility(law):
    pipe = {"inner_radius": 1.0, "outer_radius": 2.0, "inner_pressure": 1.0}
    exact = lame_cylinder(1.0, 1.0, 0.4999, **pipe)
    bore, outside = Pressure(1.0), NormalFlux(0.0)
    if law is Axisymmetric:
        mesh = distorted(rectangle_mesh(4, 3, (1.0, 0.0), (2.0, 0.8)), 0.05)
        bore, outside = PerRadian(bore), PerRadian(outside)
        sides = {name: rollers("z", "r", law) for name in ("y_min", "y_max")}
    else:
        grid = rectangle_mesh(4, 8, (1.0, 0.0), (2.0, 0.5 * np.pi))
        mesh = morph(grid, lambda x: x[0] * jnp.array([jnp.cos(x[1]), jnp.sin(x[1])]))
        sides = {"y_min": rollers("y", "x", law), "y_max": rollers("x", "y", law)}
    conditions = {"x_min": bore, "x_max": outside} | sides
    problem = Problem(
        law(IsotropicElastic(1.0, 0.4999)),
        Region(2, mesh.boundary_names),
        conditions,
    )
    found = mesh.topology.boundary("x_min").unique_nodes
    widened = []
    for formulation in (None, MeanDilatation()):
        final = solve_steady(
            FiniteElement(problem, mesh, formulation=formulation)
        ).final
        radial = final[0] if law is Axisymmetric else jnp.linalg.norm(final, axis=0)
        widened.append(radial[found].mean() / exact)
    locked, free = widened
    assert abs(free - 1) < 0.02
    if law is PlaneStrain:
        assert locked < 0.5


@pytest.mark.parametrize(
    "law,name",
    [
        (Solid(STEEL), "incompatible modes"),
        (Solid(STEEL), "uniform strain"),
        (PlaneStress(STEEL), "incompatible modes"),
        (Solid(RUBBER), "mean dilatation"),
        (Axisymmetric(RUBBER), "mean dilatation"),
        (Axisymmetric(STEEL), "mean dilatation"),
        (PlaneStrain(RUBBER), "reduced"),
    ],
)
def test_tangent_is_the_symmetric_derivative_of_the_forces(law, name):
    element = "S2" if name == "reduced" else "Q1"
    mesh = distorted(grid(type(law), element, 2), 0.05)
    problem = held_by(stretched(type(law)), type(law)(STEEL), mesh, ("x_min",))
    problem = eqx.tree_at(lambda p: p.law, problem, law)
    scheme = FiniteElement(problem, mesh, formulation=FORMULATIONS[name])
    draws = np.random.default_rng(0)
    state = jnp.asarray(0.02 * draws.normal(size=(mesh.dimension, len(mesh.points))))
    change = jnp.asarray(draws.normal(size=state.shape)) * scheme.free()
    matrix = scheme.jacobian(0.0, state, 0.0, 1.0)
    product = matrix.mv(change.ravel()).reshape(state.shape)
    _, wanted = jax.jvp(lambda u: -scheme.inflow(0.0, u), (state,), (change,))
    wanted = jnp.where(scheme.free(), wanted, 0.0)
    assert jnp.abs(product - wanted).max() < 1e-12 * jnp.abs(wanted).max()
    dense = matrix.to_scipy().toarray()
    assert np.abs(dense - dense.T).max() < 1e-12 * np.abs(dense).max()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mean dilatation", "incompatible modes", "reduced"])
def test_deflection_has_derivatives_and_a_batch(name):
    element = "S2" if name == "reduced" else "Q1"
    mesh = distorted(rectangle_mesh(4, 2, upper=(2.0, 1.0), element=element), 0.04)
    shift = jnp.asarray(np.random.default_rng(1).normal(size=mesh.points.shape))

    def deflection(design):
        law = PlaneStrain(IsotropicElastic(100.0 * design[0], 0.4 * design[1]))
        moved = Mesh(mesh.points + 0.02 * design[2] * shift, mesh.topology)
        return beam(law, moved, FORMULATIONS[name])

    design = jnp.array([1.2, 0.9, 0.5])
    assert gradient_check(deflection, design).best < 1e-6
    batch = jnp.stack([design, 1.1 * design])
    each = jnp.stack([deflection(d) for d in batch])
    assert jnp.allclose(jax.vmap(deflection)(batch), each, rtol=1e-10)


@pytest.mark.parametrize(
    "law,element,name,error,message",
    [
        (PlaneStress(STEEL), "Q1", "mean dilatation", TypeError, "PlaneStress"),
        (PlaneStrain(STEEL), "Q2", "mean dilatation", ValueError, "quad9"),
        (
            PlaneStrain(NeoHookean(1.0, 0.3)),
            "Q1",
            "incompatible modes",
            TypeError,
            "Neo",
        ),
        (Axisymmetric(STEEL), "Q1", "incompatible modes", TypeError, "Axisymmetric"),
        (PlaneStrain(STEEL), "S2", "incompatible modes", ValueError, "quad8"),
        (PlaneStrain(STEEL), "Q1", "reduced", ValueError, "hourglass"),
        (PlaneStrain(STEEL), "Q1", "uniform strain", TypeError, "PlaneStrain"),
        (Solid(STEEL), "S2", "uniform strain", ValueError, "hexahedron20"),
    ],
)
def test_formulation_refuses_what_it_is_not_made_for(
    law, element, name, error, message
):
    mesh = grid(type(law), element, 1)
    problem = held_by(stretched(type(law)), type(law)(STEEL), mesh)
    problem = Problem(law, problem.domain, problem.conditions)
    with pytest.raises(error, match=message):
        FiniteElement(problem, mesh, formulation=FORMULATIONS[name])
