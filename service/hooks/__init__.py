"""Tickets: a hook of GitHub or GitLab tells of an issue, and its role becomes a label there.

A delivery is checked, answered and written down at once; a thread sends the label afterwards
(:mod:`service.hooks.sender`), with the row under a lease, so that neither a restart nor a system
that does not answer loses one.
"""
