"""Gases at a point: the law, its waves, exact solutions, the Riemann problem."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from froude.physics import (
    Euler,
    PressureOutlet,
    SlipWall,
    check_balance_law,
    isentropic_vortex,
    riemann_solution,
    riemann_star,
    simple_wave,
)

# Roots of the pressure function to 1e-14, found outside of this project.
STARS = {
    "sod": (
        (1, 0, 1),
        (0.125, 0, 0.1),
        (0.30313018, 0.92745262, 0.42631943, 0.26557371),
    ),
    "123": ((1, -2, 0.4), (1, 2, 0.4), (0.0018938734, 0.0, 0.021852118, 0.021852118)),
    "left": ((1, 0, 1000), (1, 0, 0.01), (460.89379, 19.597451, 0.5750623, 5.9992407)),
    "right": (
        (1, 0, 0.01),
        (1, 0, 100),
        (46.095044, -6.1963282, 5.9924169, 0.57511279),
    ),
}


def admissible(unit):
    """A conserved state with pressure from numbers in [0, 1]."""
    w = np.concatenate([[0.5 + unit[0]], 2 * unit[1:-1] - 1, [0.3 + unit[-1]]])
    return Euler(1.4, unit.size - 2).conserved(jnp.asarray(w))


def rising(start):
    return 0.2 * jnp.sin(jnp.pi * start)


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_euler_keeps_the_contract_of_a_balance_law(dimension):
    exact = {
        1: lambda t, x: simple_wave(t, x, Euler(1.4, 1), rising, reach=3.0),
        2: lambda t, x: isentropic_vortex(t, x, Euler(1.4, 2)),
        3: None,
    }[dimension]
    found = check_balance_law(
        Euler(1.4, dimension),
        dimension=dimension,
        state=admissible,
        exact=exact,
        time=(0.1, 0.6),
    )
    assert found.wave_speed is not None and found.wave_speed < 1e-12


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_eigenvectors_diagonalise_the_flux(dimension):
    law = Euler(1.3, dimension)
    u = admissible(np.linspace(0.2, 0.9, dimension + 2))
    w, nothing = law.primitive(u), jnp.zeros((dimension + 2, dimension))
    np.testing.assert_allclose(law.conserved(w), u, rtol=1e-14)
    for axis in range(dimension):
        slope = jax.jacfwd(lambda v: law.flux(0.0, None, v, nothing)[:, axis])(u)  # noqa: B023
        primitive = jax.jacfwd(law.primitive)(u) @ slope @ jax.jacfwd(law.conserved)(w)
        left, right = law.eigenvectors(w, axis)
        np.testing.assert_allclose(left @ right, np.eye(u.size), atol=1e-13)
        v, c = w[1 + axis], law.sound_speed(w)
        speeds = jnp.array([v - c, *[v] * dimension, v + c])
        np.testing.assert_allclose(
            left @ primitive @ right, np.diag(speeds), atol=1e-13
        )


@pytest.mark.parametrize("name", STARS)
def test_star_states_of_the_riemann_problem(name):
    left, right, wanted = STARS[name]
    star = riemann_star(left, right, 1.4)
    # The table has eight digits.
    np.testing.assert_allclose(star, wanted, rtol=6e-8, atol=1e-8)


def test_riemann_solution_holds_the_balances_across_its_waves():
    """Integrals over a wide interval change by the fluxes at its ends only."""
    law = Euler()
    nodes, weights = np.polynomial.legendre.leggauss(8)
    edges = np.linspace(-1, 1, 20001)
    middle, half = 0.5 * (edges[1:] + edges[:-1]), 0.5 * np.diff(edges)[0]
    points = (middle[:, None] + half * nodes).ravel()
    weights = np.tile(half * weights, middle.size)
    for left, right, _ in STARS.values():
        left, right = np.array(left, float), np.array(right, float)
        t = 0.5 / (np.abs([left[1], right[1]]).max() + 45.0)
        states = jax.jit(
            jax.vmap(
                lambda x, a=left, b=right, t=t: law.conserved(
                    riemann_solution(t, x[None], a, b, 1.4)
                )
            )
        )(points)
        u_l, u_r = law.conserved(jnp.asarray(left)), law.conserved(jnp.asarray(right))
        flux_l, flux_r = law.inviscid_flux(u_l)[:, 0], law.inviscid_flux(u_r)[:, 0]
        wanted = u_l + u_r + t * (flux_l - flux_r)
        # Each of three jumps is missed by less than its height times one cell.
        allowed = 3 * (2 * half) * np.ptp(states, axis=0)
        assert np.all(np.abs(weights @ states - wanted) < allowed)


def test_sod_waves_stand_where_they_should():
    at = lambda x: riemann_solution(
        0.2, jnp.array([x]), *STARS["sod"][:2], 1.4, origin=0.5
    )
    star = riemann_star(*STARS["sod"][:2], 1.4)
    for place, before, after in (
        (0.263357, 1.0, None),
        (0.485945, None, star.density_left),
        (0.685491, star.density_left, star.density_right),
        (0.850431, star.density_right, 0.125),
    ):
        for x, wanted in ((place - 2e-6, before), (place + 2e-6, after)):
            if wanted is not None:
                np.testing.assert_allclose(at(x)[0], wanted, rtol=1e-12)
    assert at(0.263357 + 2e-3)[0] < 1.0 - 1e-4
    at_start = lambda x: riemann_solution(0.0, jnp.array([x]), *STARS["sod"][:2], 1.4)
    assert at_start(-0.1)[0] == 1.0 and at_start(0.1)[0] == 0.125


def test_riemann_pressure_has_derivatives_in_both_modes_and_batches():
    left, right = map(jnp.array, ((1.0, 0.3, 1.0), (0.4, -0.2, 0.5)))
    pressure = lambda a, b, g: riemann_star(a, b, g).pressure
    forward = jax.jit(jax.jacfwd(pressure, (0, 1, 2)))(left, right, 1.4)
    reverse = jax.jit(jax.grad(pressure, (0, 1, 2)))(left, right, 1.4)
    for one, other in zip(forward, reverse, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    step = 1e-6
    moved = [
        pressure(left + s * jnp.array([0, 1.0, 0]), right, 1.4) for s in (step, -step)
    ]
    np.testing.assert_allclose(
        reverse[0][1], (moved[0] - moved[1]) / (2 * step), rtol=1e-7
    )
    together = jax.vmap(lambda v: pressure(left.at[1].set(v), right, 1.4))(
        jnp.array([0.3, 1.5])
    )
    assert together[0] == pressure(left, right, 1.4) and together[1] > together[0]


def test_unusable_gases_are_refused_by_name():
    with pytest.raises(ValueError, match="leave a vacuum between them"):
        riemann_star((1.0, -10.0, 0.4), (1.0, 10.0, 0.4), 1.4)
    traced = jax.jit(
        lambda v: riemann_star((1.0, -v, 0.4), (1.0, v, 0.4), 1.4).pressure
    )
    assert not np.isfinite(traced(10.0)) and np.isfinite(traced(2.0))
    with pytest.raises(ValueError, match="left = .* must have positive density"):
        riemann_star((1.0, 0.0, -1.0), (1.0, 0.0, 1.0), 1.4)
    with pytest.raises(ValueError, match="right has the shape"):
        riemann_star((1.0, 0.0, 1.0), (1.0, 0.0, 0.0, 1.0), 1.4)
    with pytest.raises(ValueError, match="heat_ratio = 1.0 is not above 1"):
        Euler(1.0)
    with pytest.raises(ValueError, match="dimension = 4 must be 1, 2 or 3"):
        Euler(1.4, 4)


def test_conditions_of_a_gas_vanish_where_they_hold():
    law, normal = Euler(1.4, 2), jnp.array([0.6, 0.8])
    slides = law.conserved(jnp.array([1.2, -0.8, 0.6, 0.9]))
    still = jnp.zeros((4, 2))
    flux = law.inviscid_flux(slides) @ normal
    at = (0.0, jnp.zeros(2), normal)
    assert jnp.abs(SlipWall().residual(*at, slides, still, flux)).max() < 1e-15
    u = law.conserved(jnp.array([1.2, 0.5, 0.6, 0.9]))
    flux = law.inviscid_flux(u) @ normal
    assert jnp.abs(PressureOutlet(0.9).residual(*at, u, still, flux)).max() < 1e-15
    np.testing.assert_allclose(
        PressureOutlet(0.7).residual(*at, u, still, flux)[-1], 0.2, rtol=1e-12
    )
    assert SlipWall().residual(*at, u, still, flux)[0] > 0.5
