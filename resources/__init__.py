"""Icons, themes, translations, schemas and shared vectors; package data of workdiary."""
