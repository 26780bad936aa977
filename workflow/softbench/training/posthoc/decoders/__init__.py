"""Decoders: each file has `fit`, from calibrated probabilities of validation cases to a `Decoder`."""

VERSION = None  # a room
