"""What looks at a night while it runs: the callbacks of the package, and what yours get."""
