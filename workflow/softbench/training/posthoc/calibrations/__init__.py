"""Calibrations: each file has `fit`, from what a network says of validation cases to a `Calibration`."""

VERSION = None  # a room
