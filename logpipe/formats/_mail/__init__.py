"""What mails have in common: parts, headers, dates, and the reports that some of them are."""
