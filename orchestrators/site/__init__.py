"""What a data centre has of its own on either orchestrator: the proxy that holds its one address, and the way there."""
