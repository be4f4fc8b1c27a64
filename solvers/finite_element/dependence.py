"""Which outputs of a function depend on which inputs, from its traced program."""

from collections.abc import Callable

import jax
from jax.extend.core import Literal


def dependence(function: Callable, *arguments) -> list[list[bool]]:
    """Trace `function` and follow the data from inputs to outputs.

    Zero blocks of an element matrix are skipped by it: linear conduction couples
    gradients with gradients only, a ninth of the general block in two dimensions.

    Args:
        function: takes arrays and returns arrays.
        *arguments: arrays or `jax.ShapeDtypeStruct`.

    Returns:
        One row per output, one column per argument; False only where the output
        certainly does not depend on the argument.
    """
    program = jax.make_jaxpr(function)(*arguments).jaxpr
    columns = []
    for source in program.invars:
        reached = {source}
        for equation in program.eqns:
            inputs = (v for v in equation.invars if not isinstance(v, Literal))
            if any(v in reached for v in inputs):
                reached.update(equation.outvars)
        columns.append(
            [not isinstance(v, Literal) and v in reached for v in program.outvars]
        )
    return [list(row) for row in zip(*columns, strict=True)]
