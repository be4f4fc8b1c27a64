"""The keywords of a deck: which are read, which are skipped, which are refused.

A keyword is read only with the parameters listed for it, each with the values listed:
`ANY` value, the values in a tuple, or `FLAG` for a parameter without a value. A
parameter that changes the meaning of a deck and is not listed is refused.
"""

ANY = "any value"
FLAG = (None,)

_SOLVER = {"SOLVER": ANY}
_LOAD = {"OP": ("MOD", "NEW"), "AMPLITUDE": ANY}
_SET = {"INSTANCE": ANY, "GENERATE": FLAG, "INTERNAL": FLAG, "UNSORTED": FLAG}
_ISO_ORTHO = ("ISO", "ORTHO", "ISOTROPIC", "ORTHOTROPIC")

STRUCTURE = {
    "PART": {"NAME": ANY},
    "END PART": {},
    "ASSEMBLY": {"NAME": ANY},
    "END ASSEMBLY": {},
    "INSTANCE": {"NAME": ANY, "PART": ANY},
    "END INSTANCE": {},
}
MESH = {
    "NODE": {"NSET": ANY, "SYSTEM": ("R", "RECTANGULAR")},
    "ELEMENT": {"TYPE": ANY, "ELSET": ANY},
    "NSET": {"NSET": ANY, "ELSET": ANY, **_SET},
    "ELSET": {"ELSET": ANY, **_SET},
    "SURFACE": {"NAME": ANY, "TYPE": ("ELEMENT", "NODE"), "INTERNAL": FLAG},
    "ORIENTATION": {
        "NAME": ANY,
        "SYSTEM": ("RECTANGULAR", "CYLINDRICAL"),
        "DEFINITION": ("COORDINATES",),
    },
    "SOLID SECTION": {"ELSET": ANY, "MATERIAL": ANY, "ORIENTATION": ANY},
    "EQUATION": {},
    "COUPLING": {
        "CONSTRAINT NAME": ANY,
        "REF NODE": ANY,
        "SURFACE": ANY,
        "ORIENTATION": ANY,
    },
    "KINEMATIC": {},
    "DISTRIBUTING": {"WEIGHTING METHOD": ("UNIFORM",), "COUPLING": ("CONTINUUM",)},
}
MATERIAL = {
    "MATERIAL": {"NAME": ANY},
    "ELASTIC": {"TYPE": (*_ISO_ORTHO, "ENGINEERING CONSTANTS")},
    "HYPERELASTIC": {"NEO HOOKE": FLAG},
    "PLASTIC": {"HARDENING": ("ISOTROPIC",)},
    "DENSITY": {},
    "EXPANSION": {"TYPE": _ISO_ORTHO, "ZERO": ANY},
    "CONDUCTIVITY": {"TYPE": _ISO_ORTHO},
    "SPECIFIC HEAT": {},
}
MODEL = {
    "HEADING": {},
    "AMPLITUDE": {
        "NAME": ANY,
        "TIME": ("STEP TIME", "TOTAL TIME"),
        "DEFINITION": ("TABULAR",),
        "VALUE": ("RELATIVE",),
    },
    "INITIAL CONDITIONS": {"TYPE": ("TEMPERATURE",)},
    "BOUNDARY": {**_LOAD, "TYPE": ("DISPLACEMENT",)},
    "STEP": {
        "NAME": ANY,
        "NLGEOM": (None, "YES", "NO"),
        "PERTURBATION": FLAG,
        "INC": ANY,
        "AMPLITUDE": ("STEP", "RAMP"),
        "UNSYMM": (None, "YES", "NO"),
        "EXTRAPOLATION": ANY,
        "CONVERT SDI": ANY,
    },
    "END STEP": {},
}
PROCEDURES = {
    "STATIC": {"DIRECT": FLAG, **_SOLVER},
    "FREQUENCY": {
        "EIGENSOLVER": ANY,
        "NORMALIZATION": ANY,
        "ACOUSTIC COUPLING": ANY,
        "SIM": (None, "YES", "NO"),
        "STORAGE": ANY,
        **_SOLVER,
    },
    "DYNAMIC": {"DIRECT": FLAG, "ALPHA": ANY, "HAFTOL": ANY, "NOHAF": FLAG, **_SOLVER},
    "HEAT TRANSFER": {
        "STEADY STATE": FLAG,
        "DIRECT": FLAG,
        "DELTMX": ANY,
        "END": ("PERIOD",),
        **_SOLVER,
    },
}
LOADS = {
    "CLOAD": _LOAD,
    "DLOAD": _LOAD,
    "DSLOAD": _LOAD,
    "TEMPERATURE": _LOAD,
    "CFLUX": _LOAD,
    "DFLUX": _LOAD,
    "FILM": {**_LOAD, "FILM AMPLITUDE": ANY},
}
READ = {**STRUCTURE, **MESH, **MATERIAL, **MODEL, **PROCEDURES, **LOADS}
"""Keywords that are read, each with its parameters and their values."""

SKIPPED = (
    *("OUTPUT", "NODE OUTPUT", "ELEMENT OUTPUT", "ENERGY OUTPUT", "CONTACT OUTPUT"),
    *("NODE FILE", "EL FILE", "ENERGY FILE", "FILE FORMAT", "SECTION FILE"),
    *("NODE PRINT", "EL PRINT", "ENERGY PRINT", "SECTION PRINT", "FACE PRINT"),
    *("CONTACT FILE", "CONTACT PRINT", "PRINT", "PREPRINT", "MONITOR"),
    *("DIAGNOSTICS", "RESTART", "TIME POINTS", "CONTROLS", "PHYSICAL CONSTANTS"),
)
"""Output requests, solver controls and constants of absent physics: skipped."""

_SHELLS = "shells and membranes are not supported: mesh the body with solid elements"
_BEAMS = "beams and trusses are not supported: mesh the body with solid elements"
_CONTACT = (
    "contact and ties are not supported: join the meshes at shared nodes, or delete "
    "the interaction if the surfaces never touch"
)
_SPRINGS = (
    "springs, dashpots, masses and connectors are not supported: delete them, or "
    "replace them by *BOUNDARY or *EQUATION where the answer allows it"
)
_PROCEDURE = (
    "this procedure is not supported: use *STATIC, *FREQUENCY, *DYNAMIC or *HEAT "
    "TRANSFER, or delete the step"
)
_GENERATED = (
    "generated and copied meshes are not supported: let the program that wrote the "
    "deck list every node and element"
)
_MATERIAL = (
    "this material model is not supported: use *ELASTIC, *PLASTIC or *HYPERELASTIC, "
    "NEO HOOKE"
)
_COUPLING = "write it as *COUPLING with *KINEMATIC or *DISTRIBUTING"


def _reasons(names: str, reason: str) -> dict[str, str]:
    return dict.fromkeys(names.split("; "), reason)


REFUSED = {
    **_reasons("SHELL SECTION; SHELL GENERAL SECTION; MEMBRANE SECTION", _SHELLS),
    **_reasons("NODAL THICKNESS; NORMAL", _SHELLS),
    **_reasons("BEAM SECTION; BEAM GENERAL SECTION; FRAME SECTION", _BEAMS),
    **_reasons("CONTACT; CONTACT PAIR; SURFACE INTERACTION; TIE; FRICTION", _CONTACT),
    **_reasons("SURFACE BEHAVIOR; CLEARANCE; GAP; GAP CONDUCTANCE", _CONTACT),
    **_reasons("SPRING; DASHPOT; MASS; ROTARY INERTIA; FASTENER", _SPRINGS),
    **_reasons("CONNECTOR SECTION; CONNECTOR BEHAVIOR", _SPRINGS),
    **_reasons("BUCKLE; MODAL DYNAMIC; STEADY STATE DYNAMICS; VISCO", _PROCEDURE),
    **_reasons("COMPLEX FREQUENCY; SENSITIVITY; NO ANALYSIS", _PROCEDURE),
    **_reasons("COUPLED TEMPERATURE-DISPLACEMENT", _PROCEDURE),
    **_reasons("UNCOUPLED TEMPERATURE-DISPLACEMENT", _PROCEDURE),
    **_reasons("NGEN; NFILL; NCOPY; NMAP; ELGEN; ELCOPY; SYSTEM", _GENERATED),
    **_reasons("USER MATERIAL; DEPVAR; CREEP; HYPERFOAM; DAMPING", _MATERIAL),
    **_reasons("DEFORMATION PLASTICITY; CYCLIC HARDENING", _MATERIAL),
    **_reasons("RIGID BODY; KINEMATIC COUPLING; DISTRIBUTING COUPLING", _COUPLING),
    "MPC": "write the constraint as *EQUATION, or a rigid one as *COUPLING, *KINEMATIC",
    "TRANSFORM": "state supports and loads in global axes, or as *EQUATION",
    "MODEL CHANGE": "a model that changes between steps is not supported",
    "SUBMODEL": "submodels are not supported: state the boundary values",
    "RADIATE": "radiation is not supported: linearise it as *FILM",
}
"""Keywords that are known and not supported, each with what to do."""

_BY_LETTERS = {name.replace(" ", ""): name for name in (*READ, *SKIPPED, *REFUSED)}
_FLAGS = {
    parameter.replace(" ", "")
    for parameters in READ.values()
    for parameter, values in parameters.items()
    if values is not ANY and None in values
}


def canonical(keyword: str) -> str:
    """A keyword in capitals with single spaces; CalculiX lets spaces be left out."""
    words = keyword.upper().split()
    return _BY_LETTERS.get("".join(words), " ".join(words))


def looks_like_parameters(line: str) -> bool:
    """Whether a line can continue a keyword line: `A=B` or known flags only."""
    parts = [part.strip() for part in line.split(",") if part.strip()]
    return bool(parts) and all(
        "=" in part or "".join(part.upper().split()) in _FLAGS for part in parts
    )
