"""Sparse matrices and linear solvers against SciPy, pyamg and finite differences."""

import resource

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse as sp
from jax.test_util import check_grads

from froude.solvers.sparse import (
    DirectSolver,
    FactorCache,
    Krylov,
    MultigridCG,
    SparseMatrix,
    SparsityPattern,
)
from froude.solvers.status import Status


def poisson(nodes, dimension):
    """Q1 Laplacian on the unit box, boundary rows and columns the identity."""
    second = np.full(nodes, 2.0)
    second[[0, -1]] = 1.0
    off = np.ones(nodes - 1)
    stiffness = sp.diags([-off, second, -off], [-1, 0, 1])
    mass = sp.diags([off / 6, second / 3, off / 6], [-1, 0, 1])
    matrix = sp.csr_matrix((nodes**dimension,) * 2)
    for axis in range(dimension):
        term = sp.eye(1)
        for other in range(dimension):
            term = sp.kron(term, stiffness if other == axis else mass)
        matrix = matrix + term
    matrix = matrix.tocsr()
    matrix.sort_indices()
    index = np.indices((nodes,) * dimension).reshape(dimension, -1)
    fixed = ((index == 0) | (index == nodes - 1)).any(axis=0)
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    outside = fixed[rows] | fixed[matrix.indices]
    matrix.data[outside] = 0.0
    matrix.data[outside & (rows == matrix.indices)] = 1.0
    rhs = np.where(fixed, 0.0, (nodes - 1.0) ** -dimension)
    return matrix, rhs


def with_values(values, matrix):
    return SparseMatrix(values, matrix.pattern)


def uneven():
    """A rectangular matrix with empty, short and full rows."""
    some = sp.random(120, 90, density=0.05, random_state=0)
    return sp.vstack([some, np.ones((1, 90)), sp.csr_matrix((3, 90))]).tocsr()


def test_products_agree_with_scipy_alone_and_batched():
    host = uneven()
    matrix = SparseMatrix.from_scipy(host)
    random = np.random.default_rng(0)
    values = random.random((3, host.nnz))
    x = random.random((3, 90))
    tables = (host.indices, host.indptr)
    expected = [
        sp.csr_matrix((v, *tables), host.shape) @ y
        for v, y in zip(values, x, strict=True)
    ]
    product = lambda v, y: with_values(v, matrix) @ y
    np.testing.assert_allclose(jax.vmap(product)(values, x), expected, rtol=1e-13)
    np.testing.assert_allclose(product(values[0], x[0]), expected[0], rtol=1e-13)
    shared = jax.vmap(product, (None, 0))(values[0], x)
    np.testing.assert_allclose(shared[0], expected[0], rtol=1e-13)
    assert abs(matrix.transpose.to_scipy() - host.T).max() == 0
    check_grads(product, (values[0], x[0]), 2, ("fwd", "rev"))
    check_grads(jax.vmap(product, (0, None)), (values, x[0]), 1, ("fwd", "rev"))


def test_assembly_sums_repeated_contributions():
    random = np.random.default_rng(1)
    rows, cols = random.integers(0, 20, 500), random.integers(0, 30, 500)
    pattern, assembly = SparsityPattern.from_coo(rows, cols, (20, 30))
    entries = random.random((2, 500))
    for batch in range(2):
        expected = sp.coo_matrix((entries[batch], (rows, cols)), (20, 30)).toarray()
        found = SparseMatrix(jax.vmap(assembly)(entries)[batch], pattern).to_scipy()
        np.testing.assert_allclose(found.toarray(), expected, rtol=1e-13)
    check_grads(jax.vmap(assembly), (entries,), 2, ("fwd", "rev"))


def test_patterns_are_equal_by_content():
    host = uneven()
    one, two = SparsityPattern.from_scipy(host), SparsityPattern.from_scipy(host)
    assert one == two and hash(one) == hash(two) and one is not two
    assert one != one.transpose[0]
    with pytest.raises(ValueError, match="increase within each row"):
        SparsityPattern([0, 2], [1, 1], (1, 2))
    with pytest.raises(ValueError, match="rhs"):
        DirectSolver().solve(SparseMatrix.from_scipy(sp.eye(3)), jnp.ones(4))


def test_direct_solver_factorises_once_per_matrix():
    host, rhs = poisson(9, 2)
    matrix = SparseMatrix.from_scipy(host)
    solver = DirectSolver(FactorCache())
    solve = lambda v, b: solver.solve(with_values(v, matrix), b).value
    loss = jax.jit(jax.value_and_grad(lambda v: jnp.sum(solve(v, rhs) ** 2)))
    jax.block_until_ready(loss(matrix.values))
    assert solver.cache.factorizations == 1
    cases = np.random.default_rng(0).random((32, rhs.size))
    found = jax.vmap(solve, (None, 0))(2 * matrix.values, cases)
    assert solver.cache.factorizations == 2
    np.testing.assert_allclose(2 * host @ found.T, cases.T, atol=1e-13)


def test_factors_that_are_forgotten_give_their_memory_back():
    host, rhs = poisson(15, 3)
    pattern = SparsityPattern.from_scipy(host)
    cache = FactorCache(max_factors=4)
    peaks = []
    for batch in range(30):
        scales = 1.0 + np.arange(4) + 4.0 * batch
        cache.solve(pattern, scales[:, None] * host.data, rhs[None], transposed=False)
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    assert cache.factorizations == 120
    assert peaks[-1] < 1.1 * peaks[4]


@pytest.mark.parametrize(
    "solver", [DirectSolver(), MultigridCG(tolerance=1e-13), Krylov(tolerance=1e-13)]
)
def test_solves_differentiate_in_both_modes(solver):
    host, rhs = poisson(17, 2)
    matrix = SparseMatrix.from_scipy(host)
    random = np.random.default_rng(0)
    change = random.standard_normal(host.shape[0])
    symmetric = sp.csr_matrix(host.multiply(change[:, None] * change))
    symmetric.sort_indices()
    direction = (jnp.asarray(symmetric.data), jnp.asarray(change))
    solve = jax.jit(lambda v, b: solver.solve(with_values(v, matrix), b).value)
    weight = jnp.asarray(random.standard_normal(rhs.size))
    primals = (matrix.values, jnp.asarray(rhs))
    _, tangent = jax.jvp(solve, primals, direction)
    _, pullback = jax.vjp(solve, *primals)
    paired = sum(
        jnp.vdot(a, b) for a, b in zip(pullback(weight), direction, strict=True)
    )
    assert abs(weight @ tangent - paired) < 1e-12 * jnp.linalg.norm(
        weight
    ) * jnp.linalg.norm(tangent)
    errors = []
    for step in 10.0 ** -np.arange(3, 11):
        pairs = list(zip(primals, direction, strict=True))
        ahead = solve(*(p + step * d for p, d in pairs))
        behind = solve(*(p - step * d for p, d in pairs))
        difference = (ahead - behind) / (2 * step)
        errors.append(jnp.linalg.norm(difference - tangent) / jnp.linalg.norm(tangent))
    assert min(errors) < 1e-8
    assert errors[0] > 10 * min(errors) and errors[-1] > 3 * min(errors)


@pytest.mark.parametrize("solver", [DirectSolver(FactorCache()), MultigridCG()])
def test_a_bad_member_leaves_the_others_right(solver):
    host, rhs = poisson(17, 2)
    matrix = SparseMatrix.from_scipy(host)
    values = np.array([1.0, 1.0, 2.0, 0.0])[:, None] * host.data
    values[1, 7] = np.nan
    solve = jax.jit(jax.vmap(lambda v: solver.solve(with_values(v, matrix), rhs)))
    found = solve(jnp.asarray(values))
    assert found.status[0] == found.status[2] == Status.OK
    assert found.status[1] == Status.NON_FINITE
    assert found.status[3] not in (Status.OK,)
    exact = sp.linalg.spsolve(host.tocsc(), rhs)
    np.testing.assert_allclose(found.value[0], exact, atol=1e-11)
    np.testing.assert_allclose(found.value[2], exact / 2, atol=1e-11)
    solve(jnp.asarray(values) * 3)
    assert solve._cache_size() == 1


@pytest.mark.parametrize("dimension, sizes", [(2, (33, 129)), (3, (9, 21))])
def test_multigrid_iterations_do_not_grow_with_the_mesh(dimension, sizes):
    steps = []
    for nodes in sizes:
        host, rhs = poisson(nodes, dimension)
        matrix = SparseMatrix.from_scipy(host)
        solver = MultigridCG(tolerance=1e-10)
        found = jax.jit(solver.solve)(matrix, jnp.asarray(rhs))
        residual = np.linalg.norm(host @ found.value - rhs) / np.linalg.norm(rhs)
        assert found.status == Status.OK and residual < 2e-10
        steps.append(int(found.steps))
    assert max(steps) <= 18


def test_multigrid_converges_like_pyamg():
    pyamg = pytest.importorskip("pyamg")
    host, rhs = poisson(65, 2)
    residuals = []
    oracle = pyamg.smoothed_aggregation_solver(host, max_coarse=200)
    oracle.solve(rhs, tol=1e-10, accel="cg", residuals=residuals)
    solver = MultigridCG(tolerance=1e-10)
    matrix = SparseMatrix.from_scipy(host)
    found = jax.jit(solver.solve)(matrix, jnp.asarray(rhs))
    assert found.steps <= 1.5 * len(residuals)


@pytest.mark.parametrize("size", [1.0, 1e-25, 1e25])
def test_single_precision_meets_its_tolerance(size):
    """The squares of the small and the large load are none in single precision."""
    host, rhs = poisson(33, 2)
    matrix = SparseMatrix.from_scipy(host.astype(np.float32))
    found = jax.jit(MultigridCG().solve)(matrix, jnp.asarray(size * rhs, jnp.float32))
    assert found.value.dtype == jnp.float32 and found.status == Status.OK
    value = np.asarray(found.value, float) / size
    assert np.linalg.norm(host @ value - rhs) / np.linalg.norm(rhs) < 1e-3


def elasticity(cells):
    """Q1 plane strain on a strip clamped at its left end; its rigid motions."""
    shape = (2 * cells + 1, cells + 1)
    index = np.arange(shape[0] * shape[1]).reshape(shape)
    element = [index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]]
    element = np.stack([corner.ravel() for corner in element], axis=1)
    signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    law = np.array([[4.0, 1.0, 0.0], [1.0, 4.0, 0.0], [0.0, 0.0, 1.5]])
    stiffness = np.zeros((8, 8))
    for point in signs / np.sqrt(3):
        slope = signs * (1 + signs[:, ::-1] * point[::-1]) / 4  # (corner, axis)
        strain = np.zeros((3, 8))
        strain[0, :4] = strain[2, 4:] = slope[:, 0]
        strain[1, 4:] = strain[2, :4] = slope[:, 1]
        stiffness += strain.T @ law @ strain
    dofs = np.concatenate([element, element + index.size], axis=1)
    rows, cols = np.broadcast_arrays(dofs[:, :, None], dofs[:, None])
    data = np.broadcast_to(stiffness, rows.shape)
    matrix = sp.csr_matrix((data.ravel(), (rows.ravel(), cols.ravel())))
    x, y = (np.indices(shape) / cells).reshape(2, -1)
    zero, one = np.zeros(index.size), np.ones(index.size)
    rigid = np.stack([np.r_[one, zero], np.r_[zero, one], np.r_[-y, x]], axis=1)
    assert abs(matrix @ rigid).max() < 1e-12
    free = sp.diags(np.tile(x > 0, 2).astype(float))
    matrix = (free @ matrix @ free + sp.eye(2 * index.size) - free).tocsr()
    matrix.sort_indices()
    return matrix, free @ np.r_[zero, one], rigid


def test_rigid_motions_make_multigrid_fit_elasticity():
    host, rhs, rigid = elasticity(20)
    matrix = SparseMatrix.from_scipy(host)
    steps = []
    for near_null in (None, jnp.asarray(rigid)):
        solver = MultigridCG(tolerance=1e-10, components=2, near_null=near_null)
        found = eqx.filter_jit(solver.solve)(matrix, jnp.asarray(rhs))
        residual = np.linalg.norm(host @ found.value - rhs) / np.linalg.norm(rhs)
        assert found.status == Status.OK and residual < 1e-8
        steps.append(int(found.steps))
    assert steps[1] < steps[0] and steps[1] <= 30


def test_multigrid_solves_bodies_of_any_stiffness():
    """Sizes that single precision cannot hold, beside rows of 1 that are eliminated."""
    host, rhs, rigid = elasticity(20)
    held = np.tile(rhs.reshape(2, -1)[1] == 0, 2)
    rhs = np.where(held, 0.3, rhs)
    rows = np.repeat(np.arange(rhs.size), np.diff(host.indptr))
    sizes = np.array([1.0, 1e37, 1e-40, 1e200, 1e-200])
    values = np.where(held[rows], host.data, sizes[:, None] * host.data)
    matrix = SparseMatrix.from_scipy(host)
    solver = MultigridCG(components=2, near_null=jnp.asarray(rigid))
    solve = lambda v: solver.solve(with_values(v, matrix), jnp.asarray(rhs))
    found = jax.jit(jax.vmap(solve))(jnp.asarray(values))
    assert found.status.tolist() == [Status.OK] * len(sizes)
    exact = sp.linalg.spsolve(host.tocsc(), rhs)
    for size, value in zip(sizes, found.value, strict=True):
        value = np.where(held, value, size * value)
        assert np.linalg.norm(value - exact) < 1e-8 * np.linalg.norm(exact)


def test_krylov_solves_unsymmetric_batches_with_a_preconditioner():
    laplacian, rhs = poisson(17, 2)
    drift = sp.diags([-0.4, 0.4], [-1, 1], laplacian.shape)
    host = (laplacian + drift + sp.eye(rhs.size)).tocsr()
    matrix = SparseMatrix.from_scipy(host)
    values = jnp.asarray([[1.0], [2.0], [jnp.nan]]) * matrix.values
    scale = jnp.asarray(1 / host.diagonal())
    solver = Krylov(tolerance=1e-12, preconditioner=lambda r: scale * r)
    solve = lambda v, b: solver.solve(with_values(v, matrix), b)
    found = jax.jit(jax.vmap(solve, (0, None)))(values, jnp.asarray(rhs))
    exact = sp.linalg.spsolve(host.tocsc(), rhs)
    assert found.status.tolist() == [Status.OK, Status.OK, Status.NON_FINITE]
    for member in range(2):
        error = np.linalg.norm(found.value[member] * (member + 1) - exact)
        assert error < 1e-9 * np.linalg.norm(exact)
    _, pullback = jax.vjp(lambda b: solve(matrix.values, b).value, jnp.asarray(rhs))
    expected = sp.linalg.spsolve(host.T.tocsc(), rhs)
    np.testing.assert_allclose(pullback(rhs)[0], expected, rtol=1e-7, atol=1e-10)


def sizes_in(jaxpr):
    """Sizes of all values that a program computes, at any depth."""
    for equation in jaxpr.eqns:
        yield from (v.aval.size for v in equation.outvars if hasattr(v.aval, "size"))
        for inner in jax.tree.leaves(
            list(equation.params.values()), is_leaf=lambda p: hasattr(p, "eqns")
        ):
            inner = getattr(inner, "jaxpr", inner)
            if hasattr(inner, "eqns"):
                yield from sizes_in(inner)


@pytest.mark.parametrize("solver", [DirectSolver(), MultigridCG(), Krylov()])
def test_no_solver_forms_a_dense_matrix(solver):
    host, rhs = poisson(49, 2)
    matrix = SparseMatrix.from_scipy(host)
    loss = lambda v, b: jnp.sum(solver.solve(with_values(v, matrix), b).value)
    program = jax.make_jaxpr(jax.grad(loss, (0, 1)))(matrix.values, jnp.asarray(rhs))
    sizes = list(sizes_in(program.jaxpr))
    assert host.nnz <= max(sizes) < rhs.size**2 / 10


def test_krylov_uses_the_preconditioner_of_its_operator():
    scale = jnp.logspace(0, 6, 200)

    class Scaled(eqx.Module):
        scale: jax.Array

        def mv(self, x):
            return self.scale * x + 0.1 * jnp.roll(x, 1)

        def precondition(self, x):
            return x / self.scale

    solver = Krylov(max_restarts=2)
    assert solver.solve(Scaled(scale), jnp.ones(200)).ok
    assert not solver.solve(Scaled(scale).mv, jnp.ones(200)).ok
