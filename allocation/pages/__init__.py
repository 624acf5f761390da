"""Pages on which a portfolio is founded, and on which it is said what it is made of."""
