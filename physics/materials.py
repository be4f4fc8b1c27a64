"""Engineering materials: numbers at room temperature with their source.

Typical or characteristic values for first studies; a design uses those of its own
standard or supplier. Metals are polycrystalline and isotropic.
"""

import dataclasses

from .elastic import IsotropicElastic


@dataclasses.dataclass(frozen=True)
class MaterialData:
    """Properties of a named material near 20 °C; `None` where no source was sure.

    Args:
        name: designation.
        source: where the numbers come from.
        young_modulus: E [Pa].
        poisson_ratio: ν [-].
        density: ρ [kg m^-3].
        expansion: α [K^-1], mean linear coefficient, from 20 to 100 °C where the source
            says so.
        conductivity: k [W m^-1 K^-1].
        specific_heat: c [J kg^-1 K^-1].
        yield_strength: yield or 0.2 % proof stress [Pa].

    Example:
        >>> print(STEEL_S355.yield_strength / 1e6, "MPa")
        355.0 MPa
    """

    name: str
    source: str
    young_modulus: float
    poisson_ratio: float | None
    density: float
    expansion: float | None = None
    conductivity: float | None = None
    specific_heat: float | None = None
    yield_strength: float | None = None

    def elastic(self) -> IsotropicElastic:
        """The linear elastic material, with thermal expansion where it is known.

        Raises:
            ValueError: Poisson's ratio is not known.
        """
        if self.poisson_ratio is None:
            raise ValueError(
                f"poisson_ratio of {self.name} is not in its source; give "
                "IsotropicElastic(young_modulus, poisson_ratio) a value of your own."
            )
        return IsotropicElastic(
            self.young_modulus, self.poisson_ratio, self.expansion or 0.0
        )


_STEEL = {
    "young_modulus": 210e9,
    "poisson_ratio": 0.3,
    "density": 7850.0,
    "expansion": 12e-6,
    "conductivity": 53.3,
    "specific_heat": 440.0,
}
_STEEL_SOURCE = (
    "EN 1993-1-1:2005, 3.2.6 (elastic constants, expansion) and table 3.1 (yield, "
    "thickness up to 40 mm); EN 1993-1-2:2005, 3.2.2 (density) and 3.4.1 (thermal, at "
    "20 °C)"
)

STEEL_S235 = MaterialData(
    "structural steel S235", _STEEL_SOURCE, **_STEEL, yield_strength=235e6
)
"""Structural steel S235."""

STEEL_S355 = MaterialData(
    "structural steel S355", _STEEL_SOURCE, **_STEEL, yield_strength=355e6
)
"""Structural steel S355."""

STAINLESS_304 = MaterialData(
    "stainless steel 1.4301 (304)",
    "EN 10088-1:2005, annex E; EN 1993-1-4:2006, 2.1.3 (Poisson's ratio) and table 2.1 "
    "(yield, hot rolled plate)",
    young_modulus=200e9,
    poisson_ratio=0.3,
    density=7900.0,
    expansion=16e-6,
    conductivity=15.0,
    specific_heat=500.0,
    yield_strength=210e6,
)
"""Austenitic stainless steel 1.4301 (304)."""

ALUMINIUM_6061_T6 = MaterialData(
    "aluminium 6061-T6",
    "Aluminum Association, Aluminum Standards and Data, typical values; ASM Handbook "
    "volume 2 (1990) (Poisson's ratio, specific heat)",
    young_modulus=68.9e9,
    poisson_ratio=0.33,
    density=2700.0,
    expansion=23.6e-6,
    conductivity=167.0,
    specific_heat=896.0,
    yield_strength=276e6,
)
"""Aluminium alloy 6061-T6."""

ALUMINIUM_7075_T6 = MaterialData(
    "aluminium 7075-T6",
    "MIL-HDBK-5J (2003), 3.7.6 (elastic constants, density); Aluminum Association, "
    "Aluminum Standards and Data, typical values (conductivity, yield)",
    young_modulus=71.0e9,
    poisson_ratio=0.33,
    density=2796.0,
    conductivity=130.0,
    yield_strength=503e6,
)
"""Aluminium alloy 7075-T6."""

TITANIUM_6AL_4V = MaterialData(
    "titanium Ti-6Al-4V, annealed",
    "MIL-HDBK-5J (2003), 5.4.1 (elastic constants, density); ASTM B265, grade 5 "
    "(minimum yield); ASM data sheet of grade 5, annealed (thermal)",
    young_modulus=110e9,
    poisson_ratio=0.31,
    density=4430.0,
    expansion=8.6e-6,
    conductivity=6.7,
    specific_heat=526.0,
    yield_strength=828e6,
)
"""Titanium alloy Ti-6Al-4V (grade 5), annealed."""

COPPER = MaterialData(
    "copper, pure",
    "Kaye and Laby, Tables of Physical and Chemical Constants, 16th edition, 2.2.2 "
    "(elastic constants); Copper Development Association, fact sheet of 2001, table 5. "
    "Its yield depends on the temper.",
    young_modulus=129.8e9,
    poisson_ratio=0.343,
    density=8920.0,
    expansion=16.8e-6,
    conductivity=394.0,
    specific_heat=386.0,
)
"""Pure copper."""

PA12_SINTERED = MaterialData(
    "polyamide 12, laser sintered",
    "EOS, data sheet of PA 2200 (tensile modulus, ISO 527; density, EOS method)",
    young_modulus=1.65e9,
    poisson_ratio=None,
    density=930.0,
)
"""Polyamide 12 from selective laser sintering (PA 2200)."""

CONCRETE_C30 = MaterialData(
    "concrete C30/37",
    "EN 1992-1-1:2004, table 3.1 (secant modulus) and 3.1.3 (Poisson's ratio, "
    "expansion); fib Model Code 2010, 5.1.2 (density, plain); EN 1992-1-2:2004, 3.3 "
    "(thermal, upper limit of conductivity, dry, at 20 °C)",
    young_modulus=33e9,
    poisson_ratio=0.2,
    density=2400.0,
    expansion=10e-6,
    conductivity=1.95,
    specific_heat=900.0,
)
"""Normal-weight concrete C30/37, uncracked."""
