"""The HTTP service and the web page: thin shells around :mod:`classifier`.

>>> from service.app import create_app
>>> from service.settings import Settings
>>> create_app(Settings()).title
'Rolecall'
"""
