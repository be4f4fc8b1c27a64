"""Griffe extension: constructors of Equinox modules, and examples as code.

Without it the API pages would show classes such as `Robin` without the arguments that
their docstrings describe, and the doctests under "Example:" as quotations.
"""

import re

from griffe import (
    Class,
    Expr,
    ExprCall,
    Extension,
    Function,
    Module,
    Parameter,
    ParameterKind,
    Parameters,
)


class FieldsAsArguments(Extension):
    """Add the `__init__` that `equinox.Module` makes when Python runs."""

    def on_package(self, *, pkg: Module, **_) -> None:
        """Visit every class of a loaded package."""
        for found in _classes(pkg):
            if "__init__" not in found.members and _is_equinox(found):
                _add_constructor(found)

    def on_object(self, *, obj, **_) -> None:
        """Call the section "Examples", the name that Griffe knows."""
        if obj.docstring:
            text = obj.docstring.value
            obj.docstring.value = re.sub(r"^Example:$", "Examples:", text, flags=re.M)


def _classes(parent):
    for member in parent.members.values():
        if member.is_alias:
            continue
        if member.is_class:
            yield member
        if member.is_class or member.is_module:
            yield from _classes(member)


def _is_equinox(found: Class) -> bool:
    direct = any(
        isinstance(base, Expr) and base.canonical_path == "equinox.Module"
        for base in found.bases
    )
    return direct or any(_is_equinox(base) for base in found.resolved_bases)


def _add_constructor(found: Class) -> None:
    fields = {}
    for parent in (*reversed(found.mro()), found):
        for member in parent.members.values():
            if member.is_attribute and _is_field(member):
                fields[member.name] = Parameter(
                    member.name,
                    annotation=member.annotation,
                    kind=ParameterKind.positional_or_keyword,
                    default=_default(member.value),
                )
    given_last = sorted(fields.values(), key=lambda field: field.default is not None)
    constructor = Function(
        "__init__",
        lineno=0,
        endlineno=0,
        parent=found,
        parameters=Parameters(Parameter("self"), *given_last),
        returns="None",
    )
    found.set_member("__init__", constructor)


def _is_field(member) -> bool:
    annotation = str(member.annotation or "")
    abstract = re.search(r"Abstract(Class)?Var|ClassVar", annotation)
    computed = str(_options(member.value).get("init")) == "False"
    is_property = "property" in member.labels
    return bool(annotation) and not (abstract or computed or is_property)


def _default(value):
    """Return the default of a field, also of `eqx.field(default=...)`."""
    if not _declares_field(value):
        return value
    options = _options(value)
    return options.get("default", "..." if "default_factory" in options else None)


def _options(value) -> dict:
    """Return the keyword arguments of `eqx.field(...)` and froude's own kinds of it."""
    if not _declares_field(value):
        return {}
    named = (argument for argument in value.arguments if hasattr(argument, "name"))
    return {argument.name: argument.value for argument in named}


def _declares_field(value) -> bool:
    kinds = ("field", "parameter")
    return isinstance(value, ExprCall) and value.canonical_path.endswith(kinds)
