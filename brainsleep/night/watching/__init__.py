"""What a running night shows: calls of callbacks, states kept, its layers examined."""
