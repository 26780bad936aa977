"""Is this machine fit for a campaign: one check a file, each returns a `Finding`; `softbench check` runs them."""
