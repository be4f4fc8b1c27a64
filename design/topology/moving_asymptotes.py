"""The method of moving asymptotes, from the optional package nlopt.

K. Svanberg (1987), The method of moving asymptotes, Int. J. Numer. Methods Eng. 24,
359, doi:10.1002/nme.1620240207, in its conservative form (2002), SIAM J. Optim. 12,
555, which never accepts a worse design. Install with `pip install froude[mma]`.
"""

import types
from collections.abc import Callable

import equinox as eqx
import numpy as np


class MovingAsymptotes(eqx.Module):
    """nlopt's LD_MMA in place of the optimality criteria.

    Takes sensitivities of any sign; with a `SensitivityFilter`, whose sensitivities are
    no gradients, its test of progress means nothing and it is refused.

    Args:
        tolerance: relative change of the compliance at which a stage ends.
    """

    tolerance: float = eqx.field(static=True, default=1e-5)

    def minimize(
        self,
        evaluate: Callable[[np.ndarray], tuple[float, np.ndarray, float, np.ndarray]],
        design: np.ndarray,
        bounds: tuple[np.ndarray, np.ndarray],
        limit: float,
        steps: int,
    ) -> np.ndarray:
        """Minimise c under V <= limit.

        Args:
            evaluate: design -> c, dc/dx, V, dV/dx.
            design: where to start, (variables,).
            bounds: least and greatest design.
            limit: largest V.
            steps: most evaluations.
        """
        nlopt = _nlopt()
        memory: dict[bytes, tuple] = {}
        best: list = [np.inf, design]
        scale = abs(evaluate(design)[0])

        def at(x):
            key = x.tobytes()
            if key not in memory:
                memory.clear()
                memory[key] = evaluate(x)
                value, _, volume, _ = memory[key]
                if value < best[0] and volume <= limit * (1 + 1e-6):
                    best[:] = value, x.copy()
            return memory[key]

        def objective(x, gradient):
            value, slope, _, _ = at(x)
            if gradient.size:
                gradient[:] = slope / scale
            return float(value) / scale

        def constraint(x, gradient):
            _, _, volume, slope = at(x)
            if gradient.size:
                gradient[:] = slope
            return float(volume) - limit

        problem = nlopt.opt(nlopt.LD_MMA, len(design))
        problem.set_lower_bounds(bounds[0])
        problem.set_upper_bounds(bounds[1])
        problem.set_min_objective(objective)
        problem.add_inequality_constraint(constraint, 1e-8)
        problem.set_ftol_rel(self.tolerance)
        problem.set_maxeval(steps)
        start = np.clip(np.asarray(design, float), *bounds)
        try:
            found = problem.optimize(start)
        except nlopt.RoundoffLimited:
            found = best[1]
        return found if best[0] == np.inf else best[1]


def _nlopt() -> types.ModuleType:
    try:
        import nlopt  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise ImportError(
            "method = MovingAsymptotes() needs the package nlopt: pip install "
            "'froude[mma]', or leave method out for OptimalityCriteria()."
        ) from error
    return nlopt
