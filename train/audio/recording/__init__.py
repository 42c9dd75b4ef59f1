"""A recording of a device: two files, read, followed, brought into line, and what a person should hear about them."""
