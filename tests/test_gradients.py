"""Derivatives through solvers."""

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse

from froude.solvers import MultigridCG, SparseMatrix


def test_the_adjoint_of_multigrid_solves_with_the_transpose():
    n = 40
    bands = [-np.ones(n - 1), 2.5 * np.ones(n), -1.02 * np.ones(n - 1)]
    stencil = scipy.sparse.diags(bands, [-1, 0, 1])
    matrix = SparseMatrix.from_scipy(stencil)
    weight = np.cos(2.0 * np.arange(n))
    value = lambda b: weight @ MultigridCG().solve(matrix, b).value
    gradient = jax.grad(value)(jnp.sin(jnp.arange(n) * 1.0))
    expected = np.linalg.solve(stencil.toarray().T, weight)
    assert np.abs(gradient - expected).max() < 1e-10 * np.abs(expected).max()
