"""Float networks as plain arrays, where they come from, and what they compute."""
