"""What exports have in common: records of CSV, lists, tables, JSON and XML."""
