"""Network architectures: the only folder that uses Flax.

Every network is a `flax.nnx.Module` that holds nothing but its parameters: a pure
function of one sample without a batch axis, channels last, in one explicit dtype.
Batches and ensembles are made outside with `jax.vmap` and `equinox.filter_vmap`. Any
other callable pytree may stand wherever one of these does.

Start with `MLP`; `PODDeepONet` maps parameters to a field on a fixed mesh, `DeepONet`
to a field at any points, `FNO` maps fields to fields on periodic grids.
"""

from .deeponet import DeepONet as DeepONet
from .deeponet import PODDeepONet as PODDeepONet
from .fno import FNO as FNO
from .fno import spectral_convolution as spectral_convolution
from .mlp import MLP as MLP
from .pod import PODBasis as PODBasis
