"""Reading an Abaqus or CalculiX input deck."""

from os import PathLike

import numpy as np

from .constraint_reader import read_couplings, read_equations
from .deck import Block, read_deck
from .keywords import MATERIAL, READ, REFUSED, SKIPPED
from .labels import Names
from .load_reader import LoadReader
from .material import read_materials
from .mesh_reader import MeshReader
from .model import Model
from .parts import Outline, outline
from .section_reader import read_orientations, read_sections
from .step_reader import read_amplitudes, read_steps, split_steps


def read_inp(path: str | PathLike) -> Model:
    """Read a deck and the files it includes.

    Parts and instances are flattened to one numbering: the first instance keeps its
    numbers, each further one is shifted. Output requests are skipped. Everything else
    that is not supported is refused, never ignored.

    Args:
        path: an `.inp` file.

    Returns:
        What the deck says.

    Raises:
        FileNotFoundError: the deck or an included file does not exist.
        ValueError: a keyword, parameter, element type or load that is not supported,
            or a deck that contradicts itself; the message gives file and line.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> text = "*NODE\\n1,0,0\\n2,1,0\\n3,0,1\\n*ELEMENT,TYPE=CPS3\\n1,1,2,3\\n"
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "plate.inp"
        ...     _ = path.write_text(text)
        ...     model = read_inp(path)
        >>> model.elements[0].type, model.nodes.coordinates[1].tolist()
        ('CPS3', [1.0, 0.0, 0.0])
    """
    try:
        return _model(outline(_known(read_deck(path))))
    except ValueError as error:
        if str(path) in str(error):
            raise
        raise ValueError(f"{path}: {error}") from None


def _known(blocks: list[Block]) -> list[Block]:
    """Drop what is skipped, refuse what is not read."""
    kept = []
    for block in blocks:
        if block.keyword in READ:
            block.check_parameters()
            kept.append(block)
        elif block.keyword in REFUSED:
            raise block.error(f"is not read: {REFUSED[block.keyword]}")
        elif block.keyword == "RESTART" and block.has("READ"):
            raise block.error("READ is not read: state the model and all its steps")
        elif block.keyword not in SKIPPED:
            raise block.error(
                "is no keyword that froude knows; delete it if the answer does not "
                "depend on it, otherwise this deck cannot be read"
            )
    return kept


def _model(deck: Outline) -> Model:
    outside, steps = split_steps(deck.blocks)
    deck = Outline(deck.assembly, deck.instances, outside)
    mesh = MeshReader(deck)
    material_names, amplitude_names = Names("material"), Names("amplitude")
    constants = [block for block in outside if block.keyword in MATERIAL]
    materials = read_materials(constants, material_names)
    orientation_names = Names("orientation", deck.assembly)
    orientations = read_orientations(mesh, orientation_names)
    sections = read_sections(mesh, material_names, orientation_names)
    _check_sections(mesh, sections, bool(steps or materials))
    amplitudes = read_amplitudes(outside, amplitude_names)
    loads = LoadReader(mesh, amplitude_names)
    return Model(
        nodes=mesh.nodes,
        elements=mesh.elements,
        node_sets=mesh.node_sets.all(),
        element_sets=mesh.element_sets.all(),
        surfaces=mesh.surfaces,
        orientations=orientations,
        materials=materials,
        amplitudes=amplitudes,
        sections=sections,
        equations=read_equations(mesh),
        couplings=read_couplings(mesh, orientation_names),
        initial_temperatures=tuple(
            entry
            for block in outside
            if block.keyword == "INITIAL CONDITIONS"
            for entry in loads.initial_temperatures(block)
        ),
        boundaries=tuple(
            entry
            for block in outside
            if block.keyword == "BOUNDARY"
            for entry in loads.boundaries(block)
        ),
        steps=read_steps(steps, loads),
        heading="\n".join(
            line.strip()
            for block in outside
            if block.keyword == "HEADING"
            for line in block.data
        ),
    )


def _check_sections(mesh: MeshReader, sections, complete: bool) -> None:
    """A deck with materials or steps gives every element a section."""
    if not sections and not complete:
        return
    members = [mesh.element_sets.members(section.elements) for section in sections]
    covered = np.concatenate([np.zeros(0, np.int64), *members])
    ids = np.concatenate([block.ids for block in mesh.elements])
    bare = ids[~np.isin(ids, covered)]
    if len(bare):
        raise ValueError(
            f"{len(bare)} elements have no *SOLID SECTION (first: "
            f"{bare[:5].tolist()}); give their set a section with a material."
        )
