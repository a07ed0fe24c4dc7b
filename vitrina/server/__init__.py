"""The server: settings, the FastAPI parent, REST, sign-in."""
