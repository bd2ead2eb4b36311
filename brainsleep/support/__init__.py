"""What all packages use: checks of values and units, progress bars, files, tables of text."""
