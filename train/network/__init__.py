"""Networks and how they are trained fast: the TCN, the native core, optimizer, losses. Knows no devices."""
