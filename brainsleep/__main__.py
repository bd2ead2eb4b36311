"""``python -m brainsleep``: the command line."""

from .cli import main

main()
