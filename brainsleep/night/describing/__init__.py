"""What is said of a night: names of its layers, its up and down states, what went wrong."""
