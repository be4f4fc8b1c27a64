"""Problems that hold together, and those that are refused with their fault."""

import itertools

import jax
import pytest

from froude.physics import (
    AbstractBalanceLaw,
    Box,
    Component,
    Dirichlet,
    HeatConduction,
    NormalFlux,
    Outflow,
    Problem,
    Radiation,
    Region,
    Robin,
)

LINE = Box((0.0,), (1.0,))
WALL = NormalFlux(0.0)
CONDITIONS = {
    "Dirichlet": Dirichlet,
    "NormalFlux": NormalFlux,
    "Robin": lambda value, **on: Robin(value, value, **on),
    "Radiation": lambda value, **on: Radiation(value, value, **on),
    "Outflow": lambda value, **on: Outflow(**on),
}
FLUXES = {"NormalFlux", "Robin", "Radiation"}


class Pair(AbstractBalanceLaw):
    """Two amounts that do not meet."""

    diffusivity: jax.Array

    @property
    def components(self):
        return (Component("hot", "1", "hot"), Component("cold", "1", "cold"))

    def storage(self, t, x, u):
        return u

    def flux(self, t, x, u, grad_u):
        return -self.diffusivity * grad_u

    def source(self, t, x, u, grad_u):
        return 0.0 * u


@pytest.mark.parametrize(
    ("one", "other"), list(itertools.product(CONDITIONS, repeat=2))
)
def test_only_fluxes_share_a_component(one, other):
    first, second = CONDITIONS[one](1.0), CONDITIONS[other](2.0)
    ends = {"x_min": (first, second), "x_max": WALL}
    if {one, other} <= FLUXES:
        Problem(HeatConduction(1.0), LINE, ends)
    else:
        with pytest.raises(ValueError, match=f"x_min.*{one} and {other} .* twice"):
            Problem(HeatConduction(1.0), LINE, ends)
    apart = (
        CONDITIONS[one](1.0, component_names=("hot",)),
        CONDITIONS[other](2.0, component_names=("cold",)),
    )
    Problem(Pair(1.0), LINE, {"x_min": apart, "x_max": WALL})


@pytest.mark.parametrize(
    ("ends", "error", "message"),
    [
        ({"x_min": 3.0, "x_max": WALL}, TypeError, "x_min.* holds 3.0, .*Dirichlet"),
        ({"x_min": (WALL, None), "x_max": WALL}, TypeError, "x_min.* holds None"),
        ({"x_min": (), "x_max": WALL}, ValueError, r"leaves \['temperature'\]"),
        ({"x_min": WALL}, ValueError, r"no condition for \['x_max'\]"),
        (
            {"x_min": WALL, "x_max": Dirichlet(1.0, component_names="temperature")},
            TypeError,
            r"must be a tuple of names: \('temperature',\)",
        ),
    ],
)
def test_conditions_that_say_nothing_usable_are_refused(ends, error, message):
    with pytest.raises(error, match=message):
        Problem(HeatConduction(1.0), LINE, ends)


def test_one_name_in_place_of_a_tuple_of_names_is_refused():
    with pytest.raises(TypeError, match="boundary_names = 'base' must be a tuple"):
        Region(3, "base")
