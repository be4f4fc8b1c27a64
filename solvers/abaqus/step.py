"""Steps of a deck: procedures, supports, loads and their amplitudes.

A target is the name of a set, or the number of one node or element. Degrees of freedom
are 1 to 3 (displacement), 4 to 6 (rotation of a reference node), 11 (temperature).
"""

import dataclasses

import numpy as np

from .record import AbstractRecord, place_field


@dataclasses.dataclass(frozen=True, eq=False)
class Amplitude(AbstractRecord):
    """A factor over time, linear between its points, constant outside.

    Args:
        times: [s], (points,).
        values: (points,).
        total_time: time since the first step, not since the start of the step.
    """

    name: str
    times: np.ndarray
    values: np.ndarray
    total_time: bool = False


@dataclasses.dataclass(frozen=True)
class InitialTemperature:
    """A temperature before the first step.

    Args:
        target: node set or node.
        value: [K], or in the scale of the deck.
        place: file and line in the deck, for messages.
    """

    target: str | int
    value: float
    place: str = place_field()


@dataclasses.dataclass(frozen=True)
class Boundary:
    """Prescribed degrees of freedom.

    Args:
        target: node set or node.
        first: first degree of freedom.
        last: last degree of freedom.
        value: displacement [m], rotation [rad] or temperature.
        amplitude: name of its course in time.
        place: file and line in the deck, for messages.
    """

    target: str | int
    first: int
    last: int
    value: float = 0.0
    amplitude: str | None = None
    place: str = place_field()


@dataclasses.dataclass(frozen=True)
class NodeLoad:
    """A force, moment or heat flow at each node of a target.

    Args:
        target: node set or node.
        dof: 1 to 3 force [N], 4 to 6 moment [N m], 11 heat flow [W].
        value: at every node of the set.
        amplitude: name of its course in time.
        place: file and line in the deck, for messages.
    """

    target: str | int
    dof: int
    value: float
    amplitude: str | None = None
    place: str = place_field()


@dataclasses.dataclass(frozen=True)
class ElementLoad:
    """A load on faces or volumes of elements.

    Args:
        target: element set or element.
        label: `"P1"` ... pressure on S1 ... [Pa]; `"BX"`, `"BY"`, `"BZ"` force per
            volume [N/m^3]; `"GRAV"` acceleration [m/s^2]; `"CENTRIF"` square of the
            angular velocity [rad^2/s^2]; `"S1"` ... heat flux into the body [W/m^2];
            `"BF"` heat source [W/m^3].
        magnitude: in the unit of the label.
        vector: direction of GRAV (3 numbers); for CENTRIF a point of the axis [m] and
            its direction (6 numbers); otherwise empty.
        amplitude: name of its course in time.
        place: file and line in the deck, for messages.
    """

    target: str | int
    label: str
    magnitude: float
    vector: tuple[float, ...] = ()
    amplitude: str | None = None
    place: str = place_field()


@dataclasses.dataclass(frozen=True)
class SurfacePressure:
    """A pressure on a surface.

    Args:
        surface: name of an element surface.
        magnitude: [Pa], positive into the body.
        amplitude: name of its course in time.
        place: file and line in the deck, for messages.
    """

    surface: str
    magnitude: float
    amplitude: str | None = None
    place: str = place_field()


@dataclasses.dataclass(frozen=True)
class Temperature:
    """A given temperature in a mechanical step.

    Args:
        target: node set or node.
        value: [K], or in the scale of the deck.
        amplitude: name of its course in time.
        place: file and line in the deck, for messages.
    """

    target: str | int
    value: float
    amplitude: str | None = None
    place: str = place_field()


@dataclasses.dataclass(frozen=True)
class Film:
    """Convection at faces of elements: flux out = coefficient (T - sink).

    Args:
        target: element set or element.
        face: 1 for S1, 2 for S2, ...
        sink: temperature of the surroundings.
        coefficient: [W/(m^2 K)].
        amplitude: name of the course of the sink temperature.
        film_amplitude: name of the course of the coefficient.
        place: file and line in the deck, for messages.
    """

    target: str | int
    face: int
    sink: float
    coefficient: float
    amplitude: str | None = None
    film_amplitude: str | None = None
    place: str = place_field()


@dataclasses.dataclass(frozen=True)
class Increments:
    """Time increments [s]; None where the deck leaves the choice to the solver.

    Args:
        first: first increment.
        period: duration of the step.
        smallest: smallest increment.
        largest: largest increment.
        fixed: every increment is the first one (DIRECT).
    """

    first: float | None = None
    period: float | None = None
    smallest: float | None = None
    largest: float | None = None
    fixed: bool = False


@dataclasses.dataclass(frozen=True)
class Static:
    """Equilibrium (*STATIC)."""

    increments: Increments = Increments()


@dataclasses.dataclass(frozen=True)
class Frequency:
    """Natural frequencies (*FREQUENCY).

    Args:
        count: number of modes, None for all in the range.
        lowest: lower bound [Hz].
        highest: upper bound [Hz].
    """

    count: int | None
    lowest: float | None = None
    highest: float | None = None


@dataclasses.dataclass(frozen=True)
class Dynamic:
    """Implicit dynamics (*DYNAMIC).

    Args:
        alpha: numerical damping of the Hilber-Hughes-Taylor method, -1/3 to 0.
    """

    increments: Increments = Increments()
    alpha: float | None = None


@dataclasses.dataclass(frozen=True)
class HeatTransfer:
    """Conduction of heat (*HEAT TRANSFER)."""

    increments: Increments = Increments()
    steady: bool = False


@dataclasses.dataclass(frozen=True)
class Step:
    """One step.

    Args:
        procedure: what is computed.
        nonlinear_geometry: large deformation; stays on in later general steps.
        perturbation: linear, about the state after the step before.
        ramp: loads without amplitude grow linearly (True) or act at once (False);
            None is the default of the procedure.
        increment_limit: largest number of increments.
        renewed: keywords whose earlier entries end with this step (OP=NEW).
        place: file and line in the deck, for messages.
    """

    procedure: Static | Frequency | Dynamic | HeatTransfer
    name: str = ""
    nonlinear_geometry: bool = False
    perturbation: bool = False
    ramp: bool | None = None
    increment_limit: int | None = None
    boundaries: tuple[Boundary, ...] = ()
    node_loads: tuple[NodeLoad, ...] = ()
    element_loads: tuple[ElementLoad, ...] = ()
    surface_pressures: tuple[SurfacePressure, ...] = ()
    temperatures: tuple[Temperature, ...] = ()
    node_fluxes: tuple[NodeLoad, ...] = ()
    element_fluxes: tuple[ElementLoad, ...] = ()
    films: tuple[Film, ...] = ()
    renewed: tuple[str, ...] = ()
    place: str = place_field()
