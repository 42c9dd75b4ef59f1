"""Audio out of a module's converter, and back into it through a patch cable: played and heard at the same time."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.link.client import Module
from gritspace.host_tools.link.frames import LinkError
from gritspace.host_tools.link.schema import schema

BLOCK_FRAMES = schema().limit("block_frames")
MESSAGE_BLOCKS = schema().limit("message_blocks")
ROOM = 64
"""Blocks that the module has room for."""


def play_and_hear(
    module: Module,
    audio: NDArray[np.int16],
    progress: Callable[[int, int], None] = lambda done, of: None,
    patience_seconds: float = 5.0,
) -> NDArray[np.int16]:
    """audio int16 (frames,), played by both outputs -> what the left input heard meanwhile, the same length.

    Frame n was heard in the block in which frame n was played: the delay in between is the converters' and the path's.
    The instrument is silent meanwhile. Raises LinkError if the module stops, or if the link was too slow and there were
    gaps: what was heard is then worth nothing.
    """
    blocks = -(-len(audio) // BLOCK_FRAMES)
    padded = np.zeros((max(blocks, ROOM), BLOCK_FRAMES), np.int16)  # less would never begin to sound
    padded.reshape(-1)[: len(audio)] = audio
    nothing = np.zeros(0, np.int16)
    now = module.ask("loop_block", "loop", tail=nothing, index=0, want=0, running=0, blocks=0).values
    heard: list[NDArray[np.int16]] = []
    moved = time.monotonic()
    try:
        while len(heard) < len(padded):
            count = max(0, min(MESSAGE_BLOCKS, len(padded) - now["next"], ROOM - (now["next"] - now["played"])))
            piece = padded[now["next"] : now["next"] + count].reshape(-1)
            answer = module.ask(
                "loop_block", "loop", tail=piece, index=now["next"], want=len(heard), running=1, blocks=count
            )
            now = answer.values
            if now["late"] and now["played"] < len(padded):
                raise LinkError("the link was too slow for the converter, there were gaps: close other programs")
            if now["first"] == len(heard) and now["blocks"]:
                heard.extend(answer.tail.reshape(-1, BLOCK_FRAMES))
                moved = time.monotonic()
                progress(len(heard), len(padded))
            elif now["played"] > len(heard):
                raise LinkError("the laptop was too slow to take what was heard; close other programs, try again")
            elif time.monotonic() - moved > patience_seconds:
                raise LinkError("the module's converter does not play; restart it and try again")
    finally:
        module.ask("loop_block", "loop", tail=nothing, index=0, want=0, running=0, blocks=0)
    return np.concatenate(heard)[: len(audio)]
