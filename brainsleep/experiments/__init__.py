"""Whole experiments: model files, run directories, sweeps, comparisons, and the command line.

How to add a kind of experiment is said in `brainsleep.experiments.kinds`.
"""
