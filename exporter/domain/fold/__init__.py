"""What events move: the tallies of one cluster, how they are counted, and what a tick freezes of them."""
