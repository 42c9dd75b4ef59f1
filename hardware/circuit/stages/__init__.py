"""The circuit, one short file per stage. A value stands once, here; everything else is made from it."""
