"""The bracket of the example: its shape, its load and its mesh file."""

import math
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
sys.path.insert(0, str(EXAMPLES))

from bracket_model import FORCE, SPACE, Bracket  # noqa: E402

from froude.datasets import sobol  # noqa: E402
from froude.solvers import box_mesh, inverted_cells, write_mesh  # noqa: E402

DESIGN = {
    "arm_length": 100e-3,
    "arm_thickness": 8e-3,
    "flange_thickness": 12e-3,
    "fillet_radius": 8e-3,
    "width": 90e-3,
    "load_angle": 0.4,
}
FLANGE_LENGTH, BOLT, LUG, CORNER, MARGIN = 82e-3, 4.5e-3, 6e-3, 8e-3, 14e-3


@pytest.fixture(scope="module", params=["bracket.msh", "bracket_coarse.msh"])
def bracket(request):
    return Bracket.read(EXAMPLES / "meshes" / request.param)


def test_a_morphed_bracket_has_the_sizes_of_its_design(bracket):
    scheme = bracket.loaded(DESIGN)
    mesh = scheme.mesh
    at = lambda name: np.asarray(mesh.points)[mesh.topology.nodes_of(name)]
    x, _, z = at("fillet").T
    arm, flange = DESIGN["arm_thickness"], DESIGN["flange_thickness"]
    radius = DESIGN["fillet_radius"]
    away = np.hypot(x - arm - radius, z - flange - radius)
    np.testing.assert_allclose(away, radius, rtol=1e-6)
    lug = at("lug")
    height = flange + DESIGN["arm_length"]
    np.testing.assert_allclose(np.hypot(lug[:, 1], lug[:, 2] - height), LUG, rtol=1e-6)

    half = 0.5 * DESIGN["width"]
    round_off = 1 - math.pi / 4
    volume = half * (
        FLANGE_LENGTH * flange
        + arm * (DESIGN["arm_length"] + MARGIN)
        + round_off * radius**2
    )
    volume -= flange * (2 * math.pi * BOLT**2 + round_off * CORNER**2)
    volume -= arm * (0.5 * math.pi * LUG**2 + round_off * CORNER**2)
    found = scheme.integrate(jnp.ones((3, len(mesh.points))))[0]
    # The facets of second order lie within 1e-3 of the round walls.
    np.testing.assert_allclose(found, volume, rtol=3e-4)


def test_half_of_the_force_pulls_at_the_lug_along_its_angle(bracket):
    scheme = bracket.loaded(DESIGN)
    nothing = jnp.zeros((3, len(scheme.mesh.points)))
    force = np.asarray(scheme.inflow(jnp.zeros(()), nothing)).sum(axis=1)
    angle = DESIGN["load_angle"]
    wanted = 0.5 * FORCE * np.array([math.cos(angle), 0.0, math.sin(angle)])
    np.testing.assert_allclose(force[[0, 2]], wanted[[0, 2]], rtol=2e-3)


def test_no_design_of_the_space_turns_a_cell_inside_out(bracket):
    samples = sobol(SPACE, 64, seed=3)
    designs = {name: jnp.asarray(samples[name].values) for name in SPACE.names}
    corners = np.stack(np.meshgrid(*([[0.0, 1.0]] * 5), [0.5], indexing="ij"), -1)
    corners = SPACE.from_unit(jnp.asarray(corners.reshape(-1, 6)))
    inverted = jax.jit(jax.vmap(lambda d: inverted_cells(bracket.loaded(d).mesh).any()))
    assert not inverted(designs).any() and not inverted(corners).any()


def test_a_mesh_that_is_no_bracket_is_refused_by_name(tmp_path):
    write_mesh(tmp_path / "box.msh", box_mesh(1, 1, 1, element="P2"))
    with pytest.raises(ValueError, match="x_min.*'bolts', 'lug', 'fillet'"):
        Bracket.read(tmp_path / "box.msh")
