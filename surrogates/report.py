"""What certification measured, as a table for people and a dict for files."""

import dataclasses
import math
import statistics


@dataclasses.dataclass(frozen=True)
class Accuracy:
    """Errors of one method on one output, over the test runs.

    Args:
        method: surrogate, baseline or coarse solver.
        output: name of the quantity or field.
        units: its SI unit.
        median, high: median and 95 % quantile of the relative error; for a field, of
            its root mean square error over the field's own variation, or over its size
            where it is constant.
        rank: Spearman rank correlation with the solver, 0 where the method answers
            always the same; `None` for fields and constants.
        covered: test runs inside their interval, or wholly inside their band.
        width: median width of a field's band [units].
        field: whether the output is a field.
        constant: whether the solver's answers are all the same, to round-off.
    """

    method: str
    output: str
    units: str
    median: float
    high: float
    rank: float | None
    covered: int | None
    width: float | None
    field: bool
    constant: bool = False


@dataclasses.dataclass(frozen=True)
class Report:
    """Certification of one surrogate.

    Args:
        level: wanted coverage.
        calibration_runs, test_runs: counts of the held-out split.
        covered_bounds: central 99 % of the beta-binomial law of the number covered.
        seed: seed of the split.
        rows: errors per method and output.
        warned, rejected: verdicts of the guard on the test runs, which are inside.
        guard_tests: the tests made.
        seconds_per_design: cost of one prediction with interval and the guard's tests
            of bounds, distance and spread [s].
        seconds_per_run, coarse_seconds_per_run: median cost of one solver run [s].
        fit_seconds: cost of the training, that of the baselines too [s].
        data_runs: solver runs spent on training, calibration and test, and the
            `extra_runs` of the study.
        unscored: guard test to the reference scores left out of its thresholds
            because they are not finite.
        seconds_with_physics: cost of one prediction with the residual and budget tests
            too [s], which need the fields; `None` where no residual was given.
        coarse_failed: test runs that the coarse solver failed at, and that its rows
            leave out.
        extra_seconds: what else the study cost, the coarse solver's runs for one [s].
    """

    level: float
    calibration_runs: int
    test_runs: int
    covered_bounds: tuple[int, int]
    seed: int
    rows: tuple[Accuracy, ...]
    warned: int
    rejected: int
    guard_tests: str
    seconds_per_design: float
    seconds_per_run: float | None
    coarse_seconds_per_run: float | None
    fit_seconds: float
    data_runs: int
    unscored: dict[str, int] = dataclasses.field(default_factory=dict)
    seconds_with_physics: float | None = None
    coarse_failed: int = 0
    extra_seconds: float = 0.0

    @property
    def coverage_holds(self) -> bool:
        """Whether each output's coverage is inside the central 99 % of its law.

        A constant may be covered more often: equal scores only raise the coverage.
        """
        low, high = self.covered_bounds
        return all(
            low <= row.covered and (row.covered <= high or row.constant)
            for row in self.rows
            if row.method == "surrogate" and row.covered is not None
        )

    @property
    def winner(self) -> str:
        """The surrogate or baseline with the least geometric mean of median errors.

        Over the quantities that vary: a constant is no merit.
        """
        scores: dict[str, list[float]] = {}
        for row in self.rows:
            if not (row.field or row.constant or row.method == "coarse solver"):
                scores.setdefault(row.method, []).append(math.log(row.median + 1e-300))
        means = {method: statistics.fmean(logs) for method, logs in scores.items()}
        return min(means, key=lambda method: means[method], default="surrogate")

    @property
    def equal_error_solver(self) -> str | None:
        """The cheapest given solver that is at least as accurate as the surrogate.

        In every quantity, by the median over the test runs that it solved. `None`
        where the cost of a solver that is accurate enough is not known.
        """
        if self.seconds_per_run is None:
            return None
        own, coarse = (
            {r.output: r.median for r in self.rows if r.method == m and not r.field}
            for m in ("surrogate", "coarse solver")
        )
        enough = all(name in coarse and coarse[name] <= own[name] for name in own)
        if not enough:
            return "solver"
        return None if self.coarse_seconds_per_run is None else "coarse solver"

    @property
    def speed_at_equal_error(self) -> float | None:
        """Cost of a run of the equal-error solver over the cost of a prediction."""
        seconds = self._equal_error_seconds()
        return None if seconds is None else seconds / self.seconds_per_design

    @property
    def break_even(self) -> float | None:
        """Designs after which the study and predictions cost less than solving.

        The study is data, training, and what else was spent on it.
        Infinite if they never do; `None` where the cost of a run is not known.
        """
        seconds = self._equal_error_seconds()
        if seconds is None or self.seconds_per_run is None:
            return None
        gain = seconds - self.seconds_per_design
        spent = self.data_runs * self.seconds_per_run
        spent += self.fit_seconds + self.extra_seconds
        return math.ceil(spent / gain) if gain > 0 else math.inf

    def accuracy(self, output: str, method: str = "surrogate") -> Accuracy:
        """The row of one output and method."""
        for row in self.rows:
            if (row.output, row.method) == (output, method):
                return row
        known = sorted({(row.output, row.method) for row in self.rows})
        raise KeyError(f"no row {(output, method)}; there are {known}.")

    def summary(self) -> dict:
        """What the model file keeps: counts, coverage and errors."""
        own = {
            row.output: {
                "median": row.median,
                "percentile_95": row.high,
                "rank": row.rank,
                "covered": row.covered,
            }
            for row in self.rows
            if row.method == "surrogate"
        }
        return {
            "level": self.level,
            "calibration_runs": self.calibration_runs,
            "test_runs": self.test_runs,
            "covered_bounds": list(self.covered_bounds),
            "seed": self.seed,
            "unscored": self.unscored,
            "outputs": own,
        }

    def to_dict(self) -> dict:
        """Everything, as JSON values; an endless break-even count is `"never"`."""
        result = dataclasses.asdict(self)
        result["rows"] = [dataclasses.asdict(row) for row in self.rows]
        result["covered_bounds"] = list(self.covered_bounds)
        result["coverage_holds"] = self.coverage_holds
        result["winner"] = self.winner
        result["equal_error_solver"] = self.equal_error_solver
        result["speed_at_equal_error"] = self.speed_at_equal_error
        never = self.break_even == math.inf
        result["break_even"] = "never" if never else self.break_even
        return result

    def __str__(self) -> str:
        low, high = self.covered_bounds
        lines = [
            f"certified on {self.calibration_runs} calibration and {self.test_runs} "
            f"test runs (seed {self.seed}), intervals at {self.level:.0%}",
            f"{'relative error':>56}{'rank':>11}",
            f"{'output':<22}{'method':<16}{'median':>10}{'95 %':>10}"
            f"{'correlation':>13}{'covered':>10}",
        ]
        for row in self.rows:
            unranked = "constant" if row.constant else ""
            rank = unranked if row.rank is None else f"{row.rank:.5f}"
            share = "" if row.covered is None else f"{row.covered}/{self.test_runs}"
            lines.append(
                f"{row.output:<22}{row.method:<16}{row.median:>10.2e}"
                f"{row.high:>10.2e}{rank:>13}{share:>10}"
            )
        verdict = "inside" if self.coverage_holds else "OUTSIDE"
        lines.append(
            f"coverage {verdict} the central 99 % of its beta-binomial law, "
            f"{low} to {high} of {self.test_runs}"
        )
        lines.append(
            f"guard ({self.guard_tests}): {self.warned} warned, {self.rejected} "
            f"rejected of {self.test_runs} inside"
        )
        if self.unscored:
            counts = ", ".join(f"{n} {name}" for name, n in self.unscored.items())
            lines.append(
                f"guard thresholds leave out {counts} scores of the calibration runs: "
                "not finite"
            )
        if self.winner != "surrogate":
            lines.append(f"the baseline {self.winner} wins: use it")
        if self.coarse_failed:
            lines.append(
                f"the coarse solver failed at {self.coarse_failed} of {self.test_runs} "
                "test runs, which its rows leave out"
            )
        if self.seconds_with_physics is not None:
            cost = f"{1e6 * self.seconds_with_physics:.1f} us"
            lines.append(f"one design {cost} with the residual and budget tests")
        cost = f"{1e6 * self.seconds_per_design:.1f} us"
        lines.append(f"one design {cost} with the bounds, distance and spread tests")
        speed = self.speed_at_equal_error
        if speed is not None and self.break_even is not None:
            count = "never" if math.isinf(self.break_even) else f"{self.break_even:,}"
            lines[-1] += (
                f", {speed:,.0f} times faster than the {self.equal_error_solver} at "
                f"equal error; break-even after {count} designs"
            )
        return "\n".join(lines)

    def _equal_error_seconds(self):
        seconds = {
            "solver": self.seconds_per_run,
            "coarse solver": self.coarse_seconds_per_run,
        }
        solver = self.equal_error_solver
        return None if solver is None else seconds[solver]
