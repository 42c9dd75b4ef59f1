"""The circuit, and what is bought for it: parts on named nets, a catalogue, a bill."""
