"""How the queue brings an event again that has not been settled."""

VISIBILITY = 180
"""Seconds after which it does. By then what a killed function had claimed is free (`journal.LEASE`)."""
PATIENCE = 5
"""How often an event comes before it is told although something else explains it."""
TRIES = 10
"""How often it comes at all, before the dead-letter queue has it."""
