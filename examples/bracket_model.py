"""The bracket of `bracket_sweep.py`: half an L on a morphed mesh of tetrahedra.

A flange is held at the walls of its bolt holes; an arm rises from it over a fillet and
is pulled at a hole near its end. Linear elasticity gives deflection and stress,
vibration about rest the first frequency. The plane y = 0 is one of symmetry, so modes
that sway along y are left out. Six design variables change its shape and its load.
"""

from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from froude.datasets import DesignSpace, Variable
from froude.physics import (
    ALUMINIUM_7075_T6,
    Dirichlet,
    Elastodynamics,
    NormalFlux,
    Problem,
    Region,
    Solid,
    Traction,
    von_mises,
)
from froude.solvers import (
    DirectSolver,
    FiniteElement,
    Mesh,
    nodal_measure,
    read_mesh,
    solve_modes,
    solve_steady,
)

GROUPS = ("bolts", "lug", "fillet", "symmetry", "skin")
MATERIAL = ALUMINIUM_7075_T6
FORCE = 4e3
PEAK_POWER = 30.0
RIGID_MARGIN = 3e-3
# Corners of the edge that each middle node of a tetra10 lies on.
EDGES = ([0, 1], [1, 2], [0, 2], [0, 3], [1, 3], [2, 3])

SPACE = DesignSpace(
    (
        Variable("arm_length", 60e-3, 110e-3, unit="m"),
        Variable("arm_thickness", 7.5e-3, 12e-3, unit="m"),
        Variable("flange_thickness", 7.5e-3, 13e-3, unit="m"),
        Variable("fillet_radius", 4.5e-3, 8.5e-3, unit="m"),
        Variable("width", 70e-3, 100e-3, unit="m"),
        Variable("load_angle", -0.6, 0.6, unit="rad"),
    )
)
OUTPUTS = {
    "peak_stress": {
        "units": "Pa",
        "long_name": f"mean of power {PEAK_POWER:g} of von Mises stress on the fillet",
    },
    "peak_stress_reported": {
        "units": "Pa",
        "long_name": "largest von Mises stress at the nodes of the fillet",
    },
    "deflection": {"units": "m", "long_name": "mean displacement of the load hole"},
    "mass": {"units": "kg", "long_name": "mass of the whole bracket"},
    "frequency": {"units": "Hz", "long_name": "first frequency, symmetric motion"},
    "von_mises": {
        "units": "Pa",
        "long_name": "von Mises stress at the nodes",
        "dims": ("point",),
    },
}


class Shape(eqx.Module):
    """Where the meshed bracket can be stretched, along each axis.

    The fillet, the band from it to the holes and the holes themselves move as wholes,
    so that the fillet stays a quarter of a circle and holes stay round.

    Args:
        x: back of the arm, its front, end of the fillet, before the bolts, end [m].
        y: plane of symmetry, beside the lug hole, before the bolts, edge [m].
        z: underside, top of the flange, end of the fillet, below the lug hole, top [m].
        lug: height of the centre of the lug hole [m].
    """

    x: jax.Array
    y: jax.Array
    z: jax.Array
    lug: jax.Array

    @staticmethod
    def of(mesh: Mesh) -> "Shape":
        """Read the planes off the mesh and its groups."""
        points = np.asarray(mesh.points)

        def ends(name, axis):
            at = points[mesh.topology.nodes_of(name), axis]
            return at.min(), at.max()

        bolt_x, bolt_y = ends("bolts", 0)[0], ends("bolts", 1)[0]
        lug = ends("lug", 2)
        knots = (
            (0.0, *ends("fillet", 0), bolt_x - RIGID_MARGIN, points[:, 0].max()),
            (0.0, ends("lug", 1)[1] + RIGID_MARGIN, bolt_y - RIGID_MARGIN)
            + (points[:, 1].max(),),
            (0.0, *ends("fillet", 2), lug[0] - RIGID_MARGIN, points[:, 2].max()),
        )
        for axis, places in zip("xyz", knots, strict=True):
            if (
                np.any(np.diff(places) <= 0)
                or np.ptp(points[:, "xyz".index(axis)]) == 0
            ):
                raise ValueError(
                    f"the mesh has its fillet and holes at {axis} = {places}, which "
                    "must ascend: the flange lies along x, its bolts beyond the "
                    "fillet, the arm along z, and the plane of symmetry is y = 0."
                )
        x, y, z = map(jnp.asarray, knots)
        return Shape(x, y, z, jnp.asarray(0.5 * (lug[0] + lug[1])))

    def map(self, design):
        """Map of the points that gives the bracket the sizes of a design."""
        arm, flange = design["arm_thickness"], design["flange_thickness"]
        radius, half = design["fillet_radius"], 0.5 * design["width"]
        wider = half - self.y[-1]
        higher = flange + design["arm_length"] - self.lug
        zero = jnp.zeros(())
        x = jnp.stack([zero, arm, arm + radius, self.x[3], self.x[4]])
        y = jnp.stack([zero, self.y[1], self.y[2] + wider, half])
        z = jnp.stack(
            [zero, flange, flange + radius, self.z[3] + higher, self.z[4] + higher]
        )
        knots = ((self.x, x), (self.y, y), (self.z, z))

        def move(point):
            return jnp.stack(
                [jnp.interp(c, *pair) for c, pair in zip(point, knots, strict=True)]
            )

        return move


def straight_edges(mesh: Mesh) -> np.ndarray:
    """Two nodes halfway between which each node lies, (2, nodes).

    Corners of an edge for its middle node; the node itself where it is a corner or
    where its edge is curved. What is straight in the mesh file stays straight.
    """
    points, cells = np.asarray(mesh.points), mesh.topology.cells
    ends = np.tile(np.arange(len(points)), (2, 1))
    for number, edge in enumerate(EDGES):
        ends[:, cells[:, 4 + number]] = cells[:, edge].T
    curved = np.linalg.norm(points[ends].mean(axis=0) - points, axis=1) > 1e-9
    ends[:, curved] = np.flatnonzero(curved)
    return ends


class Bracket(eqx.Module):
    """simulate(design) for the bracket on one mesh.

    Calls solve one design at a time: a factorisation on the host gains nothing from a
    batch. `answer` is the same function for JAX to trace.
    """

    mesh: Mesh
    shape: Shape
    ends: jax.Array

    @staticmethod
    def read(path: Path) -> "Bracket":
        """Read the mesh file and check that it has the groups of a bracket."""
        mesh = read_mesh(path)
        if set(mesh.boundary_names) != set(GROUPS) or mesh.cell.name != "tetra10":
            raise ValueError(
                f"{path} has the boundary groups {mesh.boundary_names} and cells "
                f"{mesh.cell.name}; a bracket needs exactly {GROUPS} and tetra10."
            )
        return Bracket(mesh, Shape.of(mesh), jnp.asarray(straight_edges(mesh)))

    def morphed(self, design) -> Mesh:
        """The mesh with the sizes of a design."""
        moved = jax.vmap(self.shape.map(design))(self.mesh.points)
        return Mesh(jnp.mean(moved[self.ends], axis=0), self.mesh.topology)

    def loaded(self, design) -> FiniteElement:
        """The half bracket that carries half of the force at its lug."""
        mesh = self.morphed(design)
        radius = self.shape.lug - RIGID_MARGIN - self.shape.z[3]
        area = 2 * jnp.pi * radius * design["arm_thickness"]
        angle = design["load_angle"]
        pull = jnp.stack([jnp.cos(angle), jnp.zeros_like(angle), jnp.sin(angle)])
        conditions = _held("displacement") | {"lug": Traction(FORCE / area * pull)}
        law = Solid(MATERIAL.elastic())
        return FiniteElement(Problem(law, Region(3, GROUPS), conditions), mesh)

    def vibrating(self, design) -> FiniteElement:
        """The half bracket without load, in symmetric motion."""
        mesh = self.morphed(design)
        law = Elastodynamics(Solid(MATERIAL.elastic()), MATERIAL.density)
        conditions = _held("displacement", "velocity")
        return FiniteElement(Problem(law, Region(3, GROUPS), conditions), mesh)

    def __call__(self, design):
        """Solve one design: quantities, nodal von Mises stress [Pa], status."""
        design = {name: jnp.asarray(value, float) for name, value in design.items()}
        return jax.tree.map(np.asarray, _answer(self, design))

    def answer(self, design):
        """What a call returns, differentiable in the design."""
        scheme = self.loaded(design)
        solution = solve_steady(scheme, linear_solver=DirectSolver())
        modes = solve_modes(self.vibrating(design), 1)
        stress = nodal_measure(scheme, solution.final, von_mises)
        nodes_of = scheme.mesh.topology.nodes_of
        on_fillet = stress[nodes_of("fillet")]
        at_lug = jnp.mean(solution.final[:, nodes_of("lug")], axis=1)
        volume = scheme.integrate(jnp.ones_like(solution.final))[0]
        quantities = {
            "peak_stress": power_mean(on_fillet),
            "peak_stress_reported": jnp.max(on_fillet),
            "deflection": jnp.linalg.norm(at_lug),
            "mass": 2 * MATERIAL.density * volume,
            "frequency": modes.frequencies[0],
        }
        status = jnp.where(solution.ok, modes.status, solution.status)
        return quantities, {"von_mises": stress}, status

    @property
    def outputs(self):
        """Attributes of quantities and fields in data sets."""
        return OUTPUTS


@eqx.filter_jit
def _answer(bracket: Bracket, design):
    return bracket.answer(design)


def power_mean(stress, power: float = PEAK_POWER):
    """(mean(s^p))^(1/p), a smooth stand-in for the maximum from below."""
    largest = jax.lax.stop_gradient(jnp.max(stress))
    return largest * jnp.mean((stress / largest) ** power) ** (1 / power)


def _held(*kinds: str) -> dict:
    """Bolts hold, the plane of symmetry slides, the rest is free."""
    part = lambda axes: tuple(f"{kind}_{axis}" for kind in kinds for axis in axes)
    free = dict.fromkeys(GROUPS, NormalFlux(0.0))
    sliding = (Dirichlet(0.0, part("y")), NormalFlux(0.0, part("xz")))
    return free | {"bolts": Dirichlet(0.0), "symmetry": sliding}
