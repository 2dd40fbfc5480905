"""What plays a search on a real cluster and compares what the API and a daemon's page say of it."""
