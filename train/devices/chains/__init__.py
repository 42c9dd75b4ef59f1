"""Effects, and chains of them as devices."""
