"""Nights in the formats of other packages: Neo, NWB, pandas, xarray."""
