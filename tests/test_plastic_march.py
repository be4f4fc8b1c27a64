"""Laws with memory marched on meshes: closed forms, an exact recurrence, gradients."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from froude.physics import (
    AbstractHistoryLaw,
    Axisymmetric,
    Box,
    Component,
    Dirichlet,
    IsotropicElastic,
    J2Plasticity,
    NormalFlux,
    PerRadian,
    PlaneStrain,
    Polynomial,
    Pressure,
    Problem,
    Region,
    Solid,
    Tabulated,
    von_mises,
)
from froude.solvers import (
    BDF2,
    FiniteElement,
    IncompatibleModes,
    MeanDilatation,
    ReducedIntegration,
    Status,
    box_mesh,
    budget,
    gradient_check,
    nodal_measure,
    quadrature_stress,
    reaction_forces,
    rectangle_mesh,
    solve,
    strain_energy,
)

E, NU, YIELD, H = 200e9, 0.3, 250e6, 5e9
METAL = IsotropicElastic(E, NU)
PULL = Tabulated((0.0, 1.0, 2.0, 3.0), (0.0, 4e-3, -4e-3, 1e-3))


def slides(axis, axes):
    others = tuple(f"displacement_{other}" for other in axes if other != axis)
    return Dirichlet(0.0, (f"displacement_{axis}",)), NormalFlux(0.0, others)


def bar(law, mesh, formulation=None):
    """Pulled along x by its end, free to get thinner."""
    axes = "xyz"[: mesh.dimension]
    pull = eqx.Partial(lambda path, t, x: path(t) * jnp.eye(len(x))[0], PULL)
    conditions = {f"{axis}_max": NormalFlux(0.0) for axis in axes}
    conditions |= {f"{axis}_min": slides(axis, axes) for axis in axes}
    conditions["x_max"] = (
        Dirichlet(pull, ("displacement_x",)),
        NormalFlux(0.0, tuple(f"displacement_{axis}" for axis in axes[1:])),
    )
    upper = (1.0,) * mesh.dimension
    box = Box((0.0,) * mesh.dimension, upper)
    problem = Problem(law, box, conditions, interval=(0.0, 3.0))
    return FiniteElement(problem, mesh, formulation=formulation)


def uniaxial(times):
    """Stress [Pa] of a bar with linear hardening, by its closed form."""
    stress, level, before, found = 0.0, YIELD, 0.0, []
    for t in times:
        strain = float(PULL(t))
        trial = stress + E * (strain - before)
        if abs(trial) > level:
            level += (abs(trial) - level) * H / (E + H)
            trial = np.sign(trial) * level
        stress, before = trial, strain
        found.append(stress)
    return np.array(found)


def test_a_bar_of_hexahedra_follows_its_cycle():
    """Load, unload and reverse in the closed form; books and stresses say the same."""
    law = J2Plasticity(Solid(METAL), Polynomial((YIELD, H)))
    scheme = bar(law, box_mesh(1, 1, 1), MeanDilatation())
    solution = solve(scheme, steps=12, saves=12)
    assert solution.ok
    pulled = -np.diff(solution.ledger.outflow["x_max"][:, 0]) / 0.25
    wanted = uniaxial(solution.times[1:])
    assert np.max(np.abs(pulled - wanted)) < 1e-9 * YIELD
    assert np.max(np.abs(budget(solution).imbalance)) < 1e-8 * YIELD
    stress, nodal, energy, force = _results(scheme, solution)
    assert np.allclose(stress[..., 0, 0], wanted[-1], rtol=1e-9)
    assert np.allclose(nodal, abs(wanted[-1]), rtol=1e-9)
    assert np.isclose(energy, wanted[-1] ** 2 / (2 * E), rtol=1e-9)
    assert np.isclose(force[0], wanted[-1], rtol=1e-9)
    history = solution.history
    assert history.plastic_strain.shape == (13, 1, 8, 3, 3)
    assert np.all(np.diff(history.equivalent_plastic_strain, axis=0) >= 0)
    _exports(solution, wanted[-1])


def _exports(solution, stress):
    """ε_p of the closed form, σ/E less the strain, with units and places."""
    data = solution.to_xarray()
    found = data["plastic_strain"]
    assert found.dims[:3] == ("time", "cell", "quadrature") and found.ndim == 5
    assert found.attrs["units"] == data["equivalent_plastic_strain"].units == "1"
    last = found.isel(time=-1).values
    assert np.allclose(last[..., 0, 0], float(PULL(3.0)) - stress / E, rtol=1e-9)
    assert np.allclose(np.trace(last, axis1=-2, axis2=-1), 0.0, atol=1e-15)
    places = np.stack([data[f"quadrature_{axis}"].values for axis in "xyz"])
    assert places.shape == (3, 1, 8) and data["quadrature_x"].attrs["units"] == "m"
    gauss = 0.5 * (1 + np.array([-1, 1]) / np.sqrt(3))
    assert np.allclose(np.unique(places.round(12)), gauss)
    assert data["displacement_x"].sizes["time"] == data.sizes["time"] == 13


@eqx.filter_jit
def _results(scheme, solution):
    given = {"t": solution.times[-1], "history": solution.final_history}
    state = solution.final
    return (
        quadrature_stress(scheme, state, **given)[1],
        nodal_measure(scheme, state, von_mises, **given),
        strain_energy(scheme, state, **given),
        reaction_forces(scheme, state, **given)["x_max"],
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "element, formulation",
    [("P2", None), ("Q2", None), ("S2", ReducedIntegration())],
)
def test_plane_elements_agree_on_a_uniform_state(element, formulation):
    """All cells see one strain, so every element must give the same force."""
    law = J2Plasticity(PlaneStrain(METAL), Polynomial((YIELD, H)))
    mesh = rectangle_mesh(1, 1, element=element)
    solution = solve(bar(law, mesh, formulation), steps=3)
    pulled = -solution.ledger.outflow["x_max"][-1, 0]
    assert solution.ok
    assert np.isclose(pulled, _plane_impulse(law), rtol=1e-9)


def _plane_impulse(law):
    """Sum of the stresses of three steps at a point whose side is free."""
    history, impulse, side = law.initial_history(), 0.0, 0.0
    for t in (1.0, 2.0, 3.0):
        strain = PULL(t)

        def sideways(side, strain=strain, history=history):
            grad_u = jnp.diag(jnp.stack([strain, side]))
            point = (0.0, jnp.zeros(2), jnp.zeros(2))
            flux, new = law.update(*point, grad_u, history, 1.0)
            return -flux[1, 1], (-flux[0, 0], new)

        side = jnp.asarray(side)
        for _ in range(15):
            (value, _), (slope, _) = jax.jvp(sideways, (side,), (jnp.ones(()),))
            side = side - value / slope
        _, (stress, history) = sideways(side)
        impulse += stress
    return impulse


class Relaxing(AbstractHistoryLaw):
    """Conduction whose flux q follows late: τ dq/dt + q = -k grad u (Cattaneo)."""

    conductivity: jax.Array
    delay: jax.Array

    @property
    def components(self):
        return (Component("temperature", "K", "temperature"),)

    @property
    def history_components(self):
        return (Component("remembered", "W m^-2", "remembered flux"),)

    def initial_history(self):
        return jnp.zeros((1, 2))

    def storage(self, t, x, u):
        return u

    def update(self, t, x, u, grad_u, history, dt):
        late = self.delay * history - dt * self.conductivity * grad_u
        flux = late / (self.delay + dt)
        return flux, flux

    def source(self, t, x, u, grad_u, history):
        return jnp.zeros_like(u)


def test_late_conduction_follows_the_recurrence_of_its_mode():
    """On a uniform P1 mesh sin πx is an eigenvector, so each step is a recurrence."""
    intervals, steps, k, delay = 8, 5, 0.3, 0.2
    mesh = rectangle_mesh(intervals, 1)
    mode = lambda x: jnp.sin(jnp.pi * x[:1])
    walls = {name: Dirichlet(0.0) for name in ("x_min", "x_max")}
    walls |= {name: NormalFlux(0.0) for name in ("y_min", "y_max")}
    law = Relaxing(jnp.array(k), jnp.array(delay))
    box = Box((0.0, 0.0), (1.0, 1.0))
    problem = Problem(law, box, walls, mode, (0.0, 0.5))
    solution = solve(FiniteElement(problem, mesh), steps=steps)
    h, dt = 1 / intervals, 0.5 / steps
    eigenvalue = 6 / h**2 * (1 - np.cos(np.pi * h)) / (2 + np.cos(np.pi * h))
    # q = -g grad (u/|u|) at the amplitude u: u1 = u0 - dt λ g1.
    u, g = 1.0, 0.0
    for _ in range(steps):
        share = dt * k / (delay + dt)
        u, old = (
            (u - dt * eigenvalue * delay / (delay + dt) * g)
            / (1 + dt * eigenvalue * share),
            g,
        )
        g = delay / (delay + dt) * old + share * u
    wanted = u * jax.vmap(mode)(mesh.points)[:, 0]
    assert np.max(np.abs(solution.final[0] - wanted)) < 1e-10
    assert np.max(budget(solution).relative) < 1e-12


def ring(design, steps=4):
    """A thick pipe under pressure that is taken off again."""
    metal = IsotropicElastic(design["modulus"], design["ratio"])
    curve = Polynomial((design["yield"], design["hardening"]))
    law = J2Plasticity(Axisymmetric(metal), curve)
    mesh = rectangle_mesh(4, 1, (1.0, 0.0), (2.0, 0.25))
    path = Tabulated((0.0, 1.0, 2.0), jnp.stack([0.0, design["pressure"], 0.0]))
    flat = Dirichlet(0.0, ("displacement_z",))
    roll = (flat, PerRadian(NormalFlux(0.0, ("displacement_r",))))
    conditions = {
        "x_min": PerRadian(Pressure(eqx.Partial(lambda p, t, x: p(t), path))),
        "x_max": PerRadian(NormalFlux(0.0)),
        "y_min": roll,
        "y_max": roll,
    }
    domain = Region(2, mesh.boundary_names)
    problem = Problem(law, domain, conditions, interval=(0.0, 2.0))
    scheme = FiniteElement(problem, mesh, formulation=MeanDilatation())
    solution = solve(scheme, steps=steps, tolerance=1e-13)
    strain = solution.final_history.equivalent_plastic_strain
    return jnp.mean(solution.final[0]) + jnp.mean(strain), solution.status


DESIGN = {
    "modulus": 200.0,
    "ratio": 0.45,
    "yield": 0.25,
    "hardening": 10.0,
    "pressure": 0.19,
}


@pytest.mark.slow
def test_residual_deformation_has_derivatives_through_the_whole_march():
    """Away from the loads at which another point starts to yield."""
    design = jax.tree.map(jnp.asarray, DESIGN)
    check = gradient_check(lambda d: ring(d)[0], design, steps=(1e-4, 1e-5, 1e-6))
    assert check.best < 1e-6 and check.dot_product < 1e-10
    assert abs(check.derivative) > 1e-4


@pytest.mark.slow
def test_a_batch_of_pipes_has_the_values_of_its_members():
    """The last member is loaded beyond its limit and says so alone."""
    factors = jnp.array([1.0, 0.9, 30.0])
    perfect = {**DESIGN, "hardening": 0.0}
    designs = {
        name: value * (factors if name == "pressure" else jnp.ones(3))
        for name, value in perfect.items()
    }
    values, status = eqx.filter_jit(jax.vmap(ring))(designs)
    assert status.tolist()[:2] == [Status.OK, Status.OK]
    assert status[2] != Status.OK
    for member in (0, 1):
        one = jax.tree.map(lambda leaf, m=member: leaf[m], designs)
        assert np.isclose(values[member], ring(one)[0], rtol=1e-10)


@pytest.mark.slow
def test_a_metal_that_softens_under_load_is_told():
    law = J2Plasticity(Solid(METAL), Tabulated((0.0, 0.02), (250e6, 100e6)))
    scheme = bar(law, box_mesh(1, 1, 1))
    assert solve(scheme, steps=6).status == Status.INFEASIBLE


def test_what_a_march_with_memory_cannot_do_is_refused():
    law = J2Plasticity(PlaneStrain(METAL), YIELD)
    scheme = bar(law, rectangle_mesh(1, 1))
    with pytest.raises(ValueError, match=r"method = BDF2\(\), but J2Plasticity"):
        solve(scheme, steps=2, method=BDF2())
    state = jnp.zeros((2, 4))
    with pytest.raises(TypeError, match=r"give history=solution.final_history"):
        nodal_measure(scheme, state, von_mises)
    with pytest.raises(TypeError, match="needs a linear material"):
        bar(law, rectangle_mesh(1, 1), IncompatibleModes())
