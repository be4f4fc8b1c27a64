"""The law that the sections and body loads of a deck mean."""

import numpy as np

from ...physics import CellField, Elastodynamics, IsotropicElastic
from .acting import Acting
from .carried_elements import (
    SOLIDS,
    carried_blocks,
    carried_dimension,
    carried_ids,
)
from .material import Material, Table
from .model import Model, Section
from .record import refusal
from .step import ElementLoad, Frequency

_AXES = {"BX": 0, "BY": 1, "BZ": 2}


def deck_law(model: Model, acts: Acting):
    """The solid at rest of a *STATIC step, in motion for a *FREQUENCY step.

    Materials and body forces that differ between elements are given cell by cell.

    Raises:
        ValueError: a material or load that is not carried.
    """
    first, ids = carried_blocks(model)[0], carried_ids(model)
    density = _densities(model)
    force = _body_force(model, acts, density)
    young, poisson = _constants(model).T
    material = IsotropicElastic(_alike(young), _alike(poisson))
    kind = SOLIDS[first.element.formulation]
    solid = kind(material, body_force=_alike(force) if force.any() else None)
    if not isinstance(acts.step.procedure, Frequency):
        return solid
    bare = ids[np.isnan(density)]
    if len(bare):
        raise refusal(
            acts.step.place,
            "STEP",
            f"is a *FREQUENCY step, but {len(bare)} elements (first: "
            f"{bare[:5].tolist()}) have no mass; give their material a *DENSITY",
        )
    return Elastodynamics(solid, _alike(density))


def deck_thickness(model: Model) -> float:
    """Thickness of plane elements [m]; 1 where the deck says nothing.

    Raises:
        ValueError: sections of different thickness.
    """
    found = [1.0 if s.thickness is None else s.thickness for s in model.sections]
    for section, thickness in zip(model.sections, found, strict=True):
        if thickness != found[0]:
            raise refusal(
                section.place,
                "SOLID SECTION",
                f"has the thickness {thickness:g} m after one of {found[0]:g} m; one "
                "thickness for all elements is carried",
            )
    return found[0]


def _alike(values: np.ndarray):
    """One value where all cells have it, otherwise a `CellField`."""
    same = (values == values[0]).all()
    return values[0] if same else CellField(values)  # pyright: ignore[reportArgumentType]


def _by_section(model: Model, constants) -> np.ndarray:
    """Constants of the material of each cell, (cells, constants)."""
    place, ids = carried_blocks(model)[0].place, carried_ids(model)
    if not model.sections:
        raise refusal(
            place, "ELEMENT", "has no *SOLID SECTION; give it one with a material"
        )
    rows = []
    owner = np.full(len(ids), -1)
    for number, section in enumerate(model.sections):
        owner[np.isin(ids, model.elements_of(section.elements))] = number
        rows.append(constants(section, model.materials[section.material]))
    if (owner < 0).any():
        bare = ids[owner < 0][:5].tolist()
        raise refusal(
            place, "ELEMENT", f"has elements without *SOLID SECTION: {bare} ..."
        )
    return np.array(rows)[owner]


def _constants(model: Model) -> np.ndarray:
    """Young's modulus and Poisson's ratio, (cells, 2)."""
    return _by_section(model, _elastic)


def _elastic(section: Section, material: Material) -> np.ndarray:
    for keyword in ("plastic", "hyperelastic"):
        table = getattr(material, keyword)
        if table is not None:
            raise refusal(
                table.place,
                keyword.upper(),
                f"of the material {material.name} is not carried; linear elasticity is",
            )
    if material.elastic is None:
        raise refusal(
            section.place,
            "SOLID SECTION",
            f"has the material {material.name}, which has no *ELASTIC; add it",
        )
    if material.elastic.kind != "ISO":
        raise refusal(
            material.elastic.place,
            "ELASTIC",
            f"TYPE={material.elastic.kind} is not carried; isotropic elasticity is",
        )
    young, poisson = constants = _one_row(material.elastic, "ELASTIC")
    if not (young > 0 and -1 < poisson < 0.5):
        raise refusal(
            material.elastic.place,
            "ELASTIC",
            f"of the material {material.name} has E = {young:g} and nu = {poisson:g}; "
            "give E > 0 and nu between -1 and 0.5, such as 0.4999 for rubber",
        )
    return constants


def _densities(model: Model) -> np.ndarray:
    """[kg m^-3], (cells,), NaN where the deck gives none."""

    def density(section: Section, material: Material) -> np.ndarray:
        if material.density is None:
            return np.array([np.nan])
        return _one_row(material.density, "DENSITY")

    return _by_section(model, density)[:, 0]


def _one_row(table: Table, keyword: str) -> np.ndarray:
    if len(table.values) != 1:
        raise refusal(
            table.place,
            keyword,
            f"has {len(table.values)} rows over temperature, which is not carried; "
            "keep the row of the temperature meant",
        )
    return table.values[0]


def _body_force(model: Model, acts: Acting, density: np.ndarray) -> np.ndarray:
    """Force per volume [N m^-3], (cells, dim)."""
    ids, dimension = carried_ids(model), carried_dimension(model)
    force = np.zeros((len(ids), 3))
    for load in acts.element_loads:
        if load.label[1:].isdecimal():
            continue
        cells = np.isin(ids, model.elements_of(load.target))
        force[cells] += _per_volume(load, density[cells], ids[cells])
        if (force[:, dimension:] != 0).any():
            raise refusal(
                load.place,
                "DLOAD",
                f"{load.label} acts out of the plane of "
                f"{carried_blocks(model)[0].type} elements; keep it in their plane",
            )
    return force[:, :dimension]


def _per_volume(load: ElementLoad, density: np.ndarray, ids: np.ndarray) -> np.ndarray:
    if load.label in _AXES:
        return load.magnitude * np.eye(3)[_AXES[load.label]]
    if load.label != "GRAV":
        raise refusal(
            load.place,
            "DLOAD",
            f"{load.label} is not carried; pressures P1, P2, ..., GRAV, BX, BY and BZ "
            "are",
        )
    if np.isnan(density).any():
        raise refusal(
            load.place,
            "DLOAD",
            f"GRAV acts on elements without mass (first: "
            f"{ids[np.isnan(density)][:5].tolist()}); give their material a *DENSITY",
        )
    # CalculiX scales the direction to the length 1, so its magnitude counts alone.
    direction = np.array(load.vector) / np.linalg.norm(load.vector)
    return load.magnitude * density[:, None] * direction
