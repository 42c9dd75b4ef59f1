"""The space: its networks, its pairs, its training, what it is worth, and places in it."""
