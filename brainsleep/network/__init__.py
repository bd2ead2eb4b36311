"""From a plan to Brian2 objects: what a spiking network is, and the order within a time step.

`plan` holds all that generated code depends on, and `build` makes Brian2 objects of a plan: of its
populations and projections (`groups`), with the sums of what arrives at them (`inflow`) and what
plasticity rules keep on neurons (`traces`). `windows` and `wiring` say which neurons are joined,
`pooling` what layers without weights are, and `weight_layout` how weights are laid out.

Nothing is imported here: translation needs `windows` alone, and no Brian2.
"""
