"""The interface of Flask-JWT-Extended 3. Only ``jwt_manager`` and the package itself import it.

Each name works as in 3.x, and issues a ``DeprecationWarning`` that names its replacement.
"""
