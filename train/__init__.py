"""Sound in, space out: devices, pairs, and the training of a space. Knows nothing of integers or C."""
