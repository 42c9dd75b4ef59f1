"""Which device a recording sounds like: features, embeddings, and the pedal finder."""
