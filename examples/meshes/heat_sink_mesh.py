"""Write the Gmsh meshes of the heat sink: one quarter of a base plate with eight fins.

Run `python examples/meshes/heat_sink_mesh.py` (needs the extra `mesh`) to write
`heat_sink.msh` for the study and `heat_sink_coarse.msh` for the coarse-solver
baseline beside this script. Physical groups: base (underside, where the chip sits),
fins (every surface in the air), symmetry (the two cut planes), solid (the volume).
"""

from pathlib import Path

import gmsh

HALF_WIDTH = 30e-3
HALF_DEPTH = 30e-3
BASE_THICKNESS = 5e-3
FIN_THICKNESS = 2e-3
FIN_HEIGHT = 30e-3
FIN_CENTRES = (3.75e-3, 11.25e-3, 18.75e-3, 26.25e-3)


def write(path: Path, size: float) -> None:
    """Mesh the quarter model with elements of about `size` [m] and save it."""
    gmsh.initialize()
    gmsh.option.setNumber("General.Terminal", 0)
    gmsh.model.add("heat_sink")
    occ = gmsh.model.occ
    base = occ.addBox(0, 0, 0, HALF_WIDTH, HALF_DEPTH, BASE_THICKNESS)
    fins = [
        (
            3,
            occ.addBox(
                centre - FIN_THICKNESS / 2,
                0,
                BASE_THICKNESS,
                FIN_THICKNESS,
                HALF_DEPTH,
                FIN_HEIGHT,
            ),
        )
        for centre in FIN_CENTRES
    ]
    # Fragments keep the fin roots as element faces, so that morphing the base
    # thickness and the fin height moves a plane of the mesh.
    occ.fragment([(3, base)], fins)
    occ.synchronize()

    volumes = [tag for _, tag in gmsh.model.getEntities(3)]
    boundary = gmsh.model.getBoundary([(3, tag) for tag in volumes], oriented=False)
    groups: dict[str, list[int]] = {"base": [], "fins": [], "symmetry": []}
    for _, tag in boundary:
        x, y, z = gmsh.model.occ.getCenterOfMass(2, tag)
        if abs(z) < 1e-9:
            groups["base"].append(tag)
        elif abs(x) < 1e-9 or abs(y) < 1e-9:
            groups["symmetry"].append(tag)
        else:
            groups["fins"].append(tag)
    for index, (name, tags) in enumerate(groups.items(), start=1):
        gmsh.model.addPhysicalGroup(2, tags, index, name)
    gmsh.model.addPhysicalGroup(3, volumes, 4, "solid")

    gmsh.option.setNumber("Mesh.MeshSizeMin", size)
    gmsh.option.setNumber("Mesh.MeshSizeMax", size)
    gmsh.option.setNumber("Mesh.Binary", 1)
    gmsh.option.setNumber("Mesh.MshFileVersion", 4.1)
    gmsh.model.mesh.generate(3)
    gmsh.write(str(path))
    gmsh.finalize()


if __name__ == "__main__":
    here = Path(__file__).parent
    write(here / "heat_sink.msh", 1.45e-3)
    write(here / "heat_sink_coarse.msh", 3.5e-3)
