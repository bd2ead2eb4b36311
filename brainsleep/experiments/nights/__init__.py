"""Kinds of nights that experiments have, behind one interface: a file per kind."""
