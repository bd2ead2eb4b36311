"""Whole experiments: model files, run directories, sweeps, comparisons, and the command line."""
