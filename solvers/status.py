"""How one member of a batch ended: a code in the data, never an exception."""

import enum


class Status(enum.IntEnum):
    """Result code of one solve or one sample, stored as int8.

    In a data set the codes are the CF `flag_values` and the lower-case names the
    `flag_meanings`. `message` is the sentence a user reads.
    """

    OK = 0
    NOT_CONVERGED = 1
    NON_FINITE = 2
    PRECISION = 3
    INFEASIBLE = 4
    ERROR = 5
    TIMEOUT = 6
    LOST = 7
    OUT_OF_DOMAIN = 8
    PENDING = 9
    SINGULAR = 10

    @property
    def message(self) -> str:
        """One sentence: what happened and what to try."""
        return _MESSAGES[self]


_MESSAGES = {
    Status.OK: "Solved.",
    Status.NOT_CONVERGED: (
        "The iteration stopped before its tolerance: allow more steps, start from a "
        "better guess, or take smaller time steps."
    ),
    Status.NON_FINITE: (
        "A residual became infinite or not a number: check the parameters and the "
        "initial state, or take smaller time steps."
    ),
    Status.PRECISION: (
        "Round-off stopped the iteration above its tolerance: compute in float64 with "
        "jax.config.update('jax_enable_x64', True)."
    ),
    Status.INFEASIBLE: "The design breaks a constraint, so nothing was solved.",
    Status.ERROR: "The simulation raised an exception; its text is recorded.",
    Status.TIMEOUT: "The simulation was ended at its time limit.",
    Status.LOST: "The process that ran the simulation died.",
    Status.OUT_OF_DOMAIN: "The design lies outside the domain of the surrogate.",
    Status.PENDING: "Not run yet.",
    Status.SINGULAR: (
        "Nothing fixes the level of the solution, because no flux or source depends on "
        "it: give a Dirichlet, Robin or Radiation condition somewhere. In a solid a "
        "rigid motion is free: support it (free_motions names which)."
    ),
}
