"""From the files of a source to a dataset: read, checked, resampled, cropped, normalised and hashed."""

VERSION = None  # holds modules
