"""The web page: templates, a style sheet and a small script, all served from here."""
