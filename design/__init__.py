"""The surrogate in the loop and the solver as judge.

`sweep` answers many designs with a certified surrogate and calls the solver where the
verdict or the interval asks for it; `optimize` finds a design on the surrogate and has
it re-solved before it is reported. `topology` lays out material in a solver's mesh.
Start with `sweep.py`.
May import: physics, solvers, datasets, surrogates.
"""

from .optimize import Limit as Limit
from .optimize import Optimum as Optimum
from .optimize import optimize as optimize
from .pareto import pareto_front as pareto_front
from .route import Route as Route
from .sweep import sweep as sweep
from .topology.compliance import compliance as compliance
from .topology.compliance import simp as simp
from .topology.cone_filter import DensityFilter as DensityFilter
from .topology.cone_filter import SensitivityFilter as SensitivityFilter
from .topology.layout import Layout as Layout
from .topology.moving_asymptotes import MovingAsymptotes as MovingAsymptotes
from .topology.optimality_criteria import OptimalityCriteria as OptimalityCriteria
from .topology.optimization import TopologyResult as TopologyResult
from .topology.optimization import minimize_compliance as minimize_compliance
from .topology.optimization import minimize_volume as minimize_volume
from .topology.overhang import Overhang as Overhang
from .topology.part import Part as Part
from .topology.part import measure_part as measure_part
from .topology.part import threshold as threshold
from .topology.part import write_part as write_part
from .topology.projection import Projection as Projection
from .topology.projection import projected as projected
from .topology.stress_limit import StressLimit as StressLimit
from .topology.temperature_limit import TemperatureLimit as TemperatureLimit
from .topology.ties import Extrusion as Extrusion
from .topology.ties import Mirror as Mirror
