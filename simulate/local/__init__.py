"""The workload really running on this machine, under Docker Compose or as plain processes: see `engine.choose`."""
