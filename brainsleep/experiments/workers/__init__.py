"""Forked processes that share out the work of a run or of a report."""
