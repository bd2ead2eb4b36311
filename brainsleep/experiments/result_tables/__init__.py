"""Results as tables: for the command line, for papers, and as tidy rows."""
