"""What the status page says, in a terminal."""
