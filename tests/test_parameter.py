"""Numbers that physics can use, and those that it must refuse."""

import jax
import numpy as np
import pytest

from froude.physics import AdvectionDiffusion, HeatConduction


def test_a_turned_anisotropic_tensor_is_a_conductivity():
    turned = np.array([[2.0, -0.5], [-0.5, 1.0]])
    law = HeatConduction(conductivity=turned)
    assert np.array_equal(law.conductivity(300.0), turned)
    layered = np.array([[1.0, -1.0], [-1.0, 1.0]])
    assert AdvectionDiffusion((0.0, 0.0), diffusivity=layered) is not None


@pytest.mark.parametrize(
    "tensor", [[[1.0, 2.0], [2.0, 1.0]], [[-1.0, 0.0], [0.0, 1.0]]]
)
def test_a_tensor_that_lets_heat_flow_uphill_is_refused(tensor):
    with pytest.raises(ValueError, match="conductivity.*eigenvalue"):
        HeatConduction(conductivity=np.array(tensor))


def test_a_traced_tensor_is_taken_as_it_is():
    flux = jax.jit(lambda k: HeatConduction(k).conductivity(300.0))
    assert np.array_equal(flux(-np.eye(2)), -np.eye(2))
