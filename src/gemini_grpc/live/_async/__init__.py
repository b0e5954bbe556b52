"""The asynchronous shell of live sessions: it does what the colourless core decides."""
