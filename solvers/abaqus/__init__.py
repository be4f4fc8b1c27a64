"""Input decks of Abaqus and CalculiX: `read_inp`, `write_inp`, and the `Model` between.

Start with `model.py` for what a deck can say and `keywords.py` for what is read,
skipped and refused; `elements.py` has node orders and faces. `discretize_deck.py` makes
a problem on a mesh of it; `carried_elements.py` says of which elements. Reading and
writing is NumPy only. May import: physics, the meshes and finite elements of solvers.
"""

from .carried_elements import FORMULATIONS as FORMULATIONS
from .deck_mesh import node_numbers as node_numbers
from .discretize_deck import discretize_deck as discretize_deck
from .elements import ELEMENT_TYPES as ELEMENT_TYPES
from .elements import ElementShape as ElementShape
from .elements import ElementType as ElementType
from .facets import surface_facets as surface_facets
from .material import Material as Material
from .material import Table as Table
from .model import Coupling as Coupling
from .model import ElementBlock as ElementBlock
from .model import ElementSurface as ElementSurface
from .model import Equation as Equation
from .model import Model as Model
from .model import Nodes as Nodes
from .model import NodeSurface as NodeSurface
from .model import Orientation as Orientation
from .model import Section as Section
from .read import read_inp as read_inp
from .step import Amplitude as Amplitude
from .step import Boundary as Boundary
from .step import Dynamic as Dynamic
from .step import ElementLoad as ElementLoad
from .step import Film as Film
from .step import Frequency as Frequency
from .step import HeatTransfer as HeatTransfer
from .step import Increments as Increments
from .step import InitialTemperature as InitialTemperature
from .step import NodeLoad as NodeLoad
from .step import Static as Static
from .step import Step as Step
from .step import SurfacePressure as SurfacePressure
from .step import Temperature as Temperature
from .write import write_inp as write_inp
