"""How each kind of experiment runs, but for tasks and nights, which are in `continual`."""
