"""Runs of the heat sink for the cases that judge a surrogate of it."""

import dataclasses
import functools
from typing import TYPE_CHECKING

import equinox as eqx
import jax
import numpy as np

from froude.datasets import Simulation, evaluate
from froude.solvers import DirectSolver, solve_steady

if TYPE_CHECKING:
    import xarray


_DIRECT = functools.partial(solve_steady, linear_solver=DirectSolver())


@dataclasses.dataclass(frozen=True)
class OneByOne:
    """A simulation that JAX does not trace further, so that no chunk is vmapped."""

    simulate: Simulation

    @property
    def outputs(self):
        return self.simulate.outputs

    def __call__(self, design):
        return jax.tree.map(np.asarray, _answer(self.simulate, design))


@eqx.filter_jit
def _answer(simulate, design):
    return simulate(design)


def solved_one_by_one(
    simulate: Simulation, designs: "xarray.Dataset"
) -> "xarray.Dataset":
    """Answer designs as `evaluate` does, each by itself with the direct solver.

    On the coarse mesh that takes 35 ms of processor time for a design; in a vmapped
    chunk, whose conjugate gradients run until the slowest member is done, 54 ms.
    """
    solver = eqx.tree_at(lambda s: s.solve, simulate, _DIRECT)
    return evaluate(OneByOne(solver), designs)
