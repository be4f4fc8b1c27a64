"""The verification cases, one file each, named for the case."""
