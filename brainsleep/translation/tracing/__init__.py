"""From a torch module to the functions that it calls: two runs of a copy, as one graph of steps."""
