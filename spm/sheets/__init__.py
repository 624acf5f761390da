"""Files of rows as they really are: whatever encoding, separator, spelling of amounts and dates.

Pure: bytes in, cells and problems out. Who reads a file that strangers sent does so in a process
of its own, with limits on memory and time (``spm.sheets.apart``).
"""
