"""An elastic material that is a fraction as stiff as another: a porous or partly
present one, as in the density methods of topology optimisation.

Reference: M. P. Bendsøe and O. Sigmund, Topology Optimization (2003), chapter 1.
"""

from jaxtyping import Array

from .elastic import AbstractLinearElasticMaterial
from .parameter import parameter


class ScaledElastic(AbstractLinearElasticMaterial):
    """Stress and stored energy of a linear material times a factor.

    Args:
        material: the linear elastic material, such as `IsotropicElastic`.
        factor: [-], > 0: one number, or a `CellField` with one for each cell.

    Raises:
        TypeError: a material that is not linear; a factor of its stress does not
            scale its stiffness about a deformed state.
    """

    material: AbstractLinearElasticMaterial
    factor: Array = parameter("factor", above=0.0, shape=())

    def __check_init__(self) -> None:
        if not isinstance(self.material, AbstractLinearElasticMaterial):
            raise TypeError(
                f"material is a {type(self.material).__name__}; only linear elastic "
                "materials can be scaled: IsotropicElastic or OrthotropicElastic."
            )

    def stress(self, grad_u, temperature=None):
        return self.factor * self.material.stress(grad_u, temperature)

    def energy(self, grad_u, temperature=None):
        return self.factor * self.material.energy(grad_u, temperature)
