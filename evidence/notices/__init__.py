"""Notices: who is told of what, on a page and by e-mail.

Read in this order: tell, concerned, theses, deadlines, requests, webhooks, wants,
sift, mail, message.
"""
