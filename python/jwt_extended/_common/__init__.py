"""Code that every Python face shares. Nothing in here may import a web framework."""
