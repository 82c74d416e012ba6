"""What is folded: one file for each thing to read, with its table, its fold and its queries.

A fold copies what the events say. It decides nothing, reads no clock and has no effects: a projection can
be thrown away and made anew from the events at any time, and ``mentoring verify`` proves that it would come
out the same. ``running`` keeps them up with the log, in tables that ``rows`` knows, over ``sqlite`` or ``postgres``.
"""
