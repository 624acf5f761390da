"""Pages and fragments: the stream across bets, and the evidence on one bet."""
