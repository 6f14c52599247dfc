"""The options of an app: their names and defaults, their checks, and what the engine gets."""
