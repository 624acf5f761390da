"""Capital after break: what bets went on consuming since their thesis broke, and who let it."""
