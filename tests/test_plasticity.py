"""J2 plasticity: uniaxial cycles in closed form, the exact consistent tangent."""

import re

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq

from froude.physics import (
    Axisymmetric,
    Box,
    Dirichlet,
    IsotropicElastic,
    J2Plasticity,
    NeoHookean,
    PlaneStrain,
    PlaneStress,
    Polynomial,
    Problem,
    Solid,
    Tabulated,
    VoceHardening,
    manufactured,
    strong_residual,
    von_mises,
)
from froude.physics.residual import Jet

E, NU, YIELD, H = 200e9, 0.3, 250e6, 5e9
METAL = IsotropicElastic(E, NU, 12e-6)
SHEAR, BULK = E / (2 * (1 + NU)), E / (3 * (1 - 2 * NU))
LINEAR = Polynomial((YIELD, H))
VOCE = VoceHardening(YIELD, 150e6, 40.0, 1e9)
CURVE = Tabulated((0.0, 0.002, 0.01, 0.1), (250e6, 300e6, 340e6, 500e6))
LAW = J2Plasticity(Solid(METAL), LINEAR)
POINT = (0.0, jnp.ones(3), jnp.zeros(3))


@eqx.filter_jit
def _pull(law, strain, history):
    """One step of a bar: side strains are those that free its sides."""

    def sideways(side):
        grad_u = jnp.diag(jnp.stack([strain, side, side]))
        flux, new = law.update(*POINT, grad_u, history, 1.0)
        return -flux[1, 1], (-flux[0, 0], new)

    side = -NU * strain
    for _ in range(12):
        (value, _), (slope, _) = jax.jvp(sideways, (side,), (jnp.ones_like(side),))
        side = side - value / slope
    _, (stress, new) = sideways(side)
    return stress, new


def _cycle(law, strains):
    history, stresses = law.initial_history(), []
    for strain in strains:
        stress, history = _pull(law, jnp.asarray(strain), history)
        stresses.append(float(stress))
    return np.array(stresses), history


def test_a_uniaxial_cycle_is_piecewise_linear():
    """Elastic by E, plastic by E H/(E + H), and the yield stress grows both ways."""
    tangent = E * H / (E + H)
    path = np.array([0.5, 1.0, 3.0, 4.0, 2.0, 1.5, -2.0, -4.0, 0.0, 5.0]) * 1e-3
    found, history = _cycle(LAW, path)
    wanted, stress, level, before = [], 0.0, YIELD, 0.0
    for strain in path:
        trial = stress + E * (strain - before)
        if abs(trial) > level:
            level += (abs(trial) - level) * tangent / E
            trial = np.sign(trial) * level
        stress, before = trial, strain
        wanted.append(stress)
    assert np.max(np.abs(found - wanted)) < 1e-10 * YIELD
    assert np.isclose(history.equivalent_plastic_strain, (level - YIELD) / H)
    assert np.isclose(history.plastic_strain[0, 0], path[-1] - stress / E)
    assert abs(np.trace(history.plastic_strain)) < 1e-17


@pytest.mark.parametrize("curve", [VOCE, CURVE], ids=["Voce", "table"])
def test_a_bar_follows_its_hardening_curve(curve):
    """Under a growing load the strain is σ/E + α where σ = σ_y(α)."""
    path = np.array([1.0, 1.5, 4.0, 12.0, 40.0]) * 1e-3
    found, _ = _cycle(J2Plasticity(Solid(METAL), curve), path)
    for strain, stress in zip(path, found, strict=True):
        rest = lambda alpha, strain=strain: strain - float(curve(alpha)) / E - alpha
        alpha = brentq(rest, 0.0, strain, xtol=1e-16) if rest(0.0) > 0 else None
        wanted = E * strain if alpha is None else float(curve(alpha))
        assert abs(stress - wanted) < 1e-9 * wanted


def test_voce_hardening_starts_steep_and_saturates():
    assert VOCE(0.0) == YIELD
    assert np.isclose(jax.grad(VOCE)(0.0), 1e9 + 150e6 * 40.0)
    assert np.isclose(VOCE(2.0), YIELD + 150e6 + 2e9)


def test_perfect_plasticity_and_softening_stay_on_their_curves():
    perfect, _ = _cycle(J2Plasticity(Solid(METAL), YIELD), [2e-3, 8e-3])
    assert np.allclose(perfect, YIELD, rtol=1e-10)
    soft = J2Plasticity(Solid(METAL), Tabulated((0.0, 0.02), (250e6, 100e6)))
    found, history = _cycle(soft, [2e-3, 8e-3])
    wanted = soft.yield_stress(history.equivalent_plastic_strain)
    assert np.isclose(found[-1], wanted, rtol=1e-9) and found[-1] < 0.9 * YIELD


def _history(seed, size):
    strain = size * np.random.default_rng(seed).normal(size=(3, 3))
    update = jax.jit(lambda g: LAW.update(*POINT, g, LAW.initial_history(), 1.0)[1])
    return update(strain)


def _closed_tangent(grad_u, history):
    """Simo and Hughes (1998), box 3.2, with H' = H."""
    strain = 0.5 * (grad_u + grad_u.T) - history.plastic_strain
    trial = 2 * SHEAR * (strain - np.trace(strain) / 3 * np.eye(3))
    size = np.sqrt(np.sum(trial * trial))
    normal = trial / size
    alpha = history.equivalent_plastic_strain
    flow = (size - np.sqrt(2 / 3) * (YIELD + H * alpha)) / (2 * SHEAR + 2 / 3 * H)
    theta = 1 - 2 * SHEAR * flow / size
    theta_bar = 1 / (1 + H / (3 * SHEAR)) - (1 - theta)
    one = np.eye(3)
    both = np.einsum("ij,kl->ijkl", one, one)
    mixed = np.einsum("ik,jl->ijkl", one, one) + np.einsum("il,jk->ijkl", one, one)
    elastic = BULK * both + 2 * SHEAR * theta * (mixed / 2 - both / 3)
    return elastic - 2 * SHEAR * theta_bar * np.einsum("ij,kl->ijkl", normal, normal)


def test_the_tangent_of_a_step_is_the_consistent_one():
    history = _history(0, 3e-3)
    grad_u = np.random.default_rng(1).normal(size=(3, 3)) * 4e-3
    stress = lambda g: -LAW.update(*POINT, g, history, 1.0)[0]
    forward, backward = (
        jax.jit(kind(stress))(grad_u) for kind in (jax.jacfwd, jax.jacrev)
    )
    wanted = _closed_tangent(grad_u, history)
    assert np.allclose(forward, wanted, rtol=0, atol=1e-12 * E)
    assert np.allclose(backward, wanted, rtol=0, atol=1e-12 * E)


@pytest.mark.parametrize("grad_u", [np.zeros((3, 3)), 1e-2 * np.eye(3)])
def test_a_point_without_shear_has_the_elastic_tangent(grad_u):
    flux = lambda g: -LAW.update(*POINT, g, LAW.initial_history(), 1.0)[0]
    wanted = jax.jacfwd(METAL.stress)(grad_u)
    for derivative in (jax.jacfwd, jax.jacrev):
        found = jax.jit(derivative(flux))(grad_u)
        assert np.allclose(found, wanted, rtol=0, atol=1e-14 * E)


def test_every_step_ends_inside_the_yield_surface():
    strains = 5e-3 * np.random.default_rng(2).normal(size=(64, 3, 3))
    strains[:16] *= 0.05

    @jax.jit
    @jax.vmap
    def end(grad_u):
        flux, new = LAW.update(*POINT, grad_u, LAW.initial_history(), 1.0)
        excess = von_mises(flux) - LAW.yield_stress(new.equivalent_plastic_strain)
        return excess, new.equivalent_plastic_strain, jnp.trace(new.plastic_strain)

    excess, alpha, trace = end(strains)
    assert np.all(alpha[:16] == 0) and np.all(alpha[20:] > 0)
    assert np.max(excess) < 1e-9 * YIELD
    assert np.max(np.abs(excess[alpha > 0])) < 1e-9 * YIELD
    assert np.max(np.abs(trace)) < 1e-16


@pytest.mark.parametrize("curve", [LINEAR, VOCE], ids=["linear", "Voce"])
def test_gradients_of_a_step_agree_with_differences(curve):
    history = _history(0, 3e-3)
    grad_u = np.random.default_rng(1).normal(size=(3, 3)) * 4e-3
    law = J2Plasticity(Solid(METAL, temperature=320.0), curve)
    numbers, rest = eqx.partition(law, eqx.is_inexact_array)

    @jax.jit
    def stress(numbers):
        return eqx.combine(numbers, rest).update(*POINT, grad_u, history, 1.0)[0]

    leaves, tree = jax.tree.flatten(numbers)
    assert len(leaves) == 5 + len(jax.tree.leaves(curve))
    for place, leaf in enumerate(leaves):
        direction = [jnp.zeros_like(other) for other in leaves]
        direction[place] = jnp.where(leaf == 0, 1.0, leaf)
        at = lambda step, way=direction: jax.tree.unflatten(
            tree, [a + step * b for a, b in zip(leaves, way, strict=True)]
        )
        _, slope = jax.jvp(lambda s, at=at: stress(at(s)), (0.0,), (1.0,))
        difference = (stress(at(1e-5)) - stress(at(-1e-5))) / 2e-5
        assert np.max(np.abs(slope)) > 1e3
        assert np.allclose(difference, slope, rtol=0, atol=1e-8 * np.max(np.abs(slope)))


def test_planes_and_rings_are_parts_of_space():
    x, u = jnp.array([2.0, 1.0]), jnp.array([6e-3, 1e-3])
    grad_u = jnp.array([[4e-3, 1e-3], [0.0, -2e-3]])
    for kind, hoop in ((PlaneStrain, 0.0), (Axisymmetric, 3e-3)):
        law = J2Plasticity(kind(METAL, (1e6, 2e6), 320.0), LINEAR)
        space = J2Plasticity(Solid(METAL, temperature=320.0), LINEAR)
        full = jnp.pad(grad_u, ((0, 1), (0, 1))).at[2, 2].set(hoop)
        flux, new = law.update(0.0, x, u, grad_u, law.initial_history(), 1.0)
        wanted, same = space.update(*POINT, full, space.initial_history(), 1.0)
        weight = x[0] if hoop else 1.0
        assert np.allclose(flux, weight * wanted[:2, :2], rtol=1e-13)
        assert np.allclose(new.plastic_strain, same.plastic_strain, rtol=1e-13)
        pull = jnp.array([-wanted[2, 2] if hoop else 0.0, 0.0])
        source = law.source(0.0, x, u, grad_u, new)
        assert np.allclose(source, weight * jnp.array([1e6, 2e6]) - pull, rtol=1e-12)
        assert not np.any(law.storage(0.0, x, u))


def test_single_precision_stays():
    cast = lambda leaf: jnp.asarray(leaf, jnp.float32)
    law = jax.tree.map(cast, LAW)
    history = law.initial_history()
    point = jax.tree.map(cast, POINT)
    sheared = 4e-3 * jnp.eye(3, k=1)
    flux, new = law.update(*point, cast(sheared), history, 1.0)
    wanted, _ = LAW.update(*POINT, sheared, LAW.initial_history(), 1.0)
    assert {leaf.dtype for leaf in jax.tree.leaves((history, flux, new))} == {
        np.dtype(np.float32)
    }
    assert np.allclose(flux, wanted, atol=1e-5 * YIELD)


def test_a_law_with_memory_has_no_strong_residual():
    jet = Jet(jnp.zeros(3), jnp.zeros(3), jnp.zeros((3, 3)), jnp.zeros((3, 3, 3)))
    with pytest.raises(TypeError, match="law is a J2Plasticity.*the past"):
        strong_residual(LAW, 0.0, jnp.zeros(3), jet)
    box = Box((0.0,) * 3, (1.0,) * 3)
    held = Problem(LAW, box, dict.fromkeys(box.boundary_names, Dirichlet(0.0)))
    with pytest.raises(TypeError, match="J2Plasticity.*no manufactured"):
        manufactured(held, lambda t, x: x)


BAD = {
    "solid is a PlaneStress; plasticity needs": lambda: J2Plasticity(
        PlaneStress(METAL), YIELD
    ),
    "solid is a IsotropicElastic; plasticity": lambda: J2Plasticity(METAL, YIELD),
    "solid.material is NeoHookean; plasticity": lambda: J2Plasticity(
        Solid(NeoHookean(E, NU)), YIELD
    ),
    "yield_stress = 0.0 is not above 0; give": lambda: J2Plasticity(Solid(METAL), 0.0),
    "yield_stress is called with (equivalent_plastic_strain)": lambda: J2Plasticity(
        Solid(METAL), lambda t, x: YIELD
    ),
    "saturation = -1.0 is below 0; give": lambda: VoceHardening(1.0, -1.0, 1.0),
    "rate = nan is not finite": lambda: VoceHardening(1.0, 1.0, np.nan),
}


@pytest.mark.parametrize("message", BAD)
def test_metals_that_cannot_yield_are_refused(message):
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        BAD[message]()
