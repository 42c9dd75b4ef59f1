"""Models as files: made, found, played, made equally loud."""
