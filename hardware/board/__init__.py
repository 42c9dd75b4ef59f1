"""The board to order: placed, routed, filled, checked and written out from the circuit and the panel."""
