"""The asynchronous shell: it does what the colourless core decides."""
