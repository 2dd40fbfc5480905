"""What is said about Azure: clusters, pools and what lies beside them, who is followed, and when it is read."""
