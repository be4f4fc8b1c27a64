"""Physical parameters as traced array leaves, checked once where they are given."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array


def as_parameter(value: Any, name: str, *, minimum: float | None = None) -> Array:
    """Turn a number into a float array leaf and refuse values physics cannot use.

    Args:
        value: number or array, any shape.
        name: the argument as the user typed it, for the error message.
        minimum: smallest admissible value; `None` for no bound.

    Returns:
        A floating-point array of the same shape.

    Raises:
        ValueError: not finite, or below `minimum`. Traced values are not checked.
        TypeError: not a number.
    """
    try:
        array = jnp.asarray(value)
    except TypeError as error:
        raise TypeError(
            f"{name} = {value!r} is not a number or an array of numbers."
        ) from error
    if not jnp.issubdtype(array.dtype, jnp.inexact):
        array = array.astype(jnp.result_type(float))
    if not isinstance(array, Tracer):
        host = np.asarray(array)
        if not np.all(np.isfinite(host)):
            raise ValueError(f"{name} = {host} is not finite; give finite numbers.")
        if minimum is not None and np.any(host < minimum):
            raise ValueError(
                f"{name} = {host} is below {minimum:g}; give {name} >= {minimum:g}."
            )
    return array


def parameter(name: str, *, minimum: float | None = None, **options: Any) -> Any:
    """Declare a numeric field of a law: an array leaf checked by `as_parameter`."""

    def convert(value: Any) -> Array:
        return as_parameter(value, name, minimum=minimum)

    return eqx.field(converter=convert, **options)


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
    """

    points: Array = parameter("points")
    values: Array = parameter("values")

    def __check_init__(self) -> None:
        if self.points.shape != self.values.shape or self.points.ndim != 1:
            raise ValueError(
                f"points {self.points.shape} and values {self.values.shape} must be "
                "vectors of one length."
            )

    def __call__(self, s: Array) -> Array:
        return jnp.interp(s, self.points, self.values)


def as_function(
    value: Any, name: str, *, minimum: float | None = None
) -> Callable[..., Any]:
    """Keep a callable pytree; wrap a number in `Constant` after checking it.

    A matrix is judged by the eigenvalues of its symmetric part: the conductivity of a
    turned anisotropic solid has negative entries.
    """
    if callable(value):
        return value
    array = as_parameter(value, name)
    if minimum is None or array.ndim != 2 or isinstance(array, Tracer):
        return Constant(as_parameter(array, name, minimum=minimum))
    host = np.asarray(array, float)
    least = np.linalg.eigvalsh(0.5 * (host + host.T))[0]
    if least < minimum - 8 * float(jnp.finfo(array.dtype).eps) * np.abs(host).max():
        raise ValueError(
            f"{name} = {host} has the eigenvalue {least:g} in its symmetric part; "
            f"give {name} with eigenvalues >= {minimum:g}."
        )
    return Constant(array)


def function_parameter(
    name: str, *, minimum: float | None = None, **options: Any
) -> Any:
    """Declare a field that is a number or a function, such as k or k(T)."""

    def convert(value: Any) -> Callable[..., Any]:
        return as_function(value, name, minimum=minimum)

    return eqx.field(converter=convert, **options)
