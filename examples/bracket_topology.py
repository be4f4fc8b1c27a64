"""Which bracket of a given mass is stiffest and can be printed without supports?

Lays out half of a bracket for additive manufacture: bolt holes and the rings around
them fixed, two load cases, symmetry, members of a minimum size, overhangs of at most
45 degrees. Cuts the layout to black and white, measures that part again and compares
it with a conventional bracket of the same mass: a plate with a straight web. Writes the
part as STL and VTU, a figure and a short report.

    python examples/bracket_topology.py                 the study, a few minutes
    python examples/bracket_topology.py --volume 0.15   a lighter bracket
    python examples/bracket_topology.py --cell 0.002    finer, and a lot longer

See `bracket_topology_model.py` for the geometry, the loads and the material.
"""

import argparse
import sys
import time
from pathlib import Path

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)

from bracket_topology_figure import draw  # noqa: E402
from bracket_topology_model import DENSITY, LOADS, bracket, plain_bracket  # noqa: E402

from froude.design import (  # noqa: E402
    DensityFilter,
    Layout,
    Overhang,
    Projection,
    minimize_compliance,
    threshold,
    write_part,
)

VOID = 1e-6


def main() -> None:
    options = _options()
    started = time.perf_counter()
    try:
        body = bracket(options.cell)
        cell = body.cell
        if not options.member >= 2 * cell * (1 - 1e-9):
            raise ValueError(
                f"--member {options.member} m is below two cubes of {cell:.4g} m, "
                "which is as fine as the grid can be; ask for more, or give a smaller "
                "--cell."
            )
        layout = Layout(
            body.mesh,
            # the steps of the grid make a slanted member up to half a cube thinner
            filter=DensityFilter(options.member + 0.5 * cell),
            projection=Projection(0.25, (1.0, 2.0, 4.0, 8.0, 16.0), options.stage),
            overhang=Overhang((0.0, 0.0, 1.0)),
            solid=body.solid,
            void=body.void,
        )
        result = minimize_compliance(
            body.problems,
            layout,
            volume=options.volume,
            void=VOID,
            max_steps=5 * options.stage,
        )
        part = threshold(result, symmetry=("y_min",))
        plain = plain_bracket(body, part, result)
    except ValueError as error:
        sys.exit(f"bracket_topology.py: {error}")
    _tell(options, layout, part, plain, result)

    options.output.mkdir(parents=True, exist_ok=True)
    for name in ("bracket.stl", "bracket.vtu"):
        write_part(options.output / name, part)
    draw(part, plain, result.history, options.output / "bracket.png")
    print(
        f"\nbracket.stl, bracket.vtu (the half y >= 0) and bracket.png are in "
        f"{options.output}\ntotal {time.perf_counter() - started:.0f} s"
    )


def _tell(options, layout, part, plain, result):
    mesh = part.mesh
    print(
        f"{len(mesh.topology.cells):,} cubes, {mesh.points.size:,} unknowns, "
        f"{len(LOADS)} load cases ({', '.join(LOADS)}), {result.steps} steps; "
        f"grey {100 * result.greyness:.1f} %"
    )
    whole = 2 * float(np.sum(layout.volumes)) * DENSITY
    print(
        "\nBoth are cut to whole cubes and measured again. The baseline is a plate "
        "with a straight\nweb, as thick as the mass of the part allows.\n"
        f"  {'':28s}      part  plate and web"
    )
    rows = (
        ("mass, whole bracket [g]", "9.1f", 1e3 * whole, "volume"),
        ("share of the domain [-]", "9.4f", 1.0, "volume"),
        ("compliance, both cases [J]", "9.4f", 1.0, "compliance"),
        ("thinnest member [mm]", "9.2f", 1e3, "minimum_member"),
        ("unsupported cubes", "9d", 1, "unsupported"),
    )
    for words, form, factor, name in rows:
        values = [format(factor * getattr(b, name), form) for b in (part, plain)]
        print(f"  {words:28s} {values[0]}      {values[1]}")
    kept = np.count_nonzero(part.solid & layout.solid) / np.count_nonzero(layout.solid)
    print(
        f"stiffness at equal mass: {plain.compliance / part.compliance:.2f} times that "
        "of plate and web\n"
        f"member asked for: {1e3 * options.member:.2f} mm; "
        f"fixed rings kept: {100 * kept:.1f} %"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--cell", type=float, default=4e-3, help="edge of a cube [m]")
    add("--member", type=float, default=8e-3, help="thinnest member allowed [m]")
    add("--volume", type=float, default=0.2, help="share of the domain, 0 to 1")
    add("--stage", type=int, default=12, help="steps of each of five projections")
    add(
        "--output",
        type=Path,
        default=Path("build/bracket"),
        help="folder for STL, VTU and figure",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
