"""Glossary, translation memory, engines, translations and their tasks."""
