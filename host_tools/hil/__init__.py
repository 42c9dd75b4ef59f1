"""The hardware-in-the-loop test: what is played, what is measured, what is reported."""
