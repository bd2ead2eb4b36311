"""From what a night is asked to be to what runs: checked, computed, assembled."""
