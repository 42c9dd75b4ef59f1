"""The laptop's side: the command line, the link to a module, the simulated module, reports."""
