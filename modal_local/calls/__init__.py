"""Function calls: their inputs, queues, outputs and data streams, in memory."""
