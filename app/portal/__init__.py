"""The sample application: a student portal of three Python services around PostgreSQL and Redis."""
