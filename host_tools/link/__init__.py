"""The link's laptop end: frames, messages, streams, a client."""
