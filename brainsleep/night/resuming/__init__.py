"""What a night was asked to be and made of, as data on disk: so it goes on or is slept again."""
