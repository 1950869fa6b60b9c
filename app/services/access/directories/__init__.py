"""People and groups that directories send, and what an admin does about them."""
