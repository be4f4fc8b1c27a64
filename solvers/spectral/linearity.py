"""Which inputs of a function enter linearly, read from its traced program.

A linear part is exact in Fourier space, and what enters only there needs no transform.
The verdict is sound: an input is called linear only where the program proves it.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import Literal

_LINEAR = {"neg", "add", "sub", "add_any", "convert_element_type", "copy"}
_MOVING = {
    "broadcast_in_dim",
    "concatenate",
    "expand_dims",
    "pad",
    "reduce_sum",
    "reshape",
    "rev",
    "slice",
    "squeeze",
    "stack",
    "transpose",
}
_POINTWISE = {
    *("abs", "cos", "cosh", "erf", "exp", "exp2", "expm1", "integer_pow", "log"),
    *("log1p", "logistic", "max", "min", "pow", "rsqrt", "sign", "sin", "sinh"),
    *("sqrt", "square", "tan", "tanh"),
    *("eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not", "is_finite"),
}
_CALLS = {
    *("jit", "pjit", "closed_call", "checkpoint"),
    *("custom_jvp_call", "custom_vjp_call"),
}


class Reading(NamedTuple):
    """Boolean tables (outputs, inputs), False only where it is proved.

    `reads`: the output depends on the input. `bends`: it does so other than by a
    coefficient that depends on no input.
    """

    reads: np.ndarray
    bends: np.ndarray


def reading(function: Callable, inputs: int, dtype) -> Reading:
    """Follow every input of a function of one vector to every output.

    Args:
        function: takes a vector (inputs,) and returns a vector (outputs,).
        inputs: length of its argument.
        dtype: of its argument.
    """
    shape = jax.ShapeDtypeStruct((inputs,), dtype)
    program = jax.make_jaxpr(function)(shape).jaxpr
    start = Reading(np.eye(inputs, dtype=bool), np.zeros((inputs, inputs), bool))
    (end,) = _follow(program, [start])
    return end


def _follow(program, arguments):
    known = dict(zip(program.invars, arguments, strict=True))
    count = arguments[0].reads.shape[-1]

    def look(variable):
        if not isinstance(variable, Literal) and variable in known:
            return known[variable]
        shape = variable.aval.shape  # pyright: ignore[reportAttributeAccessIssue]
        nothing = np.zeros((*shape, count), bool)
        return Reading(nothing, nothing)

    for equation in program.eqns:
        operands = [look(variable) for variable in equation.invars]
        for variable, found in zip(
            equation.outvars, _through(equation, operands, count), strict=True
        ):
            known[variable] = found
    return [look(variable) for variable in program.outvars]


def _through(equation, operands, count):
    """What the outputs of one equation read, from what its operands read."""
    name = equation.primitive.name
    if name in _CALLS:
        inner = equation.params.get("jaxpr", equation.params.get("call_jaxpr"))
        return _follow(getattr(inner, "jaxpr", inner), operands)
    reads = [operand.reads for operand in operands]
    bends = [operand.bends for operand in operands]
    rounded = not jnp.issubdtype(equation.outvars[0].aval.dtype, jnp.inexact)
    if name in _LINEAR and not rounded:
        return [Reading(_any(reads), _any(bends))]
    if name in _MOVING:
        return [Reading(_moved(equation, reads), _moved(equation, bends))]
    if name in ("mul", "div"):
        crossed = reads[0] & _varies(reads[1]) | reads[1] & _varies(reads[0])
        if name == "div":
            crossed = crossed | reads[1]
        return [Reading(_any(reads), _any([*bends, crossed]))]
    if name == "dot_general":
        return [_product(equation, *operands)]
    if name == "select_n" and not reads[0].any():
        return [Reading(_any(reads[1:]), _any(bends[1:]))]
    if name in _POINTWISE | _LINEAR | {"select_n"}:
        return [Reading(_any(reads), _any(reads))]
    everything = _any([read.reshape(-1, count).any(axis=0) for read in reads])
    return [
        Reading(*2 * [np.broadcast_to(everything, (*variable.aval.shape, count))])
        for variable in equation.outvars
    ]


def _any(tables):
    return np.logical_or.reduce(np.broadcast_arrays(*tables))


def _varies(table):
    return table.any(axis=-1, keepdims=True)


def _bind(equation, *tables):
    """The equation itself on counts, one call per input of the function."""
    moved = [np.moveaxis(table, -1, 0).astype(np.float32) for table in tables]
    params = dict(equation.params)
    if "preferred_element_type" in params:
        params["preferred_element_type"] = jnp.float32
    with jax.ensure_compile_time_eval():
        call = lambda *arrays: equation.primitive.bind(*arrays, **params)
        found = np.asarray(jax.vmap(call)(*moved))
    return np.moveaxis(found, 0, -1) > 0


def _moved(equation, tables):
    return _bind(equation, *tables)


def _product(equation, left, right):
    ones = lambda table: np.ones_like(table.reads)
    across = lambda table: np.broadcast_to(_varies(table.reads), table.reads.shape)
    product = lambda a, b: _bind(equation, a, b)
    reads = product(left.reads, ones(right)) | product(ones(left), right.reads)
    bends = product(left.bends, ones(right)) | product(ones(left), right.bends)
    crossed = product(left.reads, across(right)) | product(across(left), right.reads)
    return Reading(reads, bends | crossed)
