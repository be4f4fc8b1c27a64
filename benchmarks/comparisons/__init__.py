"""Comparisons with other programs, one file each, named for the case."""
