"""Load on the running workload: stages as data, a Locust process that follows them, and the requests it made."""
