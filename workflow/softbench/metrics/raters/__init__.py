"""Scores of a prediction against several raters at once. Functions of arrays alone; no table shows them yet."""

VERSION = None  # words about the room
