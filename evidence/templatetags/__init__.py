"""What every page shows of evidence."""
