"""Whole experiments: model files, run directories, sweeps, comparisons, and the command line.

`run`, `sweep` and `comparison` are what a user calls; each folder holds one part of them, in the
order of the table in ``docs/explanation/architecture.md``. How to add a kind of experiment is said
in `brainsleep.experiments.kinds`.
"""
