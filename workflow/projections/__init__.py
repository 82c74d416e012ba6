"""What is folded: one file for each thing to read (its table, its fold, its queries), and the one runner.

A fold copies what the events say. It decides nothing, reads no clock and has no effects: a projection can
be thrown away and made anew from the events at any time, and ``mentoring verify`` proves that it would come
out the same.
"""
