"""Multi-point constraints that cannot be: refused by name, number and shape."""

import pytest
from skew_plate import plate

from froude.solvers import LinearConstraint


@pytest.mark.parametrize(
    "constraints,message",
    [
        ({"a": [(1, 2)]}, r"constraints\['a'\] is a list; give a LinearConstraint"),
        (
            {"x_max": LinearConstraint([1, 2], 0, (1.0, 1.0))},
            r"constraints\['x_max'\] has the name of a part",
        ),
        (
            {"a": LinearConstraint([1, 12], 0, (1.0, 1.0))},
            r"constraints\['a'\]: nodes runs from 1 to 12; there are 12, counted",
        ),
        (
            {"a": LinearConstraint([1, 2], (0, 2), (1.0, 1.0))},
            r"constraints\['a'\]: components runs from 0 to 2; there are 2",
        ),
        (
            {"a": LinearConstraint([[4, 5], [0, 2]], 0, (1.0, 1.0), 0.5)},
            r"constraints\['a'\]: equation 1, of the nodes \[0, 2\], ties only .*held",
        ),
        (
            {
                "a": LinearConstraint([4, 5], 0, (1.0, 1.0)),
                "b": LinearConstraint([[3, 5], [5, 4]], 0, (2.0, 2.0), 1.0),
            },
            r"constraints\['b'\]: equation 1, of the nodes \[5, 4\], follows .*",
        ),
        (
            {"a": LinearConstraint([4, 5], 0, (0.0, 0.0))},
            r"equation 0, of the nodes \[4, 5\], .* or has only zeros",
        ),
    ],
)
def test_constraints_that_cannot_be_are_refused_by_name(constraints, message):
    with pytest.raises((ValueError, TypeError), match=message):
        plate(constraints)


@pytest.mark.parametrize(
    "arguments,message",
    [
        (
            ([[[1]]], 0, 1.0),
            r"nodes has the shape \(1, 1, 1\); give \(equations, terms",
        ),
        (([1, 2], (0, 1, 0), 1.0), r"components has the shape \(3,\), which does not"),
        (([1, 2], 0, (1.0, 2.0, 3.0)), r"coefficients has the shape \(3,\), which"),
        (([1, 2], 0, 1.0, (1.0, 2.0)), r"value has the shape \(2,\), .* to \(1,\)"),
        (([1, 2], 0, (1.0, float("nan"))), "coefficients"),
    ],
)
def test_shapes_of_a_constraint_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        LinearConstraint(*arguments)
