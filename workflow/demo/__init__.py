"""A staged programme that shows the service at work, with a truth of its own to be held against.

A story is written from a seed; a separate process plays it through the real broker and the real API as a
calendar service and a portal would; and a small model of its own, which shares no rule with the service,
says beforehand what must come of it.
"""
