"""What follows training without any: calibrations of a network's probabilities, and decoders to label maps."""

VERSION = None  # a room
