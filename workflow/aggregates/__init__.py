"""The domain: what may happen to a mentoring relationship, decided purely.

``decide`` holds every rule and touches nothing; ``evolve`` copies what an event says and never refuses.
Nothing here reads a clock, a file or a network: ``now`` comes in with the command.
"""
