"""The settings mypy's Django plugin reads; the same ones the server is composed with."""

SECRET_KEY = "typing only"
INSTALLED_APPS: list[str] = []
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
