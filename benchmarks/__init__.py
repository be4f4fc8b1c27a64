"""Evidence by command: what froude claims, checked and timed.

`python -m benchmarks.verify` runs the cases of `verification/`, `benchmarks.records`
the long ones, `benchmarks.bench` the comparisons with other programs, and
`benchmarks.tables` writes the committed results into the README and the docs.
Start with `evidence.py`. This folder is not installed.
"""
