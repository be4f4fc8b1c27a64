"""Write the API pages from what each folder exports: `python docs/api_pages.py`.

A section per module, in the order of the folder's `__init__`, headed by the first line
of the module's docstring; the docstrings of the names fill it when the site is built.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = (
    *("physics", "solvers", "solvers/abaqus"),
    *("datasets", "surrogates", "design"),
)


def page(folder: str) -> str:
    """Return the page of one folder."""
    package = ROOT / folder
    tree = ast.parse((package / "__init__.py").read_text())
    dotted = f"froude.{folder.replace('/', '.')}"
    parts = [f"# {dotted}", ast.get_docstring(tree) or ""]
    sections: dict[str, list[str]] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [alias.asname for alias in node.names if alias.asname]
            sections.setdefault(node.module, []).extend(names)
    for module, names in sections.items():
        path = package.joinpath(*module.split("."))
        source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        told = ast.get_docstring(ast.parse(source.read_text())) or module
        parts.append(f"## {_heading(module)}\n\n{told.splitlines()[0]}")
        parts += [f"::: {dotted}.{name}" for name in names]
    return "\n\n".join(part for part in parts if part) + "\n"


def _heading(module):
    words = module.split(".")[-1].replace("_", " ")
    return words[:1].upper() + words[1:]


if __name__ == "__main__":
    for folder in FOLDERS:
        written = ROOT / "docs" / "api" / f"{Path(folder).name}.md"
        written.write_text(page(folder))
