"""Where to put material: layouts that are stiff for their weight.

`minimize_compliance` finds densities cell by cell; `threshold` turns them into a part
of solid cells and measures that again. `layout.py` says how a design becomes densities
(filter, projection, printability, fixed regions), `compliance.py` what is minimised,
`optimality_criteria.py` and `moving_asymptotes.py` how. Start with `optimization.py`.
May import: physics, solvers, SciPy on the host.

M. P. Bendsøe and O. Sigmund, Topology Optimization (2003).
"""

from .compliance import compliance as compliance
from .compliance import simp as simp
from .cone_filter import DensityFilter as DensityFilter
from .cone_filter import SensitivityFilter as SensitivityFilter
from .layout import Layout as Layout
from .moving_asymptotes import MovingAsymptotes as MovingAsymptotes
from .optimality_criteria import OptimalityCriteria as OptimalityCriteria
from .optimization import TopologyResult as TopologyResult
from .optimization import minimize_compliance as minimize_compliance
from .optimization import minimize_volume as minimize_volume
from .overhang import Overhang as Overhang
from .part import Part as Part
from .part import measure_part as measure_part
from .part import threshold as threshold
from .part import write_part as write_part
from .projection import Projection as Projection
from .projection import projected as projected
from .stress_limit import StressLimit as StressLimit
from .temperature_limit import TemperatureLimit as TemperatureLimit
from .ties import Extrusion as Extrusion
from .ties import Mirror as Mirror
