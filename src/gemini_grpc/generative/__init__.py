"""The everyday API: clients that own a connection, and what is built on them."""
