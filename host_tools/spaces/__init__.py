"""Spaces as a user asks for them: trained, examined, enrolled in, reported."""
