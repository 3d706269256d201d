"""A result document in, its text, its figures or its page out; nothing here computes a result.

`text` needs only the standard library and rich; `page` adds Jinja2; `figures`, imported by
`page` when it draws, adds Altair and vl-convert.
"""
