"""What the module does around a network, readably: twins of firmware/module/sound, and how each is fitted."""
