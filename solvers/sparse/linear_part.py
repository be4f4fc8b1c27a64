"""The linear functions within quadratic ones: what a node takes of its corners."""

from hashlib import blake2b

import numpy as np

from .pattern import SparsityPattern


class LinearPart:
    """Values at all nodes of a function that is linear between the corners of cells.

    The first coarse space for elements of second order: aggregates would merge corners
    and middles of edges, which belong to functions of unlike energy.

    A host object, equal and hashed by content.

    Attributes:
        corners: (corners,) the nodes that are corners, ascending.
        pattern: nodes by corners.
        weights: (entries of the pattern,) what a node takes of a corner.
    """

    def __init__(self, nodes: int, rows, corners, weights):
        """Store that node `rows[k]` takes `weights[k]` of the node `corners[k]`.

        Args:
            nodes: number of nodes.
            rows: (entries,) no pair with its corner twice.
            corners: (entries,) nodes.
            weights: (entries,).
        """
        self.corners, column = np.unique(corners, return_inverse=True)
        self.pattern, summed = SparsityPattern.from_coo(
            rows, column, (nodes, len(self.corners))
        )
        self.weights = np.asarray(weights, float)[summed.order]
        digest = blake2b(self.pattern.digest, digest_size=16)
        digest.update(self.corners.tobytes() + self.weights.tobytes())
        self.digest = digest.digest()

    def __hash__(self):
        return hash(self.digest)

    def __eq__(self, other):
        return isinstance(other, LinearPart) and self.digest == other.digest
