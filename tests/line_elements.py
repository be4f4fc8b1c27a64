"""Linear elements on a line: the smallest complete discretisation, for solver tests."""

import jax
import jax.numpy as jnp
import numpy as np

from froude.physics import (
    AbstractEssentialCondition,
    AbstractNaturalCondition,
    Problem,
)
from froude.solvers.discretization import AbstractDiscretization
from froude.solvers.sparse import SparseMatrix, SparsityPattern


class LineElements(AbstractDiscretization):
    """One component on the nodes of a line, midpoint quadrature, consistent storage."""

    problem: Problem
    points: jax.Array

    def _ends(self):
        return (("x_min", 0, -1.0), ("x_max", -1, 1.0))

    def _essential(self, name):
        conditions = self.problem.conditions[name]
        return isinstance(conditions[0], AbstractEssentialCondition)

    def project(self, function):
        return jax.vmap(function, out_axes=1)(self.points[:, None])

    def prepared(self, t):
        return self

    def inverted(self):
        return jnp.any(jnp.diff(self.points) <= 0)

    def storage(self, t, state):
        amount = jax.vmap(self.problem.law.storage, (None, 0, 1), 1)(
            t, self.points[:, None], state
        )
        h = jnp.diff(self.points)
        left, right = amount[:, :-1], amount[:, 1:]
        stored = jnp.zeros_like(state)
        stored = stored.at[:, :-1].add(h * (left / 3 + right / 6))
        return stored.at[:, 1:].add(h * (left / 6 + right / 3))

    def _cells(self, t, state):
        """Contribution to the inflow of the left and right node of each element."""
        h = jnp.diff(self.points)

        def cell(x, h, left, right):
            u, grad_u = 0.5 * (left + right), ((right - left) / h)[:, None]
            flux = self.problem.law.flux(t, x[None], u, grad_u)[:, 0]
            half = 0.5 * h * self.problem.law.source(t, x[None], u, grad_u)
            return half - flux, half + flux

        middle = 0.5 * (self.points[:-1] + self.points[1:])
        sides = state[:, :-1].T, state[:, 1:].T
        return jax.vmap(cell)(middle, h, *sides), (cell, middle, h, sides)

    def inflow(self, t, state):
        (left, right), _ = self._cells(t, state)
        total = jnp.zeros_like(state).at[:, :-1].add(left.T).at[:, 1:].add(right.T)
        for name, node, _ in self._ends():
            outward = self._natural(name, t, state[:, node])
            total = total.at[:, node].add(-outward)
        return total

    def _natural(self, name, t, u):
        _, node, normal = next(end for end in self._ends() if end[0] == name)
        x = self.points[node][None]
        total = jnp.zeros_like(u)
        for condition in self.problem.conditions[name]:
            if isinstance(condition, AbstractNaturalCondition):
                total += condition.normal_flux(t, x, jnp.array([normal]), u)
        return total

    def constrain(self, t, state):
        for name, node, _ in self._ends():
            if self._essential(name):
                value = self.problem.conditions[name][0].value(
                    t, self.points[node][None]
                )
                state = state.at[:, node].set(value)
        return state

    def free(self):
        return jnp.asarray(self._free_host()[None])

    def links(self):
        return None

    def rate(self, t, state, storage_rate):
        _, prescribed = jax.jvp(
            lambda s: self.constrain(s, state), (t,), (jnp.ones_like(t),)
        )
        capacity = self.jacobian(t, state, 1.0, 0.0)
        _, moved = jax.jvp(lambda u: self.storage(t, u), (state,), (prescribed,))
        free = self.free()
        rhs = jnp.where(free, storage_rate - moved, prescribed)
        dense = jnp.zeros((rhs.size, rhs.size)).at[
            self._pattern.rows, self._pattern.indices
        ]
        return jnp.linalg.solve(dense.set(capacity.values), rhs.ravel()).reshape(
            rhs.shape
        )

    @property
    def _nodes(self):
        cells = np.arange(self.points.shape[0] - 1)
        rows = np.stack([cells, cells, cells + 1, cells + 1])
        cols = np.stack([cells, cells + 1, cells, cells + 1])
        return rows, cols

    @property
    def _pattern(self):
        n = self.points.shape[0]
        return SparsityPattern.from_coo(*self._nodes, (n, n))[0]

    def jacobian(self, t, state, storage_weight, inflow_weight):
        n = self.points.shape[0]
        rows, cols = self._nodes
        pattern, assembly = SparsityPattern.from_coo(rows, cols, (n, n))
        _, (cell, middle, h, sides) = self._cells(t, state)
        slopes = jax.vmap(jax.jacfwd(cell, argnums=(2, 3)))(middle, h, *sides)
        entries = -inflow_weight * jnp.stack(
            [s[:, 0, 0] for pair in slopes for s in pair]
        )
        capacity = jax.vmap(jax.jacfwd(self.problem.law.storage, 2), (None, 0, 1))(
            t, self.points[:, None], state
        )[:, 0, 0]
        mass = jnp.array([1 / 3, 1 / 6, 1 / 6, 1 / 3])[:, None] * h
        entries += storage_weight * mass * capacity[cols]
        for name, node, _ in self._ends():
            slope = jax.jacfwd(lambda u, name=name: self._natural(name, t, u))
            place = (0, 0) if node == 0 else (3, -1)
            entries = entries.at[place].add(inflow_weight * slope(state[:, node])[0, 0])
        free = self._free_host()
        coupled = free[rows] & free[cols]
        entries = jnp.where(coupled, entries, 0.0)
        values = assembly(entries.ravel())
        fixed = np.flatnonzero(~free)
        values = values.at[pattern.diagonal[fixed]].set(1.0)
        return SparseMatrix(values, pattern)

    def _free_host(self):
        free = np.ones(self.points.shape[0], bool)
        for name, node, _ in self._ends():
            free[node] = not self._essential(name)
        return free

    def boundary_flux(self, t, state, *, storage_rate=None):
        supply = self.inflow(t, state)
        if storage_rate is not None:
            supply = supply - storage_rate
        return {
            name: supply[:, node]
            if self._essential(name)
            else self._natural(name, t, state[:, node])
            for name, node, _ in self._ends()
        }

    def source_integral(self, t, state):
        h = jnp.diff(self.points)
        middle = 0.5 * (self.points[:-1] + self.points[1:])

        def cell(x, h, left, right):
            u, grad_u = 0.5 * (left + right), ((right - left) / h)[:, None]
            return h * self.problem.law.source(t, x[None], u, grad_u)

        cells = jax.vmap(cell)(middle, h, state[:, :-1].T, state[:, 1:].T)
        return cells.sum(axis=0)

    def integrate(self, field):
        h = jnp.diff(self.points)
        return jnp.sum(0.5 * h * (field[:, :-1] + field[:, 1:]), axis=1)

    def coordinates(self):
        return self.points[:, None]

    def collocate(self, state):
        return state

    def export(self, times, states):
        raise NotImplementedError
