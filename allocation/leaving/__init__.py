"""Ending a bet: stopped, or pivoted into a successor, as a proposal with its consequences.

``plan`` says what is meant, ``weighing`` what it means today and what stands in the way,
``consequences`` what of it is put on the table, ``draw_up`` makes it a person's proposal, and
``carry_out`` is what an approval does beyond booking the money.
"""
