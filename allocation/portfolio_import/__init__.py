"""A portfolio made from the status rows that an office really has. Read in this order:

mapping       what the columns mean, and what is assumed; mapping_file reads it from TOML
table         the file as it really is: encoding, separator, header, lines
cells         amounts and dates as people type them
rows          one status row, and what is wrong with those that cannot be used
names         when two spellings are the same name
identity      which rows of different periods are the same bet
plan          the portfolio that follows from the rows
apply         writes the plan, period by period, through the product's own functions:
              opening (the portfolio itself), bet_writing, money
account       what is told at the end

All up to ``plan``, and ``account``, are pure: no Django, no database, no clock.
"""
