"""Which unknowns linear equations eliminate, planned on the host.

Equations A u = b are solved for as many dependent unknowns, one for each equation:

    u_d = C u_i + c,   A_d C = -A_i,   A_d c = b.

Equations that share dependent unknowns, as in a chain, form a cluster whose A_d is
inverted as a whole. J. F. Abel and M. S. Shephard (1979), An algorithm for multipoint
constraints in finite element analysis, IJNME 14, 464, doi:10.1002/nme.1620140312.
"""

from collections.abc import Callable
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

_VANISHES = 1e-10
_ADMITTED = 0.1


class ClusterGroup(NamedTuple):
    """Clusters of the same size: n clusters of s equations over m other unknowns.

    Attributes:
        equations: (n, s) numbers of the equations.
        dependents: (n, s) unknown that each is solved for.
        others: (n, m) the other unknowns.
        square: entries of the equations that make up A_d, and where in (n, s, s).
        rest: entries that make up A_i, and where in (n, s, m).
    """

    equations: np.ndarray
    dependents: np.ndarray
    others: np.ndarray
    square: tuple[np.ndarray, np.ndarray]
    rest: tuple[np.ndarray, np.ndarray]


class Elimination:
    """The plan for one set of equations; a host object, equal and hashed by content.

    Attributes:
        size: number of all unknowns.
        groups: the clusters.
        equations: (equations,) in the order of the groups.
        dependents: (equations,) unknown of each of them.
        rows: (entries of C,) position in `dependents`.
        columns: (entries of C,) unknown.
        loose: (entries of C,) whether that unknown is free.
    """

    def __init__(
        self,
        equations: np.ndarray,
        unknowns: np.ndarray,
        numbers: np.ndarray,
        held: np.ndarray,
        refuse: Callable[[int, str], Exception],
    ):
        """Choose the dependent unknowns.

        An equation is solved for its first unknown that is not held, is not eliminated
        already and has a coefficient that is not small.

        Args:
            equations: (entries,) number of the equation.
            unknowns: (entries,).
            numbers: (entries,) coefficients, or any numbers where they are traced.
            held: (unknowns,) bool, what essential conditions prescribe.
            refuse: makes the error of an equation from its number and a reason.

        Raises:
            Exception: an equation that others imply or contradict.
        """
        self.size = held.size
        pivots = _pivots(equations, unknowns, numbers, held, refuse)
        owner = np.full(self.size, -1)
        owner[pivots] = np.arange(len(pivots))
        self.groups = _groups(equations, unknowns, pivots, owner)
        flat = lambda each: np.concatenate([np.zeros(0, int), *each])
        self.equations = flat(g.equations.ravel() for g in self.groups)
        self.dependents = flat(g.dependents.ravel() for g in self.groups)
        rows, columns, first = [], [], 0
        for group in self.groups:
            (n, s), m = group.equations.shape, group.others.shape[1]
            rows.append(first + np.repeat(np.arange(n * s), m))
            columns.append(np.repeat(group.others, s, axis=0).ravel())
            first += n * s
        self.rows, self.columns = flat(rows), flat(columns)
        self.loose = ~held[self.columns]
        digest = blake2b(repr(self.size).encode(), digest_size=16)
        for group in self.groups:
            arrays = (*group[:3], *group.square, *group.rest)
            digest.update(repr([a.shape for a in arrays]).encode())
            for array in arrays:
                digest.update(np.ascontiguousarray(array, np.int64).tobytes())
        digest.update(self.loose.tobytes())
        self.digest = digest.digest()

    def without_dependents(self, free: np.ndarray) -> np.ndarray:
        """A mask of free unknowns with the dependent ones taken out."""
        free = free.copy()
        free.ravel()[self.dependents] = False
        return free

    def __hash__(self):
        return hash(self.digest)

    def __eq__(self, other):
        return isinstance(other, Elimination) and self.digest == other.digest


def _pivots(equations, unknowns, numbers, held, refuse) -> np.ndarray:
    """The unknown of each equation, by elimination of one after the other."""
    rows: list[dict[int, float]] = [{} for _ in range(equations.max(initial=-1) + 1)]
    sizes = np.zeros(len(rows))
    np.maximum.at(sizes, equations, np.abs(numbers))
    loose = ~held[unknowns]
    entries = (equations[loose], unknowns[loose], numbers[loose])
    for equation, unknown, number in zip(*(e.tolist() for e in entries), strict=True):
        row = rows[equation]
        row[unknown] = row.get(unknown, 0.0) + number
    owner: dict[int, int] = {}
    for equation, row in enumerate(rows):
        if not row:
            raise refuse(
                equation,
                "ties only unknowns that are held; delete it, or the condition that "
                "holds one of them",
            )
        # an equation holds the unknowns of later ones only
        while known := [owner[u] for u in row if u in owner]:
            first = min(known)
            unknown = next(iter(rows[first]))
            factor = row.pop(unknown)
            for other, number in list(rows[first].items())[1:]:
                row[other] = row.get(other, 0.0) - factor * number
        largest = max(map(abs, row.values()), default=0.0)
        if not largest > _VANISHES * sizes[equation]:
            raise refuse(
                equation,
                "follows from the others or contradicts them, or has only zeros; "
                "delete it",
            )
        chosen = next(u for u, v in row.items() if abs(v) >= _ADMITTED * largest)
        pivot = row.pop(chosen)
        rows[equation] = {chosen: 1.0} | {u: v / pivot for u, v in row.items()}
        owner[chosen] = equation
    return np.fromiter(owner, int, len(owner))


def _groups(equations, unknowns, pivots, owner) -> tuple[ClusterGroup, ...]:
    count = len(pivots)
    cluster = _clusters(equations, owner[unknowns], count)
    order = np.argsort(cluster, kind="stable")
    sizes = np.bincount(cluster)
    place = np.empty(count, int)
    place[order] = np.arange(count) - (np.cumsum(sizes) - sizes)[cluster[order]]
    inside = owner[unknowns] >= 0
    pair = cluster[equations[~inside]] * len(owner) + unknowns[~inside]
    pairs, at = np.unique(pair, return_inverse=True)
    of_pair, other = np.divmod(pairs, len(owner))
    widths = np.bincount(of_pair, minlength=len(sizes))
    column = np.empty(len(equations), int)
    column[inside] = place[owner[unknowns[inside]]]
    column[~inside] = at - (np.cumsum(widths) - widths)[of_pair[at]]
    groups = []
    for s, m in np.unique(np.stack([sizes, widths], 1), axis=0).tolist():
        members = np.flatnonzero((sizes == s) & (widths == m))
        number = np.full(len(sizes), -1)
        number[members] = np.arange(len(members))
        mine = number[cluster[order]] >= 0
        rows = order[mine].reshape(-1, s)
        row = number[cluster[equations]] * s + place[equations]
        chosen = number[cluster[equations]] >= 0
        square = np.flatnonzero(chosen & inside)
        rest = np.flatnonzero(chosen & ~inside)
        groups.append(
            ClusterGroup(
                rows,
                pivots[rows],
                other[number[of_pair] >= 0].reshape(len(members), m),
                (square, row[square] * s + column[square]),
                (rest, row[rest] * m + column[rest]),
            )
        )
    return tuple(groups)


def _clusters(equations, owners, count) -> np.ndarray:
    """Cluster of every equation: those linked by an unknown that one is solved for."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    linked = owners >= 0
    ends = equations[linked], owners[linked]
    graph = coo_matrix((np.ones(len(ends[0])), ends), (count, count))
    return connected_components(graph, directed=False)[1]
