"""Elastic materials: stress and energy agree, frames do not matter, limits hold."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq

from froude.physics import (
    IsotropicElastic,
    NearlyIncompressibleNeoHookean,
    NeoHookean,
    OrthotropicElastic,
    Polynomial,
    StVenantKirchhoff,
    lame_parameters,
)

E, NU, ALPHA = 2.0e6, 0.3, 2e-4
FIRST, SHEAR = (float(value) for value in lame_parameters(E, NU))
BULK = FIRST + 2 / 3 * SHEAR


def _rotation(seed):
    axes, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return axes * np.sign(np.linalg.det(axes))


LINEAR = {
    "isotropic": IsotropicElastic(E, NU, ALPHA),
    "orthotropic": OrthotropicElastic(
        (14e6, 1e6, 2e6),
        (0.3, 0.25, 0.4),
        (5e5, 6e5, 3e5),
        _rotation(1),
        (1e-5, 2e-4, 3e-4),
    ),
}
FINITE = {
    "neo-Hookean": NeoHookean(E, NU, ALPHA),
    "nearly incompressible": NearlyIncompressibleNeoHookean(SHEAR, BULK, ALPHA),
    "St Venant-Kirchhoff": StVenantKirchhoff(E, NU, ALPHA),
}
ALL = LINEAR | FINITE
GRADIENTS = 0.2 * np.random.default_rng(0).normal(size=(5, 3, 3))


@pytest.mark.parametrize("temperature", [None, 350.0])
@pytest.mark.parametrize("name", ALL)
def test_stress_is_the_derivative_of_the_energy(name, temperature):
    material = ALL[name]
    stress = jax.vmap(lambda g: material.stress(g, temperature))(GRADIENTS)
    slope = jax.vmap(jax.grad(lambda g: material.energy(g, temperature)))(GRADIENTS)
    assert jnp.max(jnp.abs(stress - slope)) < 1e-12 * jnp.max(jnp.abs(stress))


@pytest.mark.parametrize("name", ALL)
def test_the_tangent_is_symmetric_and_finite_at_rest(name):
    material = ALL[name]
    tangent = jax.jit(jax.vmap(jax.jacfwd(material.stress)))
    at = np.concatenate([np.zeros((1, 3, 3)), GRADIENTS])
    slopes = tangent(at).reshape(-1, 9, 9)
    assert jnp.all(jnp.isfinite(slopes))
    defect = jnp.max(jnp.abs(slopes - slopes.swapaxes(1, 2)))
    assert defect < 1e-13 * jnp.max(jnp.abs(slopes))
    assert not jnp.any(material.stress(jnp.zeros((3, 3))))
    assert material.energy(jnp.zeros((3, 3))) == 0


@pytest.mark.parametrize("name", ALL)
def test_free_thermal_expansion_leaves_no_stress(name):
    material, warmer = ALL[name], 80.0
    expansion = material.expansion
    free = expansion(0.0) if callable(expansion) else expansion
    grown = jnp.eye(3) * free * warmer
    if name == "orthotropic":
        grown = material.rotation @ grown @ material.rotation.T
    temperature = material.reference_temperature + warmer
    stress = material.stress(grown, temperature)
    held = material.stress(jnp.zeros((3, 3)), temperature)
    assert jnp.max(jnp.abs(stress)) < 1e-12 * jnp.max(jnp.abs(held))
    assert jnp.all(jnp.diag(held) < 0)


def test_constants_may_depend_on_temperature():
    softening = IsotropicElastic(Polynomial((E, -1e3), 293.15), NU)
    warm = softening.stress(GRADIENTS[0], 393.15)
    assert np.allclose(warm, IsotropicElastic(E - 1e5, NU).stress(GRADIENTS[0]))
    cold = softening.stress(GRADIENTS[0])
    assert np.allclose(cold, IsotropicElastic(E, NU).stress(GRADIENTS[0]))


@pytest.mark.parametrize("rotation", [None, _rotation(2)])
def test_orthotropic_with_isotropic_constants_is_isotropic(rotation):
    same = OrthotropicElastic((E,) * 3, (NU,) * 3, (SHEAR,) * 3, rotation, ALPHA)
    for temperature in (None, 350.0):
        wanted = LINEAR["isotropic"].stress(GRADIENTS[1], temperature)
        stress = same.stress(GRADIENTS[1], temperature)
        assert jnp.max(jnp.abs(stress - wanted)) < 1e-13 * jnp.max(jnp.abs(wanted))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_ply_pulled_along_an_axis_shrinks_by_its_constants(axis):
    ply = LINEAR["orthotropic"]
    e, (n12, n13, n23) = ply.young_moduli, ply.poisson_ratios
    strains = jnp.array(
        [
            [1 / e[0], -n12 / e[0], -n13 / e[0]],
            [-n12 / e[0], 1 / e[1], -n23 / e[1]],
            [-n13 / e[0], -n23 / e[1], 1 / e[2]],
        ]
    )
    turn = lambda a: ply.rotation @ a @ ply.rotation.T
    stress = ply.stress(turn(jnp.diag(strains[axis])))
    wanted = turn(jnp.zeros((3, 3)).at[axis, axis].set(1.0))
    assert np.allclose(stress, wanted, atol=1e-12)
    sheared = turn(jnp.zeros((3, 3)).at[0, axis].set(1e-3))
    if axis:
        local = ply.rotation.T @ ply.stress(sheared) @ ply.rotation
        assert np.isclose(local[0, axis], 1e-3 * ply.shear_moduli[axis - 1])


@pytest.mark.parametrize("name", FINITE)
def test_a_turned_body_has_turned_stress(name):
    turn, material = _rotation(3), FINITE[name]
    for grad_u in GRADIENTS:
        turned = turn @ (np.eye(3) + grad_u) - np.eye(3)
        stress = material.stress(grad_u)
        defect = material.stress(turned) - turn @ stress
        assert jnp.max(jnp.abs(defect)) < 1e-12 * jnp.max(jnp.abs(stress))


@pytest.mark.parametrize("name", FINITE)
def test_small_strain_is_hookes_law_to_second_order(name):
    def defect(size):
        strain = size * GRADIENTS[2]
        wanted = LINEAR["isotropic"].stress(strain)
        return jnp.linalg.norm(FINITE[name].stress(strain) - wanted)

    assert defect(1e-3) < 1e-2 * jnp.linalg.norm(
        LINEAR["isotropic"].stress(1e-3 * GRADIENTS[2])
    )
    assert jnp.log2(defect(1e-3) / defect(5e-4)) == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize("name", FINITE)
def test_small_strains_keep_their_digits_in_float32(name):
    strain = 1e-5 * GRADIENTS[2]
    cast = lambda leaf: jnp.asarray(leaf, jnp.float32)
    stress = jax.tree.map(cast, FINITE[name]).stress(cast(strain))
    wanted = FINITE[name].stress(strain)
    assert stress.dtype == jnp.float32
    assert jnp.max(jnp.abs(stress - wanted)) < 1e-6 * jnp.max(jnp.abs(wanted))


@pytest.mark.parametrize("stretch", [0.5, 1.0, 1.5, 3.0])
def test_uniaxial_neo_hookean_meets_its_scalar_root(stretch):
    """Side faces are free where μ (s² - 1) + λ ln(l s²) = 0; then P = μ (l - s²/l)."""
    free = lambda s: SHEAR * (s * s - 1) + FIRST * np.log(stretch * s * s)
    side = brentq(free, 0.05, 5.0, xtol=1e-15)
    stress = FINITE["neo-Hookean"].stress(
        jnp.diag(jnp.array([stretch, side, side]) - 1)
    )
    assert np.max(np.abs(stress[1:, 1:])) < 1e-10 * E
    wanted = SHEAR * (stretch - side**2 / stretch)
    assert abs(stress[0, 0] - wanted) < 1e-10 * E


def test_nearly_incompressible_rubber_separates_shape_and_volume():
    rubber = NearlyIncompressibleNeoHookean(1e6, 2e9)
    swollen = rubber.stress(0.01 * jnp.eye(3))
    change = 1.01**3 - 1
    assert np.allclose(swollen, 2e9 * change * 1.01**2 * np.eye(3), rtol=1e-12)
    isochoric = jnp.diag(jnp.array([2.0, 1.0, 0.5]) - 1)
    assert np.isclose(rubber.energy(isochoric), 0.5e6 * (4 + 1 + 0.25 - 3))


BAD = {
    "young_modulus = 0.0 is not above 0": lambda: IsotropicElastic(0.0, 0.3),
    "young_modulus = -1.0 is not above 0; give": lambda: NeoHookean(-1.0, 0.3),
    "poisson_ratio = 0.5 is not below 0.5; give": lambda: IsotropicElastic(1.0, 0.5),
    "poisson_ratio = -1.0 is not above -1; ": lambda: StVenantKirchhoff(1.0, -1.0),
    "poisson_ratio = nan is not finite": lambda: NeoHookean(1.0, np.nan),
    "young_modulus has the shape (2,); give one": lambda: NeoHookean([1.0, 2.0], 0.3),
    "expansion has the shape (3,); give one": lambda: IsotropicElastic(
        1.0, 0.3, (1.0, 1.0, 1.0)
    ),
    "bulk_modulus = 0.0 is not above 0": lambda: NearlyIncompressibleNeoHookean(1, 0),
    "young_moduli has the shape (); give an array of the": lambda: OrthotropicElastic(
        1.0, (0.3,) * 3, (1.0,) * 3
    ),
    "the compliance, scaled to a unit diagonal, has the eigenvalue -0.2": lambda: (
        OrthotropicElastic((1.0,) * 3, (0.6,) * 3, (1.0,) * 3)
    ),
    "misses a rotation by": lambda: OrthotropicElastic(
        (1.0,) * 3, (0.3,) * 3, (1.0,) * 3, 2 * np.eye(3)
    ),
    "orthonormal, right-handed": lambda: OrthotropicElastic(
        (1.0,) * 3, (0.3,) * 3, (1.0,) * 3, np.diag([1.0, 1.0, -1.0])
    ),
    "one for each of the three material axes": lambda: OrthotropicElastic(
        (1.0,) * 3, (0.3,) * 3, (1.0,) * 3, expansion=(1.0, 2.0)
    ),
}


@pytest.mark.parametrize("message", BAD)
def test_constants_that_no_material_has_are_refused(message):
    with pytest.raises(ValueError, match=re.escape(message)):
        BAD[message]()


def test_constants_are_traced_leaves():
    stress = jax.jit(lambda e, n: IsotropicElastic(e, n).stress(GRADIENTS[0]))
    wanted = IsotropicElastic(E, NU).stress(GRADIENTS[0])
    assert np.allclose(stress(E, NU), wanted, rtol=1e-14)
    many = jax.vmap(lambda e: IsotropicElastic(e, NU).stress(GRADIENTS[0]))
    assert np.allclose(many(jnp.array([E, 2 * E]))[1], 2 * wanted, rtol=1e-14)
