"""Generations of rows: what is folded into them in memory, how far each is, and what keeps them."""
