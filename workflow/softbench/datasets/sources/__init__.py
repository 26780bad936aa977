"""Published sources, a module each, and what several of them share. The contract stands in `datasets/__init__.py`."""

VERSION = None  # holds modules
