"""Evidence from files: whatever a team has, a CSV file or a spreadsheet, as it really is.

The way of a file: taken apart at arm's length (``spm.sheets``), its columns recognised
(``fields``), mapped by a person (``mapping``), every row planned and every problem told (``plan``),
then taken through the one door by a worker (``steps``), and taken back as a whole if need be.
"""
