"""A rehearsal: a small search of our own on a real cluster, with the rights of whoever starts it."""
