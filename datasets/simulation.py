"""A solver behind the one call that `generate`, `sweep` and `optimize` accept."""

import re
from collections.abc import Callable, Iterable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from ..physics import Component
from ..solvers import AbstractDiscretization, Quantity, Solution, solve_steady
from .arguments import require_distinct
from .identity import content_hash

Design = dict[str, Array]


def _as_tuple(quantities: Iterable[Quantity]) -> tuple[Quantity, ...]:
    if isinstance(quantities, Quantity):
        raise TypeError(
            f"quantities is the single quantity {quantities.name!r}; put it in a "
            "tuple, as in Simulation(build, (quantity,))."
        )
    quantities = tuple(quantities)
    for quantity in quantities:
        if not isinstance(quantity, Quantity):
            raise TypeError(f"quantities must be of type Quantity, got {quantity!r}.")
    return quantities


class Simulation(eqx.Module):
    """simulate(design) -> (quantities, fields, status), by a froude solver.

    Any function with this signature can stand in its place.

    Args:
        build: design (names to scalars) -> discretisation, traceable.
        quantities: the design quantities to report, any sequence of them.
        solve: discretisation -> `Solution`; steady by default.
        components: the law's components, for the units of fields in data sets;
            without them a field has no unit, and its axis is called `<field>_0`.

    Raises:
        TypeError: for a single quantity in place of a sequence, or what is no quantity.
        ValueError: for two quantities of one name.
    """

    build: Callable[[Design], AbstractDiscretization]
    quantities: tuple[Quantity, ...] = eqx.field(converter=_as_tuple)
    solve: Callable[[AbstractDiscretization], Solution] = solve_steady
    components: tuple[Component, ...] = eqx.field(
        static=True, default=(), converter=tuple
    )

    def __check_init__(self) -> None:
        names = [q.name for q in self.quantities]
        names += [f"{q.name}_reported" for q in self.quantities if q.report is not None]
        require_distinct("quantities", names)

    def __call__(
        self, design: Design
    ) -> tuple[dict[str, Array], dict[str, Array], Array]:
        """Solve one design.

        Returns:
            Quantities by name (scalars), final fields by component name (points,), and
            the `Status` code.
        """
        solution = self.solve(self.build(design))
        quantities = {}
        for quantity in self.quantities:
            quantities[quantity.name] = quantity(solution)
            if quantity.report is not None:
                reported = quantity.report(solution.discretization, solution)
                quantities[f"{quantity.name}_reported"] = reported
        fields = solution.discretization.collocate(solution.final)
        components = solution.discretization.problem.law.components
        named = {
            component.name: field
            for component, field in zip(components, fields, strict=True)
        }
        return quantities, named, solution.status

    def residual(self, design: Design, fields: dict[str, Array]) -> Array:
        """Steady discrete residual of given fields, the solver's own equations.

        Args:
            design: names to scalars.
            fields: component name to values at the nodes or cells (points,).

        Returns:
            Residual (components * points,) [storage unit s^-1].
        """
        discretization = self.build(design)
        components = discretization.problem.law.components
        template = discretization.project(lambda x: jnp.zeros(len(components), x.dtype))
        state = jnp.stack([fields[c.name] for c in components]).reshape(template.shape)
        return discretization.steady_residual(jnp.zeros(()), state).ravel()

    @property
    def identity(self) -> str:
        """Text that differs where the answers may: code, parameters, mesh and dtype.

        Arrays enter by content and static parts, such as a mesh topology, by the hash
        of their content; your own functions and classes by their source and by the
        globals that they read, froude and other installed packages by name.
        """
        _, rest = eqx.partition(self, eqx.is_array)
        # A function or an object is printed with its address.
        static = re.sub(r" at 0x[0-9a-f]+", "", str(jax.tree.structure(rest)))
        parts = (self.build, self.solve, self.quantities, static)
        return f"Simulation:{content_hash(parts, home=self.build)}"

    @property
    def outputs(self) -> dict[str, dict[str, Any]]:
        """Attributes of quantities and fields for a data set: units and long name."""
        described: dict[str, dict[str, Any]] = {
            component.name: {
                "units": component.unit,
                "long_name": component.long_name,
                "dims": ("point",),
            }
            for component in self.components
        }
        for quantity in self.quantities:
            attributes = {
                "units": quantity.unit,
                "long_name": quantity.long_name or quantity.name,
            }
            described[quantity.name] = attributes
            if quantity.report is not None:
                described[f"{quantity.name}_reported"] = attributes | {
                    "long_name": f"{attributes['long_name']}, without smoothing"
                }
        return described
