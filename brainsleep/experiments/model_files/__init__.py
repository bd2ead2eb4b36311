"""Model files: their tables, how they are read and checked, and what a run changes in them."""
