"""The pictures that a reader is shown of a table, a file each."""
