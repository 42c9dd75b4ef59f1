"""The research bench: effect chains, Mel-VAEs, meaningful spaces, parameter estimation, an effects encoder."""
