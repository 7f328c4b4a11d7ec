"""Widgets: they show what presenters say and report what the person does."""
