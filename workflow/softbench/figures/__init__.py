"""Pictures: reliability, soft labels, cases, ranks, and the figures of the papers."""
