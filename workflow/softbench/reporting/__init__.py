"""What the reader sees: tables in four formats, reliability diagrams, and one self-contained page."""
