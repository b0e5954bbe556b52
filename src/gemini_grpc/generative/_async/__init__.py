"""The asynchronous shell of the everyday API."""
