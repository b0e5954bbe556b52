"""How one call is made: methods, options, deadlines, retries, streams; written once for both colours."""
