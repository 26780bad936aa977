"""Scores of a prediction against several raters at once. Each entry of the register stands with its function."""

VERSION = None  # words about the room
