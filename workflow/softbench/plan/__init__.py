"""What is asked for, and where does it lie? Config and the rules found, read as one plan; imports no torch."""

VERSION = None  # names alone
