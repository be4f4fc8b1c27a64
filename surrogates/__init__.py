"""Learned stand-ins for a solver that say how far they can be believed.

`fit` trains an ensemble on a data set, `fit_baseline` the kernel ridge regression it
must beat; `certify` measures either on held-out runs and gives it intervals and a
domain guard; `Surrogate.predict` answers with value, interval and verdict; `save` and
`load` keep it in one file. `NeuralOperator` marches states in time.

May import `datasets`, `solvers` and `physics`. Flax is used in `networks/` only.
"""

