"""The report: one self-contained page, its chapters, and what it says first."""
