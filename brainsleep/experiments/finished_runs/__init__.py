"""Runs that are done: read back, compared with what is asked for, put beside others."""
