"""What of a law must be evaluated at points, and which components store nothing."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ...physics import AbstractBalanceLaw
from .linearity import reading
from .symbol import supply_rows

Place = tuple[int, int]


class Structure(NamedTuple):
    """Read from the program of a law; the same for all values of its parameters.

    `stored` and `held` are the components with and without storage. `evaluated` maps
    each entry (component, column) of flux and source that is not a constant linear
    function to the entries of the jet that it reads other than linearly; such an entry
    varies with the state or in time. `varies_in_space` says that some entry does not
    only depend on the jet.
    """

    stored: tuple[int, ...]
    held: tuple[int, ...]
    evaluated: tuple[tuple[Place, tuple[Place, ...]], ...]
    varies_in_space: bool

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Components evaluated together, in order.

        Those without storage come first where the others read them at points.
        """
        if any(component in self.held for component, _ in self.inputs(self.stored)):
            return self.held, self.stored
        return (self.stored + self.held,)

    def places(self, components: tuple[int, ...]) -> tuple[Place, ...]:
        """Entries of flux and source to evaluate for some components."""
        return tuple(place for place, _ in self.evaluated if place[0] in components)

    def inputs(self, components: tuple[int, ...]) -> tuple[Place, ...]:
        """Entries of the jet that those entries read other than linearly."""
        read = (inputs for place, inputs in self.evaluated if place[0] in components)
        return tuple(sorted({entry for inputs in read for entry in inputs}))


def structure_of(law: AbstractBalanceLaw, dimension: int, dtype) -> Structure:
    """Read the structure of a law.

    Raises:
        ValueError: a storage that is not linear in u with constant coefficients, or
            components without storage that no equation gives at once.
    """
    names = [component.name for component in law.components]
    stored, held = _split(law, dimension, dtype)
    count, columns = len(names), 1 + dimension
    before = 1 + dimension

    def rows(vector):
        t, x, jet = vector[0], vector[1:before], vector[before:]
        return supply_rows(law, t, x, jet.reshape(count, columns)).ravel()

    table = reading(rows, before + count * columns, dtype)
    evaluated = []
    for number, (reads, bends) in enumerate(zip(*table, strict=True)):
        inputs = tuple(
            divmod(int(entry), columns) for entry in np.flatnonzero(bends[before:])
        )
        if inputs or reads[0]:
            evaluated.append((divmod(number, columns), inputs))
    found = Structure(
        stored, held, tuple(evaluated), bool(table.reads[:, 1:before].any())
    )
    for component, _ in found.inputs(held):
        if component in held:
            raise ValueError(
                f"{type(law).__name__}: the components without storage "
                f"{[names[i] for i in held]} are given by equations that are nonlinear "
                f"in {names[component]!r}; a Fourier march eliminates linear ones only."
            )
    reads = table.reads[:, before:].reshape(count, columns, count, columns)
    for component in held:
        if not reads[list(held)][:, :, component].any():
            raise ValueError(
                f"{type(law).__name__}: no equation without storage contains "
                f"{names[component]!r}, so that none gives it at once; write one that "
                "does, such as a Poisson equation for a pressure."
            )
    return found


def _split(law, dimension, dtype):
    count = len(law.components)

    def storage(vector):
        t, x, u = vector[0], vector[1 : 1 + dimension], vector[1 + dimension :]
        return law.storage(t, x, u)

    reads, bends = reading(storage, 1 + dimension + count, dtype)
    if bends.any() or reads[:, : 1 + dimension].any():
        raise ValueError(
            f"{type(law).__name__} has a storage that is not a constant linear "
            "function of u; a march on Fourier modes needs one. Use SDIRK2 or Explicit."
        )
    own = reads[:, 1 + dimension :]
    stored = tuple(np.flatnonzero(own.any(axis=1)).tolist())
    if stored != tuple(np.flatnonzero(own.any(axis=0)).tolist()):
        raise ValueError(
            f"{type(law).__name__} stores the components {own.any(axis=0).tolist()} in "
            f"the equations {own.any(axis=1).tolist()}; they must be the same."
        )
    held = tuple(i for i in range(count) if i not in stored)
    return stored, held


def reference_slopes(law, t, points, means, everywhere: bool):
    """d rows / d jet at uniform means, averaged over the points where it may vary.

    Args:
        law: the balance law.
        t: time [s].
        points: (dim, *fine).
        means: (components,).
        everywhere: whether the law depends on the point.

    Returns:
        (components, dim+1, components, 1+dim).
    """
    dimension = len(points)
    jet = jnp.zeros((len(means), 1 + dimension), means.dtype).at[:, 0].set(means)
    slope = jax.jacfwd(lambda jet, x: supply_rows(law, t, x, jet))
    flat = points.reshape(dimension, -1)
    if not everywhere:
        return slope(jet, flat[:, 0])
    return jnp.mean(jax.vmap(slope, (None, 1))(jet, flat), axis=0)
