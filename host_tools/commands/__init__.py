"""The commands: each reads its arguments, calls one library function, prints."""
