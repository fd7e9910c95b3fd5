"""How a trace shows itself: as text in a terminal, as HTML in a notebook. Pure, and loaded by who looks."""
