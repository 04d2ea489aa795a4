"""Ties pyfault to the libraries that run your program: one line each, none of them on its own.

Nothing here is imported by `import pyfault`, and importing a hook changes nothing: `install()` or
the framework's own configuration does. agent/python/README.md has an example for each.

What goes to whom: `futures`, `multiprocessing` and `joblib` tell a parent why its child died;
`celery`, `gunicorn`, `asgi`, `wsgi`, `django`, `logging` and `ipython` note what the program is
doing, so that the report of a crash says so.
"""
