"""The worker: takes transcript requests from the stream and makes each transcript exactly once."""
