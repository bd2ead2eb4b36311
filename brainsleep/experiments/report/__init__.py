"""Pages to look at: one HTML file of a run, a sweep, a study, or of several of them side by side.

`reporting` writes them; templates and the plotting library lie beside it.
"""
