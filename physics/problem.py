"""A problem: law, domain, conditions by boundary name, initial state, interval."""

from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from .axisymmetric import PerRadian, is_per_radian
from .balance_law import AbstractBalanceLaw
from .boundary import AbstractBoundaryCondition, AbstractNaturalCondition, acts_on
from .domain import AbstractDomain
from .follower import AbstractFollowerLoad
from .incompressible import AbstractIncompressible
from .parameter import as_function, as_parameter
from .plane_stress import PlaneStress

Conditions = dict[str, tuple[AbstractBoundaryCondition, ...]]


def _as_conditions(given: Mapping[str, Any]) -> Conditions:
    return {
        name: tuple(held) if isinstance(held, tuple | list) else (held,)
        for name, held in given.items()
    }


class Problem(eqx.Module):
    """Everything that defines a solution and nothing numerical.

    A problem is a pytree: `jax.vmap` over its leaves is a design sweep and `jax.grad`
    over them a design sensitivity.

    Args:
        law: the balance law.
        domain: geometry with named boundary parts.
        conditions: for each boundary name a condition or a tuple of them.
        initial: u at the start, number or callable pytree of x with values
            (components,); `None` for a steady problem.
        interval: start and end time [s]; `None` for a steady problem.

    Raises:
        ValueError: boundary names that do not match the domain, two conditions that
            contradict each other, or an interval that is not increasing.
    """

    law: AbstractBalanceLaw
    domain: AbstractDomain
    conditions: Conditions = eqx.field(converter=_as_conditions, default_factory=dict)
    initial: Callable[[Float[Array, " dim"]], Array] | None = eqx.field(
        converter=lambda v: None if v is None else as_function(v, "initial", ("x",)),
        default=None,
    )
    interval: Float[Array, " 2"] | None = eqx.field(
        converter=lambda v: None if v is None else as_parameter(v, "interval"),
        default=None,
    )

    def __check_init__(self) -> None:
        expected, given = set(self.domain.boundary_names), set(self.conditions)
        if expected != given:
            raise ValueError(
                f"conditions: no condition for {sorted(expected - given)}, unknown "
                f"boundary {sorted(given - expected)}; the domain has "
                f"{self.domain.boundary_names}."
            )
        for name, conditions in self.conditions.items():
            _check_conditions(self.law, name, conditions)
        interval = self.interval
        if interval is not None and not isinstance(interval, Tracer):
            start_end = np.asarray(interval)
            if start_end.shape != (2,) or not start_end[0] < start_end[1]:
                raise ValueError(
                    f"interval = {start_end} must be (start, end) with start < end."
                )


def _check_follower(law: Any, name: str, condition: Any) -> None:
    if not isinstance(condition, AbstractFollowerLoad):
        return
    if is_per_radian(law) or isinstance(law, PlaneStress):
        raise ValueError(
            f"conditions[{name!r}] holds a {type(condition).__name__}, which does not "
            f"know how the surface of a {type(law).__name__} stretches out of the "
            "plane; use Solid or PlaneStrain, or a Pressure where strains are small."
        )


def _check_conditions(
    law: AbstractBalanceLaw, name: str, conditions: tuple[Any, ...]
) -> None:
    covered = np.zeros(len(law.components), bool)
    alone = covered.copy()
    for condition in conditions:
        if not isinstance(condition, AbstractBoundaryCondition):
            raise TypeError(
                f"conditions[{name!r}] holds {condition!r}, which is no boundary "
                "condition; use one such as Dirichlet, NormalFlux, Robin or Traction."
            )
        mask = acts_on(condition, law)
        _check_follower(law, name, condition)
        adds = isinstance(condition, AbstractNaturalCondition | AbstractFollowerLoad)
        if adds and is_per_radian(law) and not isinstance(condition, PerRadian):
            raise ValueError(
                f"conditions[{name!r}] holds a {type(condition).__name__}, but the "
                "fluxes of an axisymmetric solid are per radian; write "
                f"PerRadian({type(condition).__name__}(...)), which multiplies it by "
                "the radius."
            )
        if np.any(mask & (alone if adds else covered)):
            kinds = " and ".join(type(other).__name__ for other in conditions)
            raise ValueError(
                f"conditions[{name!r}] = {kinds} prescribes one component twice; only "
                "fluxes add up (NormalFlux, Robin, Traction), any other condition "
                "stands alone on its component."
            )
        covered |= mask
        if not adds:
            alone |= mask
    if isinstance(law, AbstractIncompressible):
        covered[-1] = True  # the flux of the pressure row is zero everywhere
    if not covered.all():
        missing = [
            component.name
            for component, ok in zip(law.components, covered, strict=True)
            if not ok
        ]
        raise ValueError(f"conditions[{name!r}] leaves {missing} without a condition.")
