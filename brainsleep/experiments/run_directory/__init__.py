"""What a run leaves on disk: its directory, what is done so far, its clock, where it comes from."""
