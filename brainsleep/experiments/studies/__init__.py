"""Studies: many settings of a model, each with several seeds, on any number of machines."""
