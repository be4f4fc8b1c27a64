"""Decks put on their mesh: closed forms, what acts in a step, what is refused."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest
from abaqus_decks import PLATE

from benchmarks.decks import deck_of, isotropic
from froude.physics import CellField, PerRadian, Pressure
from froude.solvers import (
    box_mesh,
    read_mesh,
    rectangle_mesh,
    solve_modes,
    solve_steady,
    write_mesh,
)
from froude.solvers.abaqus import (
    FORMULATIONS,
    Boundary,
    ElementLoad,
    Frequency,
    Material,
    NodeLoad,
    Section,
    Static,
    Step,
    SurfacePressure,
    Table,
    discretize_deck,
    node_numbers,
    write_inp,
)

E, NU, RHO, PULL, LENGTH = 200e9, 0.3, 7800.0, 5e6, 2.0
FAMILY = {
    **{"C3D4": "P1", "C3D10": "P2", "C3D8": "Q1", "C3D20": "S2"},
    **{"C3D6": "W1", "C3D15": "W2"},
    **{"3": "P1", "6": "P2", "4": "Q1", "8": "S2"},
}
ROLLERS = tuple(Boundary(f"{axis}_min", k, k) for k, axis in enumerate("xyz", 1))


def bar_mesh(kind):
    """A bar along x, or along the axis of symmetry with radii 1 to 1.5 m."""
    if kind.startswith("C3D"):
        return box_mesh(
            3,
            1,
            1,
            (0.0, 0.0, 0.0),
            (LENGTH, 0.5, 0.5),
            element=FAMILY[kind.rstrip("RI")],
        )
    element = FAMILY[kind[3:].rstrip("RI")]
    if kind.startswith("CAX"):
        return rectangle_mesh(1, 3, (1.0, 0.0), (1.5, LENGTH), element=element)
    return rectangle_mesh(3, 1, (0.0, 0.0), (LENGTH, 0.5), element=element)


def written(folder, model):
    """The finite elements of a deck that went through a file."""
    write_inp(folder / "deck.inp", model)
    return discretize_deck(folder / "deck.inp")


def imbalance(scheme, exact):
    """Largest force on a node that is free to move, of the largest load."""
    zero = jnp.zeros(())
    assert np.allclose(scheme.constrain(zero, exact), exact, rtol=0, atol=1e-18)
    force, load = (scheme.inflow(zero, state) for state in (exact, 0.0 * exact))
    return np.abs(force[scheme.free()]).max() / np.abs(load).max()


def stretched(kind, points):
    """Displacement under a pull along the bar, held on rollers at its start."""
    x = np.asarray(points).T
    strain = PULL / E
    if kind.startswith("CAX"):
        return strain * np.stack([-NU * x[0], x[1]])
    if kind.startswith("CPE"):
        along, across = (1 - NU**2) * strain, -NU * (1 + NU) * strain
        return np.stack([along * x[0], across * x[1]])
    return strain * np.stack([x[0], *(-NU * x[1:])])


@pytest.mark.parametrize("kind", FORMULATIONS)
def test_a_pulled_bar_is_exact_in_every_element_type(tmp_path, kind):
    around = kind.startswith("CAX")
    end = "y_max" if around else "x_max"
    held = ROLLERS[1:2] if around else ROLLERS[: 3 if kind.startswith("C3D") else 2]
    pull = Step(Static(), surface_pressures=(SurfacePressure(end, -PULL),))
    model = deck_of(
        bar_mesh(kind), kind, **isotropic(E, NU, RHO), boundaries=held, steps=(pull,)
    )
    scheme = written(tmp_path, model)
    exact = jnp.asarray(stretched(kind, scheme.mesh.points))
    assert imbalance(scheme, exact) < 1e-12
    assert imbalance(scheme, 1.01 * exact) > 1e-3
    assert scheme.mesh.boundary_names == (end, "remainder")
    numbers, points = node_numbers(model), np.asarray(scheme.mesh.points)
    where = model.nodes.coordinates[model.rows_of_nodes(numbers)]
    assert (where[:, : points.shape[1]] == points).all()
    assert (numbers[scheme.mesh.topology.cells] == model.elements[0].nodes).all()
    assert (numbers[scheme.mesh.topology.point_sets["x_min"]].sum()) == (
        model.node_sets["x_min"].sum()
    )


def test_a_prescribed_stretch_pulls_with_its_stress():
    model = deck_of(
        bar_mesh("C3D8"),
        "C3D8",
        **isotropic(E, NU, RHO),
        boundaries=(*ROLLERS, Boundary("x_max", 1, 1, 1e-3 * LENGTH)),
        steps=(Step(Static()),),
    )
    scheme = discretize_deck(model)
    solution = solve_steady(scheme)
    assert solution.ok
    outflow = solution.ledger.outflow
    pull = E * 1e-3 * 0.25
    assert float(outflow["x_max"][-1, 0]) == pytest.approx(-pull, rel=1e-9)
    assert float(outflow["x_min"][-1, 0]) == pytest.approx(pull, rel=1e-9)


def test_a_hanging_bar_of_two_metals_stretches_by_its_weight(tmp_path):
    """u = g ∫ M(x)/E: M the mass per area below x. Nodal values of Q1 are exact."""
    mesh = bar_mesh("C3D8")
    model = deck_of(mesh, "C3D8", boundaries=ROLLERS)
    block = model.elements[0]
    x = model.nodes.coordinates[model.rows_of_nodes(block.nodes), 0].mean(axis=1)
    third = LENGTH / 3
    metals = {"LIGHT": (E / 3, 2700.0), "HEAVY": (E, RHO)}
    parts = {"LIGHT": x < third, "HEAVY": x > third}
    model = dataclasses.replace(
        model,
        element_sets=model.element_sets
        | {name: np.sort(block.ids[chosen]) for name, chosen in parts.items()},
        materials={
            name: Material(
                name,
                elastic=Table("ISO", np.array([[stiff, 0.0]])),
                density=Table("ISO", np.array([[density]])),
            )
            for name, (stiff, density) in metals.items()
        },
        sections=tuple(Section(name, name) for name in metals),
        steps=(
            Step(
                Static(),
                element_loads=(ElementLoad("BODY", "GRAV", 9.81, (2.0, 0.0, 0.0)),),
            ),
        ),
    )
    scheme = written(tmp_path, model)
    assert isinstance(scheme.problem.law.body_force.value, CellField)
    solution = solve_steady(scheme)
    x = np.asarray(scheme.mesh.points)[:, 0]
    low, high = np.minimum(x, third), np.maximum(x, third)
    below = RHO * (LENGTH - third)
    upper = (below * low + 2700 * (third * low - low**2 / 2)) / (E / 3)
    lower = RHO * (LENGTH * (high - third) - (high**2 - third**2) / 2) / E
    exact = 9.81 * (upper + lower)
    assert np.allclose(solution.states[0, 0], exact, rtol=1e-9, atol=1e-18)
    weight = 9.81 * 0.25 * (2700 * third + below)
    held = solution.ledger.outflow["x_min"][-1, 0]
    assert float(held) == pytest.approx(weight, rel=1e-9)


def test_concentrated_loads_are_those_of_the_whole_thickness_or_ring():
    loads = (NodeLoad("x_max", 1, 120.0), NodeLoad("x_max", 1, 3.0))
    loads = (*loads, NodeLoad("x_max", 2, 6.0))
    step = Step(Static(), node_loads=loads)
    for kind, share in (("CPS4", 0.25), ("CPE4", 0.25), ("CAX4", 2 * np.pi)):
        model = deck_of(
            bar_mesh(kind),
            kind,
            **isotropic(E, NU, RHO, thickness=0.25),
            boundaries=(Boundary("x_min", 1, 6),),
            steps=(step,),
        )
        scheme = discretize_deck(model)
        (load,) = scheme.problem.conditions["x_max"]
        assert np.allclose(load.load.value, np.array([123.0, 6.0]) / share)
        outflow = scheme.boundary_flux(
            jnp.zeros(()), jnp.zeros((2, len(model.nodes.ids)))
        )
        nodes = len(model.node_sets["x_max"])
        assert float(outflow["x_max"][0]) == pytest.approx(-123.0 * nodes / share)


def test_the_axis_is_held_and_pressure_is_per_radian():
    mesh = rectangle_mesh(2, 2, (0.0, 0.0), (1.0, 1.0), element="P1")
    step = Step(Static(), surface_pressures=(SurfacePressure("x_max", 2e6),))
    model = deck_of(
        mesh,
        "CAX3",
        **isotropic(E, NU, RHO),
        boundaries=(Boundary("y_min", 2, 2),),
        steps=(step,),
    )
    scheme = discretize_deck(model)
    (pressure,) = scheme.problem.conditions["x_max"]
    assert isinstance(pressure, PerRadian)
    axis = scheme.mesh.topology.point_sets["axis"]
    assert (np.asarray(scheme.mesh.points)[axis, 0] == 0).all() and len(axis) == 3
    strain = -(1 - NU) * 2e6 / E, 2 * NU * 2e6 / E
    exact = scheme.mesh.points.T * jnp.array(strain)[:, None]
    assert imbalance(scheme, exact) < 1e-12


def test_pressures_on_shared_faces_add_up():
    mesh = bar_mesh("C3D8")
    model = deck_of(mesh, "C3D8", **isotropic(E, NU, RHO), boundaries=ROLLERS)
    end = model.surfaces["x_max"]
    (label,) = {f"P{face}" for face in end.faces}
    loads = {
        "surface_pressures": (
            SurfacePressure("x_max", 3.0),
            SurfacePressure("y_max", 7.0),
        ),
        "element_loads": (ElementLoad(int(end.elements[0]), label, 20.0),),
    }
    scheme = discretize_deck(
        dataclasses.replace(model, steps=(Step(Static(), **loads),))
    )
    both = f"x_max + {end.elements[0]} {label}"
    found = {
        name: float(conditions[0].pressure.value)
        for name, conditions in scheme.problem.conditions.items()
        if isinstance(conditions[0], Pressure)
    }
    assert found == {both: 23.0, "y_max": 7.0}
    assert scheme.mesh.topology.boundary(both).nodes.shape == (4, 1)
    assert "y_max nodes" in scheme.mesh.topology.point_sets


def test_what_earlier_steps_leave_acts_until_it_is_replaced_or_ended():
    first = Step(
        Static(),
        node_loads=(NodeLoad("x_max", 1, 1.0), NodeLoad("y_max", 2, 5.0)),
        element_loads=(ElementLoad("BODY", "BX", 4.0),),
    )
    second = Step(Static(), node_loads=(NodeLoad("x_max", 1, 3.0),))
    third = Step(
        Static(), node_loads=(NodeLoad("x_max", 2, 9.0),), renewed=("CLOAD", "DLOAD")
    )
    model = deck_of(
        bar_mesh("CPS4"),
        "CPS4",
        **isotropic(E, NU, RHO),
        boundaries=(Boundary("x_min", 1, 2),),
        steps=(first, second, third),
    )

    def loads(step):
        problem = discretize_deck(model, step=step).problem
        found = {name: c[0].load.value.tolist() for name, c in point_loads(problem)}
        return found, problem.law.body_force is not None

    def point_loads(problem):
        return [(k, c) for k, c in problem.conditions.items() if hasattr(c[0], "load")]

    assert loads(1) == ({"x_max": [1.0, 0.0], "y_max": [0.0, 5.0]}, True)
    assert loads(2) == ({"y_max": [0.0, 5.0], "x_max": [3.0, 0.0]}, True)
    assert loads(3) == ({"x_max": [0.0, 9.0]}, False)
    for wrong in (None, 0, 4):
        with pytest.raises(ValueError, match="3 steps|steps 1 to 3"):
            discretize_deck(model, step=wrong)


def test_a_rod_rings_at_its_closed_form(tmp_path):
    rollers = (*ROLLERS[:2], Boundary("y_max", 2, 2), Boundary("x_max", 2, 2, 0.0))
    model = deck_of(
        rectangle_mesh(12, 1, (0.0, 0.0), (LENGTH, 0.1), element="S2"),
        "CPS8",
        **isotropic(E, 0.0, RHO),
        boundaries=rollers,
        steps=(Step(Frequency(2)),),
    )
    modes = solve_modes(written(tmp_path, model), 2)
    exact = np.array([1, 3]) * np.sqrt(E / RHO) / (4 * LENGTH)
    assert np.allclose(modes.frequencies, exact, rtol=1e-4)
    (tmp_path / "light.inp").write_text(
        (tmp_path / "deck.inp").read_text().replace("*DENSITY\n7800.0\n", "")
    )
    with pytest.raises(ValueError, match=r"light.inp, line \d+: \*STEP .*no mass"):
        discretize_deck(tmp_path / "light.inp")


def test_results_are_written_with_the_numbers_of_the_deck(tmp_path):
    model = deck_of(
        bar_mesh("C3D10"),
        "C3D10",
        **isotropic(E, NU, RHO),
        boundaries=ROLLERS,
        steps=(Step(Static()),),
    )
    scheme = discretize_deck(model)
    field = np.asarray(scheme.mesh.points) * 1e-3
    data = {"node": node_numbers(model), "displacement": field}
    write_mesh(tmp_path / "bar.vtu", scheme.mesh, point_data=data)
    import meshio

    read = meshio.read(tmp_path / "bar.vtu")
    rows = model.rows_of_nodes(read.point_data["node"])
    assert (model.nodes.coordinates[rows] == read.points).all()
    assert (read.point_data["displacement"] == field).all()
    assert len(read_mesh(tmp_path / "bar.vtu").points) == len(field)


def test_a_plate_with_a_blank_thickness_and_a_clamped_corner(tmp_path):
    (tmp_path / "deck.inp").write_text(PLATE)
    scheme = discretize_deck(tmp_path / "deck.inp")
    (clamped,) = scheme.problem.conditions["node 1"]
    assert clamped.component_names == ("displacement_x", "displacement_y")
    assert scheme.problem.law.body_force.value.values.tolist() == [[0, 0], [3, 0]]
    assert scheme.mesh.topology.groups["B"].tolist() == [1]
