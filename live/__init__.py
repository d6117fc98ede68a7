"""The application where it runs: one door to ECS, to EKS and to the run on this machine, each thin over its API."""
