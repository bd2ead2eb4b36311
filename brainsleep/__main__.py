"""``python -m brainsleep``: the command line."""

from .experiments.cli import main

main()
