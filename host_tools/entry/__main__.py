"""`python -m gritspace` is `gritspace`. This folder is the package gritspace itself; the rooms are packages in it."""

from gritspace.host_tools.start import main

if __name__ == "__main__":
    main()
