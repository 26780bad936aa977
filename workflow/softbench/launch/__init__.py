"""May a run begin here, who else is at work, and do its jobs end with it."""
