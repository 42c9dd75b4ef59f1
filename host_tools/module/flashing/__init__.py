"""The firmware from its sources to a flashed board: builds, images, DFU, and what a release holds."""
