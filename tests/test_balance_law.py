"""The public check of a law: ours pass it, broken ones are refused."""

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from froude.physics import (
    AbstractHyperbolicLaw,
    AdvectionDiffusion,
    Box,
    Burgers,
    Component,
    Dirichlet,
    HeatConduction,
    Polynomial,
    Problem,
    advected_mode,
    burgers_travelling_front,
    check_balance_law,
    heat_decaying_mode,
)
from froude.solvers import CartesianGrid, discretize

V, KAPPA = jnp.array([1.0, 0.5]), jnp.array([1.0, 2.0])
CASES = {
    "heat": (HeatConduction(2.0), 2, lambda t, x: heat_decaying_mode(t, x, 2.0)),
    "heat with k(T)": (HeatConduction(Polynomial([2.0, 0.3]), 1.5, 1.0), 3, None),
    "advection-diffusion": (
        AdvectionDiffusion(V, 0.1),
        2,
        lambda t, x: advected_mode(t, x, V, jnp.array(0.1), KAPPA),
    ),
    "Burgers": (
        Burgers(0.1),
        1,
        lambda t, x: burgers_travelling_front(t, x, 0.1, 1.0, 0.0),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_laws_keep_the_contract_and_exact_solutions_leave_round_off(name):
    law, dimension, exact = CASES[name]
    check = check_balance_law(law, dimension=dimension, exact=exact)
    assert check.gradient < 1e-9
    assert check.residual is None or check.residual < 1e-13


class _Wave(AbstractHyperbolicLaw):
    """Linear advection with a fault chosen by the test."""

    speed: jax.Array
    fault: str = eqx.field(static=True)

    @property
    def components(self):
        return (Component("u", "1", "u"),)

    def storage(self, t, x, u):
        return u.astype(jnp.float64) if self.fault == "dtype" else u

    def flux(self, t, x, u, grad_u):
        speed = self.speed
        if self.fault == "gradient":
            speed = jax.lax.stop_gradient(speed)
        flux = speed * u[:, None]
        return flux[:, 0] if self.fault == "shape" else flux

    def source(self, t, x, u, grad_u):
        return jnp.zeros_like(u)

    def max_wave_speed(self, t, x, u, normal):
        bound = jnp.abs(self.speed * normal[0])
        return 0.5 * bound if self.fault == "speed" else bound


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        ("shape", TypeError, "flux returns"),
        ("dtype", TypeError, "storage returns"),
        ("gradient", ValueError, "derivative of _Wave.flux"),
        ("speed", ValueError, "faster than max_wave_speed"),
    ],
)
def test_a_broken_law_is_refused_with_its_fault(fault, error, message):
    with pytest.raises(error, match=message):
        check_balance_law(_Wave(jnp.array(2.0), fault), dimension=1)


def test_discretize_names_the_method_with_the_wrong_shape():
    ends = {"x_min": Dirichlet(0.0), "x_max": Dirichlet(1.0)}
    box, grid = Box((0.0,), (1.0,)), CartesianGrid((4,))
    broken = Problem(_Wave(jnp.array(2.0), "shape"), box, ends)
    message = r"_Wave.flux returns the shape \(1,\) .* must return \(1, 1\)"
    with pytest.raises(TypeError, match=message):
        discretize(broken, grid)
    of_place = Problem(HeatConduction(lambda x: 1.0 + x[0]), box, ends)
    with pytest.raises(TypeError, match="conductivity is called with T, a scalar"):
        discretize(of_place, grid)


def test_a_wrong_exact_solution_is_refused():
    wrong = lambda t, x: heat_decaying_mode(t, x, 3.0)
    with pytest.raises(ValueError, match="relative residual"):
        check_balance_law(HeatConduction(2.0), dimension=2, exact=wrong)
