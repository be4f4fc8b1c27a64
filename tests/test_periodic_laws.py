"""The laws of periodic boxes keep the contract; exact solutions leave round-off."""

import jax.numpy as jnp
import pytest

from froude.physics import (
    AllenCahn,
    CahnHilliard,
    FitzHughNagumo,
    GrayScott,
    KolmogorovForcing,
    KortewegDeVries,
    KuramotoSivashinsky,
    PlaneVorticity,
    Schroedinger,
    SwiftHohenberg,
    Wave,
    allen_cahn_front,
    cahn_hilliard_interface,
    check_balance_law,
    korteweg_de_vries_soliton,
    schroedinger_bright_soliton,
    standing_wave,
    taylor_green_vortex,
)

KAPPA = jnp.array([1.0, 2.0])
CASES = {
    "Korteweg-de Vries": (
        KortewegDeVries(3.0, 0.5),
        1,
        lambda t, x: korteweg_de_vries_soliton(
            t, x, 2.0, steepening=3.0, dispersion=0.5
        ),
    ),
    "Kuramoto-Sivashinsky": (KuramotoSivashinsky(1.2, 0.7), 1, None),
    "Allen-Cahn": (AllenCahn(0.3, 2.0), 2, lambda t, x: allen_cahn_front(t, x, 0.3, 2)),
    "Cahn-Hilliard": (
        CahnHilliard(0.1, 2.0, 3.0),
        2,
        lambda t, x: cahn_hilliard_interface(t, x, 0.1, 3.0),
    ),
    "Swift-Hohenberg": (SwiftHohenberg(0.1, 1.2, 0.3), 2, None),
    "Gray-Scott": (GrayScott(0.04, 0.06), 2, None),
    "FitzHugh-Nagumo": (FitzHughNagumo(0.1), 2, None),
    "Schrödinger": (
        Schroedinger(0.5, -1.0),
        1,
        lambda t, x: schroedinger_bright_soliton(t, x, 1.3, 0.7),
    ),
    "wave": (Wave(2.0), 2, lambda t, x: standing_wave(t, x, 2.0, KAPPA)),
    "Kolmogorov flow": (PlaneVorticity(0.1, KolmogorovForcing(), 0.1), 2, None),
    "Taylor-Green": (
        PlaneVorticity(0.1),
        2,
        lambda t, x: taylor_green_vortex(t, x, 0.1, 1.5),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_laws_keep_the_contract_and_exact_solutions_leave_round_off(name):
    law, dimension, exact = CASES[name]
    check = check_balance_law(law, dimension=dimension, exact=exact)
    assert check.gradient < 1e-9
    assert check.residual is None or check.residual < 1e-13
