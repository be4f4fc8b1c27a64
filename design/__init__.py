"""The surrogate in the loop and the solver as judge.

`sweep` answers many designs with a certified surrogate and calls the solver where the
verdict or the interval asks for it; `optimize` finds a design on the surrogate and has
it re-solved before it is reported. Start with `sweep.py`.
May import: physics, solvers, datasets, surrogates.
"""

from .optimize import Limit as Limit
from .optimize import Optimum as Optimum
from .optimize import optimize as optimize
from .pareto import pareto_front as pareto_front
from .route import Route as Route
from .sweep import sweep as sweep
