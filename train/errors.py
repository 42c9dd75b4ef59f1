"""The one error a user can cause; the command line turns it into one sentence and exit code 2."""

from __future__ import annotations


class InputError(Exception):
    """A user's input cannot be used. The message is one sentence: the file, what was wrong, what to do."""
