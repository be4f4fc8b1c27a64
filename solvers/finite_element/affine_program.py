"""Whether a function is affine in its arguments, from its traced program.

The value is judged and not the derivative: a function that steps or rounds has the
same derivative everywhere and is not affine.
"""

from collections.abc import Callable
from typing import Any

import jax
from jax.extend.core import Literal

_LINEAR = frozenset(
    ("add", "add_any", "neg", "sub", "reduce_sum")
    + ("broadcast_in_dim", "expand_dims", "reshape", "rev", "squeeze", "transpose")
    + ("concatenate", "copy", "pad", "slice", "split", "stack", "unstack")
)
_NESTED = {"jit": "jaxpr", "pjit": "jaxpr", "closed_call": "call_jaxpr"}


def is_affine_program(function: Callable, *arguments: Any) -> bool:
    """Trace `function` and judge every operation that its arguments reach.

    Args:
        function: takes arrays and returns arrays.
        *arguments: arrays or `jax.ShapeDtypeStruct`.

    Returns:
        True only where the function certainly is affine in all arguments together.
    """
    program = jax.make_jaxpr(function)(*arguments).jaxpr
    return _reached(program, [True] * len(program.invars)) is not None


def _reached(program: Any, inputs: list[bool]) -> list[bool] | None:
    """Which outputs of a program depend on the inputs marked; None if not affinely."""
    reached = {v for v, mark in zip(program.invars, inputs, strict=True) if mark}
    for equation in program.eqns:
        marks = [not isinstance(v, Literal) and v in reached for v in equation.invars]
        if not any(marks):
            continue
        outputs = _step(equation, marks)
        if outputs is None:
            return None
        reached.update(
            v for v, mark in zip(equation.outvars, outputs, strict=True) if mark
        )
    return [not isinstance(v, Literal) and v in reached for v in program.outvars]


def _step(equation: Any, marks: list[bool]) -> list[bool] | None:
    """Which outputs of an operation its marked operands reach; None if not affinely."""
    name = equation.primitive.name
    if name in _NESTED:
        return _reached(equation.params[_NESTED[name]].jaxpr, marks)
    if name in ("mul", "dot_general"):
        affine = not all(marks)
    elif name in ("div", "dynamic_slice", "gather"):
        # Only what is divided, or taken from, may depend on the arguments.
        affine = not any(marks[1:])
    elif name == "select_n":
        affine = not marks[0]
    elif name == "convert_element_type":
        affine = jax.numpy.issubdtype(equation.outvars[0].aval.dtype, jax.numpy.inexact)
    elif name == "integer_pow":
        affine = equation.params["y"] == 1
    else:
        affine = name in _LINEAR
    return [True] * len(equation.outvars) if affine else None
