"""One design for every report: its words, its players, its template."""
