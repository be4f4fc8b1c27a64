"""Design spaces, samples of them, and sweeps of simulations kept on disk.

May import `physics` and `solvers`. The way through: a `DesignSpace` of `Variable`s;
samples by `sobol`, `latin_hypercube`, `factorial`, `from_csv` or `from_designs`;
`generate(simulate, samples, store)`, which can be killed and called again; and
`open_dataset(store)`. Start reading at `generate`.
"""

from .distribution import AbstractDistribution as AbstractDistribution
from .distribution import LogNormal as LogNormal
from .distribution import Normal as Normal
from .distribution import Uniform as Uniform
from .evaluate import evaluate as evaluate
from .executor import SpawnRunner as SpawnRunner
from .executor import TimeLimitExceeded as TimeLimitExceeded
from .executor import WorkerLost as WorkerLost
from .generate import SweepStopped as SweepStopped
from .generate import generate as generate
from .samples import factorial as factorial
from .samples import from_csv as from_csv
from .samples import from_designs as from_designs
from .samples import latin_hypercube as latin_hypercube
from .samples import sobol as sobol
from .samples import space_of as space_of
from .simulation import Simulation as Simulation
from .space import DesignSpace as DesignSpace
from .space import Scale as Scale
from .space import Variable as Variable
from .store import open_dataset as open_dataset
from .store import without_cost as without_cost
