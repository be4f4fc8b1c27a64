"""Equations and couplings of decks: what they make of loads, supports and the mesh."""

import jax.numpy as jnp
import numpy as np
import pytest
from abaqus_decks import BEAM

from froude.solvers import reaction_forces, solve_modes, solve_steady, strain_energy
from froude.solvers.abaqus import discretize_deck

# the end x = 2 of the beam, nodes 9 to 12 at (y, z) = (0 or 1, 0 or 1)
REFERENCE = BEAM.replace("12, 2., 1., 1.\n", "12, 2., 1., 1.\n99, 3., .25, .5\n")
END = "*SURFACE, NAME=END, TYPE=ELEMENT\n2, S4\n"


def solved(text, tmp_path):
    path = tmp_path / "deck.inp"
    path.write_text(text)
    scheme = discretize_deck(path)
    solution = solve_steady(scheme)
    assert solution.ok
    return scheme, solution.final


def coupled(kind, load, supports="", end=END):
    said = f"{end}*COUPLING, CONSTRAINT NAME=C, REF NODE=99, SURFACE=END\n*{kind}\n"
    text = REFERENCE.replace("*BOUNDARY\n", f"{said}*BOUNDARY\n{supports}")
    return text.replace("TIP, 3, -1.", load)


def forces_at_rest(scheme):
    return np.asarray(scheme.inflow(jnp.zeros(()), jnp.zeros(scheme.free().shape)))


CENTRE = np.array((3.0, 0.25, 0.5))
FORCE, MOMENT = np.array((0.4, 1.0, -0.2)), np.array((0.3, -0.1, 0.5))
LOAD = "\n".join(
    f"99, {dof}, {value}" for dof, value in enumerate((*FORCE, *MOMENT), start=1)
)


@pytest.mark.parametrize("kind", ["KINEMATIC\n1, 3", "DISTRIBUTING\n1, 6"])
def test_loads_of_a_reference_node_reach_the_mesh_whole(kind, tmp_path):
    scheme, state = solved(coupled(kind, LOAD), tmp_path)
    forces = forces_at_rest(scheme)
    np.testing.assert_allclose(forces.sum(axis=1), FORCE, rtol=1e-13)
    arms = np.asarray(scheme.mesh.points) - CENTRE
    np.testing.assert_allclose(np.cross(arms, forces.T).sum(axis=0), MOMENT, rtol=1e-12)
    found = reaction_forces(scheme, state)
    np.testing.assert_allclose(found["FIX"], -FORCE, rtol=1e-11)


def test_a_kinematic_coupling_is_rigid_and_its_force_is_the_load(tmp_path):
    scheme, state = solved(coupled("KINEMATIC\n1, 3", LOAD), tmp_path)
    end = scheme.mesh.topology.point_sets["TIP"]
    arms = np.asarray(scheme.mesh.points)[end] - CENTRE
    # u_i = u + θ × arm: twelve equations for six numbers
    turns = [np.cross(axis, arms) for axis in np.eye(3)]
    motions = np.array([*(np.tile(e, (4, 1)) for e in np.eye(3)), *turns])
    matrix = motions.reshape(6, -1).T
    motion, *_ = np.linalg.lstsq(matrix, state[:, end].T.ravel())
    np.testing.assert_allclose(matrix @ motion, state[:, end].T.ravel(), atol=1e-14)
    work = motion @ np.concatenate([FORCE, MOMENT])
    np.testing.assert_allclose(work, 2 * strain_energy(scheme, state), rtol=1e-12)
    held = "".join(f"99, {k}, {k}, {u:.17g}\n" for k, u in enumerate(motion, start=1))
    text = coupled("KINEMATIC\n1, 3", "TIP, 3, 0.", held)
    moved, again = solved(text, tmp_path)
    np.testing.assert_allclose(again, state, atol=1e-14)
    np.testing.assert_allclose(reaction_forces(moved, again)["C"], FORCE, rtol=1e-10)


def test_a_distributing_coupling_moves_its_surface_in_the_mean(tmp_path):
    held = "99, 1, 1, .1\n99, 2, 6\n"
    scheme, state = solved(coupled("DISTRIBUTING\n1, 6", "TIP, 3, 0.", held), tmp_path)
    end = scheme.mesh.topology.point_sets["TIP"]
    # four nodes of one square: equal areas
    np.testing.assert_allclose(state[:, end].mean(axis=1), (0.1, 0, 0), atol=1e-15)
    assert np.ptp(state[1, end]) > 1e-3
    force = np.asarray(reaction_forces(scheme, state)["C"])
    np.testing.assert_allclose(0.1 * force[0], 2 * strain_energy(scheme, state))


EQUATION = "*EQUATION\n2\nTIP, 1, 2., 99, 1, -1.\n"


def test_a_node_of_equations_only_pulls_and_is_moved(tmp_path):
    text = REFERENCE.replace("*BOUNDARY\n", f"{EQUATION}*BOUNDARY\n")
    scheme, state = solved(text.replace("TIP, 3, -1.", "99, 1, 3."), tmp_path)
    tip = scheme.mesh.topology.point_sets["TIP"]
    assert np.ptp(state[0, tip]) < 1e-16
    # u_99 is twice that of the tip, whose nodes then take twice the load together
    np.testing.assert_allclose(forces_at_rest(scheme).sum(axis=1), (6, 0, 0))
    held = text.replace(
        "FIX, 1, 3\n", f"FIX, 1, 3\n99, 1, 1, {2 * state[0, -1]:.17g}\n"
    )
    moved, again = solved(held.replace("TIP, 3, -1.", "TIP, 3, 0."), tmp_path)
    np.testing.assert_allclose(again, state, atol=1e-15)
    force = reaction_forces(moved, again)["equations"]
    np.testing.assert_allclose(force, (6, 0, 0), atol=1e-10)


def test_modes_keep_the_equations_of_a_deck(tmp_path):
    text = REFERENCE.replace("*BOUNDARY\n", f"{EQUATION}*BOUNDARY\n99, 1\n")
    path = tmp_path / "deck.inp"
    path.write_text(text.replace("*STATIC\n*CLOAD\nTIP, 3, -1.", "*FREQUENCY\n3"))
    scheme = discretize_deck(path)
    modes = solve_modes(scheme, 3)
    assert modes.ok
    tip = scheme.mesh.topology.point_sets["TIP"]
    assert np.abs(modes.shapes[:, 0, tip]).max() < 1e-15


@pytest.mark.parametrize(
    "deck,message",
    [
        (
            BEAM.replace("*BOUNDARY", "*EQUATION\n2\n9, 4, 1., 5, 4, 1.\n*BOUNDARY"),
            r"33: \*EQUATION holds the degree of freedom 4 of node 9, which has 1 to 3",
        ),
        (
            BEAM.replace("*BOUNDARY", "*EQUATION\n2\n1, 1, 1., 2, 1, 1.\n*BOUNDARY"),
            r"33: \*EQUATION ties only unknowns that are held; delete it",
        ),
        (
            BEAM.replace(
                "*BOUNDARY",
                "*EQUATION\n2\n9, 1, 1., 5, 1, 1.\n2\n5, 1, 2., 9, 1, 2.\n*BOUNDARY",
            ),
            r"35: \*EQUATION follows from the others or contradicts them",
        ),
        (
            coupled(
                "DISTRIBUTING\n1, 6", LOAD, end="*SURFACE, NAME=END, TYPE=NODE\nTIP\n"
            ),
            r"\*COUPLING C distributes over a surface of nodes; give it one of faces",
        ),
        (
            coupled("DISTRIBUTING\n1, 2", LOAD),
            r"\*COUPLING C distributes some directions only",
        ),
        (
            coupled("KINEMATIC\n2, 3", "99, 1, 1."),
            r"\*CLOAD acts on the degree of freedom 1 of node 99, which no element, eq",
        ),
        (
            coupled("KINEMATIC\n2, 2", "99, 6, 1."),
            r"\*COUPLING does not resist the load on node 99 in direction 6",
        ),
        (
            coupled("KINEMATIC\n1, 3", LOAD, "99, 1, 1, .1\n99, 1, 1, .2\n"),
            r"\*BOUNDARY holds node 99 in direction 1 at 0.2 and another entry at 0.1",
        ),
    ],
)
def test_constraints_that_a_deck_cannot_have_are_refused_by_line(
    deck, message, tmp_path
):
    path = tmp_path / "deck.inp"
    path.write_text(deck)
    with pytest.raises(ValueError, match=message):
        discretize_deck(path)
