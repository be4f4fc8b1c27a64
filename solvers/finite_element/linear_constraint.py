"""Multi-point constraints: linear equations between nodal unknowns.

A constraint is imposed exactly, by elimination: `solvers/elimination.py` chooses what
it eliminates, `solvers/links.py` does it.
"""

from collections.abc import Mapping
from contextlib import nullcontext
from hashlib import blake2b
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from ...physics import Problem
from ...physics.parameter import as_parameter
from ..elimination import Elimination
from ..links import Links
from ..topology import Topology
from .boundary import free_mask, held_components


class Terms:
    """Which unknowns stand in some equations; a host object, equal by content.

    Attributes:
        nodes: (equations, terms).
        components: (equations, terms).
    """

    def __init__(self, nodes: Any, components: Any):
        """Keep copies, the components as many as the nodes."""
        self.nodes = np.atleast_2d(np.array(nodes, np.int64))
        self.components = np.array(np.broadcast_to(components, self.nodes.shape))
        digest = blake2b(repr(self.nodes.shape).encode(), digest_size=16)
        digest.update(self.nodes.tobytes())
        digest.update(self.components.astype(np.int64).tobytes())
        self.digest = digest.digest()

    def __hash__(self):
        return hash(self.digest)

    def __eq__(self, other):
        return isinstance(other, Terms) and self.digest == other.digest


class LinearConstraint(eqx.Module):
    """sum over k of coefficients[k] u[components[k], nodes[k]] = value, many times.

    Each equation is solved for its first unknown that no condition holds, no other
    equation is solved for and whose coefficient is not small; which one makes no
    difference to the solution. Coefficients and values are leaves, differentiable and
    batched. Values do not depend on time; in marches they hold from the start.

    Args:
        nodes: of the mesh, (equations, terms), or (terms,) for one equation.
        components: numbers of the components, from 0, which broadcast to `nodes`:
            `0` where all terms have the first, `(0, 1)` for two terms.
        coefficients: broadcast to `nodes`. One that is 0 may become another number.
        value: right-hand side [unit of u times that of the coefficients], which
            broadcasts to (equations,).

    Raises:
        ValueError: shapes that do not fit, or numbers that are not finite.

    Example:
        >>> import numpy as np
        >>> from froude.solvers import rectangle_mesh
        >>> mesh = rectangle_mesh(8, 2)
        >>> faces = [mesh.topology.nodes_of(name) for name in ("y_max", "y_min")]
        >>> jump = LinearConstraint(np.stack(faces, axis=1), 0, (1.0, -1.0), 3.0)
        >>> jump.coefficients.shape
        (9, 2)
    """

    terms: Terms = eqx.field(static=True)
    coefficients: Float[Array, "equations terms"]
    value: Float[Array, " equations"]

    def __init__(
        self, nodes: Any, components: Any, coefficients: Any, value: Any = 0.0
    ) -> None:
        shape = np.atleast_2d(np.asarray(nodes)).shape
        if len(shape) != 2:
            raise ValueError(
                f"nodes has the shape {np.shape(nodes)}; give (equations, terms) node "
                "numbers, or (terms,) for one equation."
            )
        for name, given, wanted in (
            ("components", components, shape),
            ("coefficients", coefficients, shape),
            ("value", value, shape[:1]),
        ):
            try:
                fits = np.broadcast_shapes(np.shape(given), wanted) == wanted
            except ValueError:
                fits = False
            if not fits:
                raise ValueError(
                    f"{name} has the shape {np.shape(given)}, which does not broadcast "
                    f"to {wanted}; nodes has the shape {np.shape(nodes)}."
                )
        self.terms = Terms(nodes, components)
        # Numbers stay numbers inside jit: what is eliminated is chosen by them.
        known = not any(isinstance(c, Tracer) for c in jax.tree.leaves(coefficients))
        with jax.ensure_compile_time_eval() if known else nullcontext():
            coefficients = as_parameter(coefficients, "coefficients")
            self.coefficients = jnp.broadcast_to(coefficients, shape)
        self.value = jnp.broadcast_to(as_parameter(value, "value"), shape[:1])


class EquationError(ValueError):
    """An equation of a constraint that others imply or contradict.

    Attributes:
        name: of the constraint.
        number: of the equation in it, from 0.
        reason: what is wrong with it.
    """

    def __init__(self, name: str, number: int, nodes: np.ndarray, reason: str):
        """Say which equation it is by its first nodes."""
        self.name, self.number, self.reason = name, number, reason
        more = " …" if len(nodes) > 6 else ""
        super().__init__(
            f"constraints[{name!r}]: equation {number}, of the nodes "
            f"{nodes[:6].tolist()}{more}, {reason}."
        )


def checked_constraints(
    constraints: Mapping[str, LinearConstraint] | None,
    problem: Problem,
    topology: Topology,
) -> dict[str, LinearConstraint]:
    """The constraints given, sorted by name, if they are of this mesh.

    Raises:
        TypeError: something else under a name.
        ValueError: a name that a part of the boundary or a point set has, nodes or
            components that do not exist.
    """
    limits = {"nodes": topology.node_count, "components": len(problem.law.components)}
    taken = {*topology.boundary_names, *problem.conditions}
    for name, constraint in (constraints or {}).items():
        if not isinstance(constraint, LinearConstraint):
            raise TypeError(
                f"constraints[{name!r}] is a {type(constraint).__name__}; give a "
                "LinearConstraint."
            )
        if name in taken:
            raise ValueError(
                f"constraints[{name!r}] has the name of a part of the boundary or of "
                "a point set with conditions; give it another, under which its force "
                "is found."
            )
        for field, limit in limits.items():
            numbers = getattr(constraint.terms, field)
            if numbers.size and (numbers.min() < 0 or numbers.max() >= limit):
                raise ValueError(
                    f"constraints[{name!r}]: {field} runs from {numbers.min()} to "
                    f"{numbers.max()}; there are {limit}, counted from 0."
                )
    # JAX sorts the keys of dictionaries, and the plan counts the equations in order.
    return dict(sorted((constraints or {}).items()))


def plan_elimination(
    constraints: Mapping[str, LinearConstraint], problem: Problem, topology: Topology
) -> Elimination | None:
    """Choose what the constraints of a mesh eliminate; None without constraints.

    Raises:
        EquationError: an equation that is no condition of its own, by name and number.
    """
    if not constraints:
        return None
    names, equations, unknowns, numbers = [], [], [], []
    for name, constraint in constraints.items():
        terms, count = constraint.terms, len(constraint.value)
        row = np.arange(len(names), len(names) + count)[:, None]
        names += [(name, k) for k in range(count)]
        equations.append(np.broadcast_to(row, terms.nodes.shape).ravel())
        unknowns.append((terms.components * topology.node_count + terms.nodes).ravel())
        numbers.append(_numbers(constraint.coefficients).ravel())

    def refuse(equation: int, reason: str) -> EquationError:
        name, number = names[equation]
        return EquationError(
            name, number, constraints[name].terms.nodes[number], reason
        )

    held = held_components(problem)
    free = free_mask(topology, held, len(problem.law.components))
    return Elimination(
        *(np.concatenate(each) for each in (equations, unknowns, numbers)),
        held=~free.ravel(),
        refuse=refuse,
    )


def constraint_links(
    constraints: Mapping[str, LinearConstraint], plan: Elimination
) -> Links:
    """The numbers of a plan."""
    each = constraints.values()
    return Links.of(
        plan,
        jnp.concatenate([c.coefficients.ravel() for c in each]),
        jnp.concatenate([c.value for c in each]),
    )


def constraint_forces(
    constraints: Mapping[str, LinearConstraint],
    multipliers: Float[Array, " equations"],
    components: int,
) -> dict[str, Float[Array, " components"]]:
    """What each constraint supplies to the body in all."""
    found, first = {}, 0
    for name, constraint in constraints.items():
        own = multipliers[first : first + len(constraint.value), None]
        first += len(constraint.value)
        supply = (constraint.coefficients.astype(own.dtype) * own).ravel()
        total = jnp.zeros(components, own.dtype)
        found[name] = total.at[constraint.terms.components.ravel()].add(supply)
    return found


def _numbers(coefficients: Array) -> np.ndarray:
    """Coefficients, or where they are traced others that stand for any."""
    if isinstance(coefficients, Tracer):
        return np.random.default_rng(0).uniform(0.5, 1.5, coefficients.shape)
    return np.asarray(coefficients, float)
