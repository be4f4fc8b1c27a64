"""A law on Fourier modes: a linear operator per wave number, and the rest.

    d modes / dt = L modes + N(t, modes)

L is the derivative of the law at a uniform state, averaged over the box; N is what L
leaves, evaluated at points. Components without storage are eliminated by one small
linear system per wave number.
"""

from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ...physics import AbstractBalanceLaw
from ..pointwise import evaluate
from .law_structure import Structure, reference_slopes, structure_of
from .mode_matrix import identity_like, inverse, product, times
from .modes import Modes
from .symbol import supply_rows, symbol


class Splitting(eqx.Module):
    """L and N of a law on the modes of its stored components.

    Args:
        law: the balance law.
        modes: which modes there are.
        structure: what N evaluates.
        waves: wave numbers [rad m^-1].
        known: supply per mode that L has of what is evaluated.
        start: time of the split [s].
        operator: L [s^-1].
        capacity: d storage / d u.
        response: N per supply of each component, (stored, *modes) or (stored, 1, ...).
        still: N of what never changes.
        held_by_stored: modes of components without storage per stored mode.
        held_by_supply: the same per supply of such a component.
        held_still: the same of what never changes.
    """

    law: AbstractBalanceLaw
    modes: Modes
    structure: Structure = eqx.field(static=True)
    start: Float[Array, ""]
    waves: Float[Array, " dim *modes"]
    known: Complex[Array, "components components *modes"]
    operator: Complex[Array, "stored stored *modes"]
    capacity: Float[Array, "components components"]
    response: tuple[Array, ...]
    still: Complex[Array, " stored *modes"]
    held_by_stored: Complex[Array, "held stored *modes"]
    held_by_supply: Complex[Array, "held held *modes"]
    held_still: Complex[Array, " held *modes"]

    @classmethod
    def at(cls, law: AbstractBalanceLaw, modes: Modes, t: Array, state: Array) -> Self:
        """Split at the means of a state (components, *cells) and a time [s].

        Components without storage count as zero there.

        Raises:
            ValueError: a law that no march of modes can advance, see `structure_of`.
        """
        structure = structure_of(law, modes.lattice.dimension, state.dtype)
        stored, held = np.array(structure.stored), np.array(structure.held, int)
        means = jnp.mean(state.reshape(len(state), -1), axis=1).at[held].set(0.0)
        points = modes.fine_points()
        slopes = reference_slopes(law, t, points, means, structure.varies_in_space)
        waves = modes.waves()
        supply, still = symbol(slopes, waves), _still(law, structure, modes, t)
        block = lambda rows, columns: supply[np.ix_(rows, columns)]

        constraint, free = _with_gauge(block(held, held))
        by_supply = jnp.where(free[:, None], 0.0, -inverse(constraint))
        by_stored = product(by_supply, block(held, stored))
        here = points.reshape(len(points), -1)[:, 0]
        capacity = jax.jacfwd(lambda u: law.storage(t, here, u))(means)
        per_storage = jnp.linalg.inv(capacity[np.ix_(stored, stored)])
        per_storage = per_storage.reshape(*per_storage.shape, *[1] * len(points))
        back = block(stored, held)
        feedback = product(per_storage, product(back, by_supply))
        operator = block(stored, stored) + product(back, by_stored)
        response = {
            **{j: per_storage[:, n] for n, j in enumerate(structure.stored)},
            **{j: feedback[:, n] for n, j in enumerate(structure.held)},
        }
        return cls(
            law=law,
            modes=modes,
            structure=structure,
            start=t,
            waves=waves,
            known=symbol(jnp.where(_evaluated(structure, slopes), slopes, 0.0), waves),
            operator=product(per_storage, operator),
            capacity=capacity,
            response=tuple(response[j] for j in range(len(state))),
            still=times(per_storage, still[stored]) + times(feedback, still[held]),
            held_by_stored=by_stored,
            held_by_supply=by_supply,
            held_still=times(by_supply, still[held]),
        )

    def remainder(self, t: Array, modes: Array) -> Complex[Array, " stored *modes"]:
        """N(t, modes)."""
        supply, _ = self._supply_and_full(t, modes, self.structure.groups)
        terms = [self.response[place] * found for place, found in supply.items()]
        return sum(terms, start=self.still)

    def full(self, t: Array, modes: Array) -> Complex[Array, " components *modes"]:
        """Modes of all components, those without storage computed."""
        _, full = self._supply_and_full(t, modes, self.structure.groups[:1])
        return jnp.stack(full)

    def amount(self, stored: Array) -> Float[Array, " components"]:
        """Storage of all components, of values (stored,) of those that store."""
        u = jnp.zeros(len(self.response), stored.dtype)
        return self.capacity @ u.at[np.array(self.structure.stored)].set(stored)

    def _supply_and_full(self, t, modes, groups):
        """Supply of what is evaluated group by group, and modes of all components."""
        present = dict(zip(self.structure.stored, modes, strict=True))
        zero = jnp.zeros_like(modes[0])
        padded = [present.get(j, zero) for j in range(len(self.response))]
        supply = self._supply(t, padded, groups[0])
        full = self._with_held(padded, modes, supply)
        for group in groups[1:]:
            supply = supply | self._supply(t, full, group)
        return supply, full

    def _with_held(self, padded, modes, supply):
        filled = list(padded)
        held = self.structure.held
        for row, component in enumerate(held):
            value = self.held_still[row] + times(self.held_by_stored, modes)[row]
            for column, other in enumerate(held):
                if other in supply:
                    value = value + self.held_by_supply[row, column] * supply[other]
            filled[component] = value
        return filled

    def _supply(self, t, full, components) -> dict[int, Array]:
        """Supply per component of what is evaluated, less what L has of it."""
        places = self.structure.places(components)
        inputs = self.structure.inputs(components)
        if not places:
            return {}
        slope = 1j * self.waves
        spectra = [
            slope[column - 1] * full[component] if column else full[component]
            for component, column in inputs
        ]
        found = self._at_points(t, places, inputs, spectra)
        supply = {}
        for (row, column), net in zip(places, found, strict=True):
            net = -slope[column] * net if column < len(slope) else net
            supply[row] = supply[row] + net if row in supply else net
        for row in supply:
            for component in {component for component, _ in inputs}:
                known = self.known[row, component] * full[component]
                supply[row] = supply[row] - known
        return supply

    def _at_points(self, t, places, inputs, spectra):
        """Modes of entries of flux and source whose inputs have these modes."""
        # One transform each: on a CPU a stack of them does not run in parallel.
        fields = [self.modes.to_points(spectrum) for spectrum in spectra]

        def at_point(t, x, *values):
            rows = _rows_of(self.law, t, x, dict(zip(inputs, values, strict=True)))
            return jnp.stack([rows[place] for place in places])

        dimension, points = self.modes.lattice.dimension, self.modes.fine_points()
        found = evaluate(at_point, t, points, *fields, dimension=dimension)
        return [self.modes.of_points(entry) for entry in found]


def _rows_of(law, t, x, known):
    """Flux and source where the jet has the entries `known` and zero elsewhere."""
    zero = jnp.zeros((), x.dtype)
    jet = [
        [known.get((component, column), zero) for column in range(1 + len(x))]
        for component in range(len(law.components))
    ]
    return supply_rows(law, t, x, jnp.stack([jnp.stack(row) for row in jet]))


def _still(law, structure, modes, t):
    """Supply (components, *modes) of all that is not evaluated, where u is zero."""
    dimension, count = modes.lattice.dimension, len(law.components)
    places = structure.places(tuple(range(count)))
    moving = np.zeros((count, dimension + 1), bool)
    moving[tuple(np.array(places, int).reshape(-1, 2).T)] = True
    quiet = lambda t, x: jnp.where(moving, 0.0, _rows_of(law, t, x, {}))
    found = modes.of_points(
        evaluate(quiet, t, modes.fine_points(), dimension=dimension)
    )
    slope = 1j * modes.waves()
    return found[:, -1] - jnp.sum(slope * found[:, :-1], axis=1)


def _evaluated(structure, slopes):
    """Which slopes belong to what is evaluated at points."""
    found = np.zeros(slopes.shape, bool)
    for group in structure.groups:
        for place in structure.places(group):
            for entry in structure.inputs(group):
                found[(*place, *entry)] = True
    return found


def _with_gauge(constraint):
    """Put the identity into rows without entries, and say where they are.

    The mean of a potential, which nothing gives, is zero.
    """
    size = jnp.max(jnp.abs(constraint), axis=1, initial=0.0)
    floor = 100 * jnp.finfo(constraint.dtype).eps * jnp.max(size, initial=0.0)
    free = size <= floor
    identity = identity_like(constraint)
    return jnp.where(free[:, None], identity, constraint), free
