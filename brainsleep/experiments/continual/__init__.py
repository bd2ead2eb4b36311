"""The run of tasks and nights: each arm's way through the tasks, arms side by side, results."""
