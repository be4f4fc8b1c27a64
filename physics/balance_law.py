"""Balance laws at a point: d storage/dt + div flux = source."""

import abc
import dataclasses

import equinox as eqx
from jaxtyping import Array, Float


@dataclasses.dataclass(frozen=True)
class Component:
    """One unknown of a law, as it appears in data sets.

    Args:
        name: identifier, for example `"temperature"`.
        unit: SI unit string, for example `"K"`.
        long_name: description for plots and metadata.
    """

    name: str
    unit: str
    long_name: str


class AbstractBalanceLaw(eqx.Module):
    """A partial differential equation in conservative form, one point at a time.

    Fields of a law are its physical parameters, all of them array leaves. The three
    methods see values at a point and know no mesh, stencil or network:

        d storage(t, x, u) / dt + div flux(t, x, u, grad u) = source(t, x, u, grad u)

    Shapes at a point: `t` (), `x` (dim,), `u` (components,), `grad_u` and `flux`
    (components, dim), `storage` and `source` (components,). A component whose storage
    is zero is a constraint.
    """

    @property
    @abc.abstractmethod
    def components(self) -> tuple[Component, ...]:
        """Names, units and long names of the unknowns, in order."""

    @abc.abstractmethod
    def storage(
        self, t: Array, x: Float[Array, " dim"], u: Float[Array, " components"]
    ) -> Float[Array, " components"]:
        """Amount stored per volume [storage unit m^-dim]."""

    @abc.abstractmethod
    def flux(
        self,
        t: Array,
        x: Float[Array, " dim"],
        u: Float[Array, " components"],
        grad_u: Float[Array, "components dim"],
    ) -> Float[Array, "components dim"]:
        """Amount crossing a unit area per second, by direction."""

    @abc.abstractmethod
    def source(
        self,
        t: Array,
        x: Float[Array, " dim"],
        u: Float[Array, " components"],
        grad_u: Float[Array, "components dim"],
    ) -> Float[Array, " components"]:
        """Amount made per volume and second."""


class AbstractHyperbolicLaw(AbstractBalanceLaw):
    """A balance law with finite wave speed, which upwind schemes need."""

    @abc.abstractmethod
    def max_wave_speed(
        self,
        t: Array,
        x: Float[Array, " dim"],
        u: Float[Array, " components"],
        normal: Float[Array, " dim"],
    ) -> Array:
        """Largest |eigenvalue| of d(flux·normal)/d(storage) [m s^-1], shape ()."""
