"""Physical parameters as traced array leaves, checked once where they are given."""

import inspect
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from .cell_field import CellField


def as_parameter(
    value: Any,
    name: str,
    *,
    minimum: float | None = None,
    above: float | None = None,
    below: float | None = None,
    shape: tuple[int, ...] | None = None,
) -> Array:
    """Turn a number into a float array leaf and refuse values physics cannot use.

    Args:
        value: number or array, any shape, or a `CellField` of them, which stays one.
        name: the argument as the user typed it, for the error message.
        minimum: smallest admissible value; `None` for no bound.
        above: lower bound that is not admissible itself; `None` for no bound.
        below: upper bound that is not admissible itself; `None` for no bound.
        shape: the only admissible shape; `None` for any.

    Returns:
        A floating-point array of the same shape.

    Raises:
        ValueError: another shape, not finite, below `minimum`, not above `above` or
            not below `below`. Of traced values only the shape is checked.
        TypeError: not a number.
    """
    if isinstance(value, CellField):
        each = None if shape is None else (len(value.values), *shape)
        return value.checked(  # pyright: ignore[reportReturnType]
            lambda values: as_parameter(
                values, name, minimum=minimum, above=above, below=below, shape=each
            )
        )
    try:
        array = jnp.asarray(value)
    except TypeError as error:
        raise TypeError(
            f"{name} = {value!r} is not a number or an array of numbers."
        ) from error
    if not jnp.issubdtype(array.dtype, jnp.inexact):
        array = array.astype(jnp.result_type(float))
    if shape is not None and array.shape != shape:
        wanted = f"an array of the shape {shape}" if shape else "one number"
        raise ValueError(
            f"{name} has the shape {array.shape}; give {wanted}, and build many at "
            "once under jax.vmap."
        )
    if not isinstance(array, Tracer):
        host = np.asarray(array)
        if not np.all(np.isfinite(host)):
            raise ValueError(f"{name} = {host} is not finite; give finite numbers.")
        if minimum is not None and np.any(host < minimum):
            raise ValueError(
                f"{name} = {host} is below {minimum:g}; give {name} >= {minimum:g}."
            )
        if above is not None and np.any(host <= above):
            raise ValueError(
                f"{name} = {host} is not above {above:g}; give {name} > {above:g}."
            )
        if below is not None and np.any(host >= below):
            raise ValueError(
                f"{name} = {host} is not below {below:g}; give {name} < {below:g}."
            )
    return array


def parameter(
    name: str,
    *,
    minimum: float | None = None,
    above: float | None = None,
    below: float | None = None,
    shape: tuple[int, ...] | None = None,
    optional: bool = False,
    **options: Any,
) -> Any:
    """Declare a numeric field of a law: an array leaf checked by `as_parameter`.

    An `optional` field may be `None`.
    """

    def convert(value: Any) -> Array | None:
        if optional and value is None:
            return None
        return as_parameter(
            value, name, minimum=minimum, above=above, below=below, shape=shape
        )

    return eqx.field(converter=convert, **options)


def as_vector(value: Any, name: str, x: Float[Array, " dim"]) -> Float[Array, " dim"]:
    """A vector at the point `x`.

    Raises:
        ValueError: not one number per axis, which would silently broadcast.
    """
    vector = jnp.asarray(value)
    if vector.shape != x.shape:
        raise ValueError(
            f"{name} has the shape {vector.shape} in {len(x)} dimensions; give one "
            "number per axis, such as (1.0,) in one dimension."
        )
    return vector


def down_gradient(
    value: Any, name: str, grad_u: Float[Array, "components dim"]
) -> Float[Array, "components dim"]:
    """The flux -k grad u of a number or a (dim, dim) tensor k.

    Raises:
        ValueError: another shape, which would silently broadcast.
    """
    k, dimension = jnp.asarray(value), grad_u.shape[1]
    if k.shape == (dimension, dimension):
        return -(grad_u @ k.T)
    if k.ndim:
        raise ValueError(
            f"{name} has the shape {k.shape} in {dimension} dimensions; give one "
            f"number or a ({dimension}, {dimension}) tensor, such as jnp.diag of one "
            "number per axis, and build many at once under jax.vmap."
        )
    return -k * grad_u


class Constant(eqx.Module):
    """A value that depends on nothing: `value`, whatever the arguments.

    Args:
        value: any shape, in the unit of the place where it is used.
    """

    value: Array = parameter("value")

    def __call__(self, *args: Array) -> Array:
        return self.value


class Polynomial(eqx.Module):
    """c0 + c1 s + c2 s² + … of one scalar argument s, such as k(T).

    Args:
        coefficients: (degree + 1,), lowest power first.
        origin: s is measured from here.
    """

    coefficients: Array = parameter("coefficients")
    origin: Array = parameter("origin", default=0.0)

    def __call__(self, s: Array) -> Array:
        return jnp.polyval(self.coefficients[::-1], s - self.origin)


class Tabulated(eqx.Module):
    """Linear interpolation in a table of one scalar argument, constant outside.

    Args:
        points: (n,), increasing.
        values: (n,).

    Raises:
        ValueError: vectors of different length, or points that do not increase
            (unless traced).
    """

    points: Array = parameter("points")
    values: Array = parameter("values")

    def __check_init__(self) -> None:
        if self.points.shape != self.values.shape or self.points.ndim != 1:
            raise ValueError(
                f"points {self.points.shape} and values {self.values.shape} must be "
                "vectors of one length."
            )
        if not isinstance(self.points, Tracer):
            falls = np.flatnonzero(np.diff(np.asarray(self.points)) <= 0)
            if len(falls):
                first, second = np.asarray(self.points)[falls[0] : falls[0] + 2]
                raise ValueError(
                    f"points: {second:g} follows {first:g}, but points must increase; "
                    "sort points and values together."
                )

    def __call__(self, s: Array) -> Array:
        return jnp.interp(s, self.points, self.values)


def as_function(
    value: Any,
    name: str,
    arguments: tuple[str, ...],
    *,
    minimum: float | None = None,
    above: float | None = None,
    below: float | None = None,
    shape: tuple[int, ...] | None = None,
) -> Callable[..., Any]:
    """Keep a callable pytree; wrap a number in `Constant` after checking it.

    A matrix is judged by the eigenvalues of its symmetric part: the conductivity of a
    turned anisotropic solid has negative entries.

    Raises:
        ValueError: see `as_parameter`, or a matrix with an eigenvalue below `minimum`.
        TypeError: not a number, or a function that does not take `arguments`.
    """
    if callable(value):
        _check_signature(value, name, arguments)
        return value
    array = as_parameter(value, name, above=above, below=below, shape=shape)
    if isinstance(array, CellField):
        return Constant(_checked_field(array, name, minimum))
    if minimum is None or array.ndim != 2 or isinstance(array, Tracer):
        return Constant(as_parameter(array, name, minimum=minimum))
    _check_eigenvalues(np.asarray(array, float), name, minimum, array.dtype)
    return Constant(array)


def _checked_field(field: CellField, name: str, minimum: float | None) -> CellField:
    values = field.values
    if minimum is not None and values.ndim == 3 and not isinstance(values, Tracer):
        for matrix in np.asarray(values, float):
            _check_eigenvalues(matrix, name, minimum, values.dtype)
        return field
    return field.checked(lambda v: as_parameter(v, name, minimum=minimum))


def _check_eigenvalues(host: np.ndarray, name: str, minimum: float, dtype) -> None:
    least = np.linalg.eigvalsh(0.5 * (host + host.T))[0]
    if least < minimum - 8 * float(jnp.finfo(dtype).eps) * np.abs(host).max():
        raise ValueError(
            f"{name} = {host} has the eigenvalue {least:g} in its symmetric part; "
            f"give {name} with eigenvalues >= {minimum:g}."
        )


def _check_signature(
    value: Callable[..., Any], name: str, arguments: tuple[str, ...]
) -> None:
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return  # some compiled functions do not tell
    wanted = ", ".join(arguments)
    taken = list(signature.parameters)[: len(arguments)]
    if taken != list(arguments) and set(taken) == set(arguments):
        raise TypeError(
            f"{name} is called with ({wanted}), but the function given takes "
            f"({', '.join(taken)}); put its arguments in the order ({wanted})."
        )
    try:
        signature.bind(*arguments)
    except TypeError as error:
        raise TypeError(
            f"{name} is called with ({wanted}), but the function given takes "
            f"{signature}; write it as a function of ({wanted})."
        ) from error


def function_parameter(
    name: str,
    arguments: tuple[str, ...],
    *,
    minimum: float | None = None,
    above: float | None = None,
    below: float | None = None,
    shape: tuple[int, ...] | None = None,
    optional: bool = False,
    **options: Any,
) -> Any:
    """Declare a field that is a number or a function, such as k or k(T).

    `arguments` names what the function is called with, such as `("t", "x")`; an
    `optional` field may be `None`. The bounds are those of `as_parameter`.
    """

    def convert(value: Any) -> Callable[..., Any] | None:
        if optional and value is None:
            return None
        return as_function(
            value,
            name,
            arguments,
            minimum=minimum,
            above=above,
            below=below,
            shape=shape,
        )

    return eqx.field(converter=convert, **options)
