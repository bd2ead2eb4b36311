"""From a plan to Brian2 objects: what a spiking network is, and how a time step goes.

`plan` says all that generated code depends on; `build` makes Brian2 objects of a plan. Nothing is
imported here: translation needs `windows` alone, and no Brian2.
"""
