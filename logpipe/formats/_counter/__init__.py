"""What counter logs have in common: paths of counters, the clock, and which header governs."""
