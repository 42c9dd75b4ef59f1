"""How fast and how well training is: benchmarks, and comparisons of ways to train. Nothing imports them."""
