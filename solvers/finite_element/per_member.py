"""Element loops that a batch runs one member after the other on a CPU.

The arrays of one member fit the cache; those of a batch do not, and the batch axis
that `jax.vmap` puts first makes XLA transpose them before every small product.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jax.core import ShapedArray, eval_jaxpr
from jax.extend.core import ClosedJaxpr, Primitive, jaxpr_as_fun
from jax.interpreters import ad, batching, mlir


def per_member(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, which `jax.vmap`, nested or not, loops over on a CPU.

    An accelerator still takes the whole batch at once. Differentiable any number of
    times in both modes, also by arrays that `function` closes over; a reverse pass
    keeps the arguments only and computes the rest again.

    Args:
        function: takes pytrees and returns a pytree of floating-point arrays.
    """

    def called(*arguments):
        dynamic, static = eqx.partition(arguments, eqx.is_array)
        leaves, tree = jax.tree.flatten(dynamic)

        def flat(*leaves):
            dynamic = jax.tree.unflatten(tree, leaves)
            return function(*eqx.combine(dynamic, static))

        traced, shape = jax.make_jaxpr(flat, return_shape=True)(*leaves)
        # what the function closes over, tracers too, becomes an argument
        operands = (*map(jnp.asarray, traced.consts), *leaves)
        count = len(traced.consts)
        program = jax.make_jaxpr(
            lambda *all: eval_jaxpr(traced.jaxpr, all[:count], *all[count:])
        )(*operands)
        results = _member_p.bind(*operands, program=program, levels=())
        return jax.tree.unflatten(jax.tree.structure(shape), results)

    return called


# `levels` holds, outermost axis first, one tuple per batch axis: which operands
# lead with it. Results lead with all of them.


def _at_once(*operands, program: ClosedJaxpr, levels):
    run = jaxpr_as_fun(program)
    for batched in reversed(levels):
        run = jax.vmap(run, in_axes=tuple(0 if b else None for b in batched))
    return run(*operands)


def _one_by_one(*operands, program: ClosedJaxpr, levels):
    run = jaxpr_as_fun(program)
    for batched in reversed(levels):
        run = _loop(run, batched)
    return run(*operands)


def _loop(run, batched):
    def looped(*operands):
        def member(rows):
            rows = iter(rows)
            merged = zip(operands, batched, strict=True)
            return run(*(next(rows) if b else x for x, b in merged))

        return lax.map(member, [x for x, b in zip(operands, batched, strict=True) if b])

    return looped


def _shape(*operands, program, levels):
    batch = tuple(
        next(
            x.shape[0]
            for x, b in zip(_inner(operands, levels, k), row, strict=True)
            if b
        )
        for k, row in enumerate(levels)
    )
    return [ShapedArray((*batch, *a.shape), a.dtype) for a in program.out_avals]


def _inner(operands, levels, depth):
    """Shapes of the operands without their batch axes of the first levels."""
    shapes = []
    for place, x in enumerate(operands):
        skipped = sum(row[place] for row in levels[:depth])
        shapes.append(ShapedArray(x.shape[skipped:], x.dtype))
    return shapes


def _batched(operands, axes, *, program, levels):
    moved = [
        x if axis is None else jnp.moveaxis(x, axis, 0)
        for x, axis in zip(operands, axes, strict=True)
    ]
    row = tuple(axis is not None for axis in axes)
    results = _member_p.bind(*moved, program=program, levels=(row, *levels))
    return results, [0] * len(results)


def _jvp(primals, tangents, *, program, levels):
    moving = [k for k, t in enumerate(tangents) if type(t) is not ad.Zero]
    run = jaxpr_as_fun(program)

    def tangent(*operands):
        at, along = operands[: len(primals)], operands[len(primals) :]

        def of_moving(*values):
            full = list(at)
            for k, value in zip(moving, values, strict=True):
                full[k] = value
            return run(*full)

        return jax.jvp(of_moving, tuple(at[k] for k in moving), along)[1]

    values = program.in_avals
    linear = jax.make_jaxpr(tangent)(*values, *(values[k] for k in moving))
    results = _member_p.bind(*primals, program=program, levels=levels)
    changes = _member_p.bind(
        *primals,
        *(tangents[k] for k in moving),
        program=linear,
        levels=tuple((*row, *(row[k] for k in moving)) for row in levels),
    )
    return results, changes


def _transposed(cotangents, *operands, program, levels):
    unknown = [k for k, x in enumerate(operands) if ad.is_undefined_primal(x)]
    known = [k for k in range(len(operands)) if k not in unknown]
    given = [k for k, c in enumerate(cotangents) if type(c) is not ad.Zero]
    run = jaxpr_as_fun(program)
    values = program.in_avals

    def pulled_back(*arguments):
        at, along = arguments[: len(known)], arguments[len(known) :]

        def of_unknown(*linear):
            full = dict(zip(known, at, strict=True))
            full |= dict(zip(unknown, linear, strict=True))
            results = run(*(full[k] for k in range(len(operands))))
            return [results[k] for k in given]

        return jax.linear_transpose(of_unknown, *(values[k] for k in unknown))(
            list(along)
        )

    outputs = program.out_avals
    transposed = jax.make_jaxpr(pulled_back)(
        *(values[k] for k in known), *(outputs[k] for k in given)
    )
    results = _member_p.bind(
        *(operands[k] for k in known),
        *(cotangents[k] for k in given),
        program=transposed,
        levels=tuple(
            (*(row[k] for k in known), *(True for _ in given)) for row in levels
        ),
    )
    pulled: list[Any] = [None] * len(operands)
    for k, result in zip(unknown, results, strict=True):
        shared = tuple(depth for depth, row in enumerate(levels) if not row[k])
        pulled[k] = jnp.sum(result, axis=shared) if shared else result
    return pulled


_member_p = Primitive("per_member")
_member_p.multiple_results = True
_member_p.def_impl(_at_once)
_member_p.def_abstract_eval(_shape)
mlir.register_lowering(_member_p, mlir.lower_fun(_at_once, multiple_results=True))
mlir.register_lowering(
    _member_p, mlir.lower_fun(_one_by_one, multiple_results=True), platform="cpu"
)
batching.primitive_batchers[_member_p] = _batched
ad.primitive_jvps[_member_p] = _jvp
ad.primitive_transposes[_member_p] = _transposed
