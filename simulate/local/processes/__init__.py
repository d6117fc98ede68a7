"""The workload as plain processes: no Docker, no root; PostgreSQL and Redis come from wheels."""
