"""What stops one search from the command line: through a daemon, or with the caller's own rights."""
