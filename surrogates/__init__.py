"""Learned stand-ins for a solver that say how far they can be believed.

`fit` trains an ensemble on a data set, `fit_baseline` the kernel ridge regression it
must beat; `certify` measures either on held-out runs and gives it intervals and a
domain guard; `Surrogate.predict` answers with value, interval and verdict; `save` and
`load` keep it in one file. `NeuralOperator` marches states in time.

May import `datasets`, `solvers` and `physics`. Flax is used in `networks/` only.
"""

from .baselines import KernelRidge as KernelRidge
from .baselines import fit_kernel_ridge as fit_kernel_ridge
from .baselines import leave_one_out as leave_one_out
from .certify import certify as certify
from .conformal import conformal_quantile as conformal_quantile
from .conformal import conformal_rank as conformal_rank
from .conformal import coverage_law as coverage_law
from .conformal import covered_bounds as covered_bounds
from .conformal import covered_law as covered_law
from .fit import fit as fit
from .fit import fit_baseline as fit_baseline
from .guard import Density as Density
from .guard import Guard as Guard
from .guard import area_under_curve as area_under_curve
from .heads import FieldHead as FieldHead
from .heads import Output as Output
from .heads import QuantityHead as QuantityHead
from .heads import Scaling as Scaling
from .levenberg_marquardt import LeastSquaresFit as LeastSquaresFit
from .levenberg_marquardt import Rows as Rows
from .levenberg_marquardt import levenberg_marquardt as levenberg_marquardt
from .model_file import load as load
from .model_file import save as save
from .networks import FNO as FNO
from .networks import MLP as MLP
from .networks import DeepONet as DeepONet
from .networks import PODBasis as PODBasis
from .networks import PODDeepONet as PODDeepONet
from .operator import NeuralOperator as NeuralOperator
from .operator import fit_operator as fit_operator
from .operator import relative_residual as relative_residual
from .operator import residual_floor as residual_floor
from .operator import time_residual as time_residual
from .pinn import PINN as PINN
from .pinn import PINNFit as PINNFit
from .pinn import fit_pinn as fit_pinn
from .regressor import AbstractRegressor as AbstractRegressor
from .regressor import Ensemble as Ensemble
from .report import Accuracy as Accuracy
from .report import Report as Report
from .surrogate import Calibration as Calibration
from .surrogate import Reason as Reason
from .surrogate import Surrogate as Surrogate
from .surrogate import Verdict as Verdict
from .training import train as train
