"""Neural Amp Modeler's files (`.nam`), read in one place: devices play it, quantize makes integers of it.

`reading` opens a file and checks it against `records`, the format's schema, before anything is computed; there every
dialect becomes one. `wavenet` and `lstm` put a file's weights into their places.
"""
