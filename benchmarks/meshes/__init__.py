"""Mesh files of the verification cases of solids; `write.py` wrote them."""

from pathlib import Path

MESHES = Path(__file__).parent
