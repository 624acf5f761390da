"""Pages beside those of proposals: the founding of a portfolio, what it is made of, its books."""
