"""Matrices of blocks against the same matrices entry by entry, and aggregates."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse as sp

from froude.solvers.sparse import (
    BlockPattern,
    DirectSolver,
    FactorCache,
    MultigridCG,
    SparseMatrix,
    SparsityPattern,
)
from froude.solvers.sparse.aggregation import aggregate

NODES, COMPONENTS = 120, 3


def grid_graph(shape):
    """Every point of a grid and all its neighbours, diagonal ones too."""
    line = lambda n: sp.diags([1.0, 1.0, 1.0], [-1, 0, 1], (n, n))
    graph = sp.eye(1)
    for size in shape:
        graph = sp.kron(graph, line(size))
    return graph.tocsr()


@pytest.fixture(scope="module")
def matrix():
    """Random symmetric blocks, positive definite by a heavy diagonal."""
    graph = grid_graph((12, 10))
    pattern = BlockPattern(SparsityPattern.from_scipy(graph), COMPONENTS)
    dense = np.random.default_rng(1).standard_normal((NODES * COMPONENTS,) * 2)
    dense = dense + dense.T + 60 * np.eye(len(dense))
    blocks = dense.reshape(COMPONENTS, NODES, COMPONENTS, NODES)
    values = blocks[:, pattern.nodes.rows, :, pattern.nodes.indices]
    return SparseMatrix(jnp.asarray(values.ravel()), pattern)


def vector(seed):
    return jnp.asarray(np.random.default_rng(seed).standard_normal(360))


def test_a_matrix_of_blocks_is_that_of_its_entries(matrix):
    entries, x = matrix.by_entries, vector(2)
    assert isinstance(entries.pattern, SparsityPattern)
    dense = matrix.to_scipy().toarray()
    np.testing.assert_array_equal(dense, entries.to_scipy().toarray())
    np.testing.assert_allclose(matrix @ x, dense @ x, atol=1e-13)
    np.testing.assert_array_equal(matrix.diagonal(), np.diag(dense))
    np.testing.assert_array_equal(matrix.transpose.to_scipy().toarray(), dense.T)
    assert matrix.pattern.nnz == entries.pattern.nnz
    assert matrix.pattern != BlockPattern(matrix.pattern.nodes, 2)


def test_products_with_blocks_differentiate_in_both_modes(matrix):
    x, y = vector(3), vector(4)

    def product(by, values, x):
        given = SparseMatrix(values, matrix.pattern)
        return y @ (given.by_entries if by == "entries" else given).mv(x)

    for by in (1, 2):
        blocks, entries = (
            jax.grad(product, by)(kind, matrix.values, x)
            for kind in ("blocks", "entries")
        )
        np.testing.assert_allclose(blocks, entries, atol=1e-12)
    along = jax.jvp(
        lambda v: product("blocks", v, x), (matrix.values,) * 1, (matrix.values,)
    )
    np.testing.assert_allclose(along[0], along[1], rtol=1e-13)


def test_a_batch_of_blocks_is_multiplied_like_each(matrix):
    scale = jnp.array([1.0, -2.0, 0.5])
    batch = scale[:, None] * matrix.values
    many = jax.vmap(lambda v, x: SparseMatrix(v, matrix.pattern).mv(x), (0, None))
    found = many(batch, vector(5))
    np.testing.assert_allclose(found, scale[:, None] * (matrix @ vector(5)), atol=1e-12)


@pytest.mark.parametrize(
    "solver",
    [DirectSolver(FactorCache()), MultigridCG(components=3), MultigridCG()],
    ids=["direct", "multigrid", "multigrid entry by entry"],
)
def test_solvers_take_blocks_and_differentiate(solver, matrix):
    rhs, dense = vector(6), matrix.to_scipy().toarray()
    solve = lambda values: solver.solve(SparseMatrix(values, matrix.pattern), rhs).value
    exact = np.linalg.solve(dense, rhs)
    np.testing.assert_allclose(solve(matrix.values), exact, rtol=0, atol=1e-11)
    # d(sum x) = -λ·dA x with Aᵀ λ = 1
    gradient = jax.grad(lambda v: jnp.sum(solve(v)))(matrix.values)
    adjoint = np.linalg.solve(dense.T, np.ones(len(dense)))
    whole = -np.outer(adjoint, exact).reshape(COMPONENTS, NODES, COMPONENTS, NODES)
    nodes = matrix.pattern.nodes
    expected = whole[:, nodes.rows, :, nodes.indices].ravel()
    np.testing.assert_allclose(gradient, expected, atol=1e-11)


def test_aggregates_are_packed_whatever_the_numbering():
    """On a cube of 27-point stencils the ideal is 27 nodes to an aggregate."""
    graph = grid_graph((18, 18, 18))
    shuffled = np.random.default_rng(7).permutation(graph.shape[0])
    for given in (graph, graph[shuffled][:, shuffled].tocsr()):
        member, count = aggregate(given)
        assert member.min() == 0 and member.max() == count - 1
        assert 20 <= graph.shape[0] / count <= 32


def test_nodes_without_neighbours_have_no_aggregate():
    graph = sp.block_diag([sp.eye(3), grid_graph((4, 4))]).tocsr()
    member, count = aggregate(graph)
    assert (member[:3] == -1).all() and (member[3:] >= 0).all() and count >= 1


def test_a_cycle_in_single_precision_solves_to_double(matrix):
    """Stiffness from 1e-20 to 1e20: the cycle sees residuals of size one only."""
    for size in (1e-20, 1.0, 1e20):
        scaled = SparseMatrix(size * matrix.values, matrix.pattern)
        found = eqx.filter_jit(MultigridCG(components=3).solve)(scaled, vector(8))
        left = np.linalg.norm(scaled @ found.value - vector(8))
        assert found.status == 0 and left <= 1e-11 * np.linalg.norm(vector(8))
