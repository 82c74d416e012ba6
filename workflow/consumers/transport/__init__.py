"""How messages reach us: our own NATS server, its stream, and the pull that reads it.

JetStream carries messages and is never the record: what was taken in stands in the event store.
"""
