"""Element formulations: how the unknowns of a cell reach the law, and come back.

The displacement formulation hands the gradient of the shape functions to the law. Its
elements of first order lock in bending and where volume is kept; the others replace
parts of the gradient, on the trial and the test side alike, so that tangents of an
elastic solid stay symmetric.
"""

import abc

import equinox as eqx
from jaxtyping import Array, Float

from ...physics import AbstractBalanceLaw
from ..cells import Degree, ReferenceCell
from .cell_density import at_every_point
from .geometry import CellGeometry

_REDUCED: dict[str, Degree] = {"S2": 3, "W1": (1, 3), "W2": (2, 5)}
"""Degree of the reduced rule of each family; in the triangle and along the axis."""


class AbstractFormulation(eqx.Module):
    """What a cell makes of its nodal values.

    `u` is (quadrature, components, cells) and `grad_u` (quadrature, components, dim,
    cells) as the shape functions give them, on the quadrature of `degree`.
    """

    @abc.abstractmethod
    def check(self, law: AbstractBalanceLaw, cell: ReferenceCell) -> None:
        """Refuse a law or cell that the formulation is not made for.

        Raises:
            TypeError: the law.
            ValueError: the cell.
        """

    @abc.abstractmethod
    def degree(self, cell: ReferenceCell) -> Degree:
        """Degree of the quadrature of source and flux; `None` for that of the mass."""

    @abc.abstractmethod
    def supply(
        self,
        law: AbstractBalanceLaw,
        cell: ReferenceCell,
        t: Array,
        geometry: CellGeometry,
        u: Float[Array, "quadrature components cells"],
        grad_u: Float[Array, "quadrature components dim cells"],
    ) -> tuple[Array, Array]:
        """Source (quadrature, components, cells) to be tested with the shape functions
        and flux (quadrature, components, dim, cells) with their gradients."""

    @abc.abstractmethod
    def deformation(
        self,
        law: AbstractBalanceLaw,
        cell: ReferenceCell,
        t: Array,
        geometry: CellGeometry,
        u: Float[Array, "quadrature components cells"],
        grad_u: Float[Array, "quadrature components dim cells"],
    ) -> Float[Array, "quadrature 3 3 cells"]:
        """Displacement gradient [-] that the material of a solid sees."""


class AbstractPointwiseFormulation(AbstractFormulation):
    """A formulation whose quadrature points do not know of each other."""


class Displacement(AbstractPointwiseFormulation):
    """The gradient of the shape functions, integrated as the mass is."""

    def check(self, law, cell):
        pass

    def degree(self, cell):
        return None

    def supply(self, law, cell, t, geometry, u, grad_u):
        return pointwise_supply(law, t, geometry, u, grad_u)

    def deformation(self, law, cell, t, geometry, u, grad_u):
        return pointwise_deformation(law, t, geometry, u, grad_u)


class ReducedIntegration(AbstractPointwiseFormulation):
    """Two quadrature points per direction on serendipity cells: CPS8R, C3D20R; on
    wedges the two and nine points of C3D6 and C3D15.

    Softer in bending and near incompressibility than full integration. The modes that
    the points do not see (one in two dimensions, six in three) cannot spread from cell
    to cell, so a mesh of several cells is stable; nor can the one of C3D6, torsion.
    Other cells of first order and Q2 would need hourglass stabilisation and are
    refused. The mass stays fully integrated.

    Reference:
        O. C. Zienkiewicz, R. L. Taylor and J. M. Too (1971), Reduced integration
        technique in general analysis of plates and shells, IJNME 3, 275.
    """

    def check(self, law, cell):
        if cell.element not in _REDUCED:
            raise ValueError(
                f"formulation = ReducedIntegration() needs serendipity cells (S2) or "
                f"wedges, not {cell.name}: fewer points would leave hourglass modes "
                "free there. "
                "Use IncompatibleModes or MeanDilatation on quadrilaterals and "
                "hexahedra of first order, or UniformStrain on the latter."
            )

    def degree(self, cell):
        return _REDUCED[cell.element]

    def supply(self, law, cell, t, geometry, u, grad_u):
        return pointwise_supply(law, t, geometry, u, grad_u)

    def deformation(self, law, cell, t, geometry, u, grad_u):
        return pointwise_deformation(law, t, geometry, u, grad_u)


def pointwise_supply(law, t, geometry, u, grad_u):
    """Source and flux of a law at every quadrature point."""

    def at_point(law, x, u, grad_u):
        return law.source(t, x, u, grad_u), law.flux(t, x, u, grad_u)

    return at_every_point(at_point, law)(geometry.x, u, grad_u)


def pointwise_deformation(law, t, geometry, u, grad_u):
    """Displacement gradient of a solid at every quadrature point."""
    at_point = lambda law, x, u, grad_u: law.deformation(t, x, u, grad_u)
    return at_every_point(at_point, law)(geometry.x, u, grad_u)


def stress_at(law, t, geometry, deformed):
    """Stress [Pa] of a solid whose material sees displacement gradients (3, 3)."""
    at_point = lambda law, x, h: law.material.stress(h, law.temperature_at(t, x))
    return at_every_point(at_point, law)(geometry.x, deformed)
