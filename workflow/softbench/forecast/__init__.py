"""What will a target take: jobs, runs, hours, memory and disk before launch, from what finished runs took."""
