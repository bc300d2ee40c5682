"""What text logs have in common: lines, encodings, headers, times as written."""
