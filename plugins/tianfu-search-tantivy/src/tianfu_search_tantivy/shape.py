"""What a document is in tantivy, and what a question is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from tantivy import Document, FieldType, Occur, Query, Schema, SchemaBuilder

from tianfu_sdk.model.search import SearchDoc, SearchFilter
from tianfu_sdk.text import folded_tokens

__all__ = ["LAYOUT", "MARKED", "clipped", "marking", "question", "schema", "term", "written"]

LAYOUT = 2
"""Grows with every change of the fields."""
MARKED = "mark"
_LONGEST = 200
_DIGEST = 20


def schema() -> Schema:
    """Give the fields.

    One document more than are to be found holds the mark, so that a commit has both.
    """
    fields = SchemaBuilder()
    for name in ("id", "kind", "language", "tag", "about"):
        fields.add_text_field(name, stored=name == "id", tokenizer_name="raw", index_option="basic")
    fields.add_text_field("tokens", tokenizer_name="whitespace", index_option="freq")
    # Bytes, as what is only kept: a text field without an index would be refused.
    fields.add_bytes_field("body", stored=True)
    fields.add_integer_field("length", fast=True)
    for name in ("first", "last"):
        fields.add_integer_field(name, fast=True)
    return fields.build()


def clipped(token: str) -> str:
    """Give a token as the index keeps it; of one that is too long the end is a hash."""
    if len(token) <= _LONGEST:
        return token
    digest = hashlib.blake2b(token.encode("utf-8", "replace"), digest_size=_DIGEST // 2)
    return token[: _LONGEST - _DIGEST] + digest.hexdigest()


def written(doc: SearchDoc) -> Document:
    """Make what tantivy keeps of a document."""
    tokens = folded_tokens(doc.text)
    made = Document()
    made.add_text("id", doc.id)
    made.add_text("kind", doc.kind)
    made.add_text("language", doc.language)
    for tag in sorted(doc.tags):
        made.add_text("tag", tag)
    joined = " ".join(tokens)
    if max(map(len, tokens), default=0) > _LONGEST:
        joined = " ".join(map(clipped, tokens))
    made.add_text("tokens", _encodable(joined))
    made.add_bytes("body", doc.text.encode("utf-8", "replace"))
    made.add_integer("length", len(tokens))
    if doc.first is not None and doc.last is not None:
        made.add_integer("first", doc.first)
        made.add_integer("last", doc.last)
    return made


def marking(cursor: str) -> Document:
    """Make the document that holds the mark."""
    made = Document()
    made.add_text("about", MARKED)
    made.add_bytes("body", cursor.encode())
    return made


def term(fields: Schema, token: str) -> Query:
    """Ask for one token."""
    return Query.term_query(fields, "tokens", _encodable(clipped(token)), "freq")


def question(fields: Schema, tokens: Iterable[str], only: SearchFilter) -> Query:
    """Ask for documents that have any of the tokens and are what they must be."""
    asked = Query.boolean_query([(Occur.Should, term(fields, token)) for token in tokens])
    limits = [
        _among(fields, name, members)
        for name, members in (
            ("kind", only.kinds),
            ("language", only.languages),
            ("tag", only.tags),
        )
        if members
    ]
    integer = FieldType.Integer
    if only.since is not None:
        limits.append(Query.range_query(fields, "last", integer, only.since, None))
    if only.until is not None:
        before = Query.range_query(fields, "first", integer, None, only.until, include_upper=False)
        limits.append(before)
    if not limits:
        return asked
    scoreless = [(Occur.Must, Query.const_score_query(one, 0.0)) for one in limits]
    return Query.boolean_query([(Occur.Must, asked), *scoreless])


def _among(fields: Schema, name: str, members: frozenset[str]) -> Query:
    values = [_encodable(one) for one in sorted(members)]
    # A set is looked up in the whole dictionary; few are quicker one by one.
    if len(values) == 1:
        return Query.term_query(fields, name, values[0], "basic")
    return Query.term_set_query(fields, name, values)


def _encodable(text: str) -> str:
    """Replace half surrogate pairs, which no index can hold."""
    return text if text.isprintable() else text.encode("utf-8", "replace").decode()
