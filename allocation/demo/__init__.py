"""The demo portfolio: an invented company with two years of evidence behind it."""
