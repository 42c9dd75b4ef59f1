"""What stops a command and is nobody's bug: something the rig lacks. Bad input is `train.errors.InputError`."""

from __future__ import annotations


class RigError(Exception):
    """A tool, a board or a port that a command needs is not there; the message is one sentence and says what to do."""
