"""What runs in KiCad's own Python, with pcbnew and the standard library only: each file does one thing with a job."""
