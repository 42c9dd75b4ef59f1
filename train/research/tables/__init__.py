"""The tables of the research page, one file each, and the page."""
