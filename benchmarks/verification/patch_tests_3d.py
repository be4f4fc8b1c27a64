"""Patch tests in three dimensions: see `patch_tests`."""

from froude.physics import Solid

from .patch_tests import rows

GROUP = "solids"
TIER = "verify"


def run():
    yield from rows(3, (Solid,))
