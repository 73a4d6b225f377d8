"""The Django project of the tests: settings, rows, people, its commands and its servers."""
