"""The commands of the command line, one file per group; `command_options` has what they share."""
