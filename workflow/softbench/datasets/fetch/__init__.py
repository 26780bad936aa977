"""The files of a source: downloaded, or from a folder of the user's; verified, unpacked and listed."""

VERSION = None  # holds modules
