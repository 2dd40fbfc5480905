"""The pure core: what a search is and what may be said about it. No clock, no I/O, no vendor."""
