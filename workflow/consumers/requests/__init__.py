"""What is asked by HTTP, as units of work for the one writer.

A unit runs inside a transaction of the store, so that an idempotency key, the events, the directory and
whatever waited for them commit together or not at all.
"""
