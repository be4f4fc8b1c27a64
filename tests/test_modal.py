"""Natural frequencies: free bodies, springs, load, batches, derivatives, refusals.

Closed forms, NAFEMS FV32 and the derivatives in every leaf stand in `make verify`.
"""

import re

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from froude.physics import (
    CellField,
    Dirichlet,
    Elastodynamics,
    HeatConduction,
    IsotropicElastic,
    NormalFlux,
    PlaneStrain,
    PlaneStress,
    Problem,
    Region,
    Solid,
    Spring,
    StVenantKirchhoff,
)
from froude.solvers import (
    FiniteElement,
    Mesh,
    Status,
    box_mesh,
    gradient_check,
    rectangle_mesh,
    solve_modes,
)

E, RHO = 200e9, 8000.0
HELD = Dirichlet(0.0)


def body(mesh, *, solid=None, density=RHO, **conditions):
    """Free of load except for the named parts."""
    if solid is None:
        solid = PlaneStress(IsotropicElastic(E, 0.3))
    held = dict.fromkeys(mesh.boundary_names, NormalFlux(0.0)) | conditions
    region = Region(mesh.dimension, mesh.boundary_names)
    return FiniteElement(Problem(Elastodynamics(solid, density), region, held), mesh)


def rollers(axis, other):
    return (
        Dirichlet(0.0, (f"displacement_{axis}", f"velocity_{axis}")),
        NormalFlux(0.0, (f"displacement_{other}", f"velocity_{other}")),
    )


SQUARE = rectangle_mesh(3, 3, element="Q2")
ROD = rectangle_mesh(8, 1, (0.0, 0.0), (1.0, 0.1), element="Q2")


def rod(solid, **ends):
    return body(
        ROD, solid=solid, y_min=rollers("y", "x"), y_max=rollers("y", "x"), **ends
    )


def test_a_rod_of_two_materials_of_one_impedance_rings_as_one():
    """A wave needs 0.5/c and 0.25/c, a quarter of the period: sqrt(Eρ) is the same."""
    middle = np.asarray(ROD.points)[ROD.topology.cells].mean(axis=1)[:, 0]
    modulus = CellField(np.where(middle < 0.5, E, 2 * E))
    density = CellField(np.where(middle < 0.5, RHO, 0.5 * RHO))
    solid = PlaneStress(IsotropicElastic(modulus, 0.0))
    scheme = rod(solid, density=density, x_min=HELD)
    modes = solve_modes(scheme, 1)
    np.testing.assert_allclose(modes.frequencies[0], np.sqrt(E / RHO) / 3, rtol=1e-5)
    np.testing.assert_allclose(modes.total_mass, 0.1 * 0.75 * RHO, rtol=1e-12)


def test_a_free_square_has_rigid_modes_pairs_and_all_of_its_mass():
    mesh = rectangle_mesh(2, 2, element="Q1")
    modes = solve_modes(body(mesh), 18)
    assert modes.ok and modes.rigid.tolist() == 3 * [True] + 15 * [False]
    assert modes.frequencies[:3].tolist() == [0.0] * 3
    np.testing.assert_allclose(modes.total_mass, RHO)
    np.testing.assert_allclose(modes.effective_mass.sum(axis=0), RHO, rtol=1e-9)
    sizes = np.bincount(modes.clusters)
    assert sizes[0] == 3 and set(sizes[1:].tolist()) == {1, 2}
    flat = modes.shapes.reshape(18, -1)
    large = jnp.abs(flat) > (1 - 1e-6) * jnp.abs(flat).max(axis=1, keepdims=True)
    assert jnp.all(flat[jnp.arange(18), jnp.argmax(large, axis=1)] > 0)


def test_a_free_brick_has_six_rigid_modes():
    mesh = box_mesh(3, 2, 2, (0.0, 0.0, 0.0), (2.0, 1.0, 1.0), element="Q1")
    modes = solve_modes(body(mesh, solid=Solid(IsotropicElastic(E, 0.3))), 7)
    assert modes.ok and modes.rigid.tolist() == 6 * [True] + [False]


def test_rigid_modes_and_pairs_leave_no_nan_in_a_gradient():
    def total(young_modulus):
        solid = PlaneStress(IsotropicElastic(young_modulus, 0.3))
        return jnp.sum(solve_modes(body(SQUARE, solid=solid), 6).frequencies)

    value, slope = jax.value_and_grad(total)(E)
    assert jnp.isclose(slope, 0.5 * value / E, rtol=1e-8)


def test_the_mean_of_a_pair_has_a_derivative_where_its_modes_split():
    noise = np.random.default_rng(0).uniform(-0.05, 0.05, SQUARE.points.shape)

    def mean(size):
        mesh = Mesh(SQUARE.points + size * noise, SQUARE.topology)
        modes = solve_modes(body(mesh), 8)
        return jnp.mean(modes.eigenvalues[pair])

    found = solve_modes(body(SQUARE), 8)
    clusters = np.asarray(found.clusters)
    pair = np.flatnonzero(clusters == np.flatnonzero(np.bincount(clusters) == 2)[0])
    check = gradient_check(mean, jnp.array(0.0), direction=jnp.array(1.0))
    assert check.best < 1e-6 and check.dot_product < 1e-10
    split = solve_modes(
        body(Mesh(SQUARE.points + 1e-2 * noise, SQUARE.topology)), 8
    ).clusters
    assert len(set(split[pair].tolist())) == 2


@pytest.mark.slow
def test_second_derivatives_go_through_the_shapes():
    mesh = rectangle_mesh(3, 2, element="Q1")

    def frequency(ratio):
        solid = PlaneStress(IsotropicElastic(E, ratio))
        return solve_modes(body(mesh, solid=solid, x_min=HELD), 2).frequencies[0]

    slope = jax.jit(jax.grad(frequency))
    _, second = jax.jvp(jax.grad(frequency), (0.3,), (1.0,))
    difference = (slope(0.3 + 1e-4) - slope(0.3 - 1e-4)) / 2e-4
    assert abs(second / difference - 1) < 1e-6


def test_a_rod_on_a_spring():
    """b tan b = k L / E for b = ω L √(ρ/E); 0.8603336 where k L = E."""
    elastic = PlaneStrain(IsotropicElastic(E, 0.0))
    modes = solve_modes(rod(elastic, x_min=Spring((E, 0.0))), 1)
    wanted = 0.8603335890 * np.sqrt(E / RHO) / (2 * np.pi)
    assert jnp.isclose(modes.frequencies[0], wanted, rtol=1e-6)


@pytest.mark.parametrize("stretch,stable", [(0.1, True), (-0.45, False)])
def test_a_stretched_bar_stiffens_and_a_crushed_one_is_unstable(stretch, stable):
    """dP/du' = E (1 + 3 e + 3/2 e²) for St Venant-Kirchhoff without contraction."""
    scheme = rod(PlaneStrain(StVenantKirchhoff(E, 0.0)), x_min=HELD)
    about = jnp.stack([stretch * ROD.points[:, 0], 0.0 * ROD.points[:, 1]])
    modes = solve_modes(scheme, 2, about=about)
    if not stable:
        assert modes.status == Status.INFEASIBLE and jnp.isnan(modes.frequencies[0])
        return
    stiffer = 1 + 3 * stretch + 1.5 * stretch**2
    wanted = 0.25 * np.sqrt(E * stiffer / RHO) * np.array([1.0, 3.0])
    np.testing.assert_allclose(modes.frequencies, wanted, rtol=1e-4)


def test_a_shift_finds_the_modes_about_it():
    scheme = body(SQUARE, x_min=HELD)
    lowest = solve_modes(scheme, 8)
    near = solve_modes(scheme, 2, shift=lowest.frequencies[4] * 1.0001)
    gap = jnp.abs(lowest.eigenvalues - lowest.eigenvalues[4])
    nearest = jnp.sort(lowest.frequencies[jnp.argsort(gap)[:2]])
    np.testing.assert_allclose(near.frequencies, nearest, rtol=1e-9)


def test_members_of_a_batch_are_as_alone_and_a_bad_one_is_by_itself():
    @eqx.filter_jit
    @eqx.filter_vmap
    def run(density):
        return solve_modes(body(SQUARE, density=density, x_min=HELD), 3)

    density = jnp.array([RHO, jnp.nan, 2 * RHO])
    batch = run(density)
    assert batch.status.tolist() == [Status.OK, Status.NON_FINITE, Status.OK]
    alone = solve_modes(body(SQUARE, x_min=HELD), 3)
    np.testing.assert_allclose(batch.frequencies[0], alone.frequencies, rtol=1e-10)
    np.testing.assert_allclose(
        batch.frequencies[2], alone.frequencies / np.sqrt(2), rtol=1e-10
    )
    assert jnp.isnan(batch.frequencies[1]).all()


def test_modes_reach_xarray_with_units():
    data = solve_modes(body(SQUARE, x_min=HELD), 3).to_xarray()
    assert data["frequency"].attrs["units"] == "Hz"
    assert data["displacement_x"].dims == ("mode", "node")
    assert data["displacement_x"].attrs["units"] == "kg-0.5"
    assert data["effective_mass"].sel(axis="y", mode=1) > 0
    assert data.attrs["status"] == "ok" and "velocity_x" not in data


def _no_inertia():
    region = Region(2, SQUARE.boundary_names)
    held = dict.fromkeys(SQUARE.boundary_names, Dirichlet(0.0))
    return FiniteElement(Problem(HeatConduction(1.0), region, held), SQUARE)


BAD = {
    "problem.law is HeatConduction, which has no": lambda: solve_modes(
        _no_inertia(), 1
    ),
    "discretization is a Mesh; vibration needs": lambda: solve_modes(SQUARE, 1),
    "count = 0; the structure has 98 free": lambda: solve_modes(body(SQUARE), 0),
    "hold the displacement without its velocity": lambda: solve_modes(
        body(
            SQUARE,
            x_min=(
                Dirichlet(0.0, ("displacement_x", "displacement_y")),
                NormalFlux(0.0, ("velocity_x", "velocity_y")),
            ),
        ),
        1,
    ),
}


@pytest.mark.parametrize("message", BAD)
def test_what_cannot_vibrate_is_refused(message):
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        BAD[message]()
