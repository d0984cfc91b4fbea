"""Rounds of projects and experts: everybody gets somebody, and the whole is the best there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import attrs

from tianfu_sdk.core.matching import matching
from tianfu_sdk.core.matching.assignment import assign
from tianfu_sdk.core.matching.offices import in_office
from tianfu_sdk.core.matching.similarity import token_counts, weighed
from tianfu_sdk.core.rows.keying import NounKind
from tianfu_sdk.core.rows.kinds import EXPERT, LISTING, kind_of
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.listing import Expert, Listing, ListingKind
from tianfu_sdk.model.matching import Pair, Spare
from tianfu_sdk.model.storage import Query, Row
from tianfu_sdk.services.desk.work import Desk, Work
from tianfu_sdk.services.matching.experts import shown_expert
from tianfu_sdk.services.matching.results import Round
from tianfu_sdk.services.matching.sides import (
    expert_candidate,
    expert_titles,
    need_of,
    spread_of,
    tree_of,
)

__all__ = ["Rounds"]

_MOST_PAIRS = 1_000_000
_AT_ONCE = 100
_SEEKS = frozenset({ListingKind.PROJECT, ListingKind.NEED})
_Scored = tuple[float, Mapping[str, float]]


@attrs.frozen
class _Table:
    """All pairs of a round: a score and its reasons, or why not."""

    scored: dict[tuple[int, int], _Scored]
    refused: dict[tuple[int, int], str]

    def scores(self, rows: int, columns: int) -> list[list[float | None]]:
        """Give the table that is solved."""
        found = self.scored
        return [
            [found[row, c][0] if (row, c) in found else None for c in range(columns)]
            for row in range(rows)
        ]

    def whys(self, axis: int, number: int) -> list[tuple[str, dict[str, int]]]:
        """Say why each row (axis 0) or column (axis 1) got nobody, and how often for what."""
        counted: list[Counter[str]] = [Counter() for _ in range(number)]
        for pair, why in self.refused.items():
            counted[pair[axis]][why] += 1
        taken = {pair[axis] for pair in self.scored}
        reasons = []
        for place, gated in enumerate(counted):
            # Of whom nothing was scored or refused, there was nobody on the other side.
            often = max(gated, key=lambda why, of=gated: (of[why], why), default="nobody")  # type: ignore[misc]
            reasons.append(("taken" if place in taken else often, dict(sorted(gated.items()))))
        return reasons


class Rounds(Desk):
    """Give projects and needs their experts."""

    def match_round(
        self,
        projects: Sequence[str],
        experts: Sequence[str] | None = None,
        *,
        capacity: int | None = None,
        conflicts: Collection[tuple[str, str]] = (),
        least: float = 0.0,
        weights: Mapping[str, float] | None = None,
        solver: str | None = None,
    ) -> Round:
        """Make one round; see `Hub.match_round`."""
        for name, given in (("projects", projects), ("experts", experts)):
            if isinstance(given, str):
                raise Invalid("field.type", path=name, wanted="list", found="str")
        if capacity is not None:
            demand_type(capacity, int, "capacity")
            if capacity < 0:
                raise Invalid("field.too_small", path="capacity", value=capacity, least=0)
        if not isinstance(least, float | int) or not 0 <= least <= 1:  # type: ignore[redundant-expr]
            raise Invalid("field.value", path="least", value=str(least)[:20])
        if weights is None:
            weights = matching.weights_for(EXPERT.name, self._tools.settings.match.weights)
        matching.demand_weights(weights)
        chosen, apart = weights, _apart(conflicts)

        def read(work: Work) -> Round:
            needs = _projects(work, projects)
            people = _experts(work, experts)
            if len(needs) * len(people) > _MOST_PAIRS:
                raise Invalid("match.round_large", path="projects", most=_MOST_PAIRS)
            takes = [one.capacity if capacity is None else capacity for one in people]
            table = _table(work, needs, people, takes, weights=chosen, conflicts=apart, least=least)
            taken, solved_by = assign(table.scores(len(needs), len(people)), takes, solver=solver)
            return _round(work, needs, people, table=table, taken=taken, solver=solved_by)

        return self._read(read)


def _apart(conflicts: Collection[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Give the pairs that must not meet; one the wrong way round would keep nobody apart."""
    found = set()
    for place, pair in enumerate(conflicts):
        both = [kind_of(id_) for id_ in pair]
        if both != [LISTING, EXPERT]:
            raise Invalid("match.conflict", path=f"conflicts[{place}]")
        found.add((pair[0], pair[1]))
    return frozenset(found)


def _projects(work: Work, ids: Sequence[str]) -> list[Listing]:
    found = []
    # In the order of ids, so that a round does not depend on how they are given.
    ordered = sorted(dict.fromkeys(ids))
    rows = {row.id: row for row in work.readable(LISTING.name, _rows(work, LISTING, ordered))}
    for id_ in ordered:
        # One that is not there is told as it always is.
        listing = work.noun(LISTING, rows.get(id_) or work.visible(LISTING, id_))
        if listing.kind not in _SEEKS:
            raise Invalid("match.round_kind", path="projects", id=id_)
        found.append(listing)
    return found


def _experts(work: Work, ids: Sequence[str] | None) -> list[Expert]:
    if ids is None:
        today = work.today
        rows = work.each(EXPERT.name, Query(where=in_office(today)))
        return [work.noun(EXPERT, row) for row in rows]
    ordered = sorted(dict.fromkeys(ids))
    known = {row.id: row for row in _rows(work, EXPERT, ordered)}
    return [shown_expert(work, id_, known.get(id_)) for id_ in ordered]


def _rows(work: Work, shelf: NounKind[Any], ids: Sequence[str]) -> Iterator[Row]:
    """Read rows together, a hundred at a time: a listing may be a megabyte."""
    for start in range(0, len(ids), _AT_ONCE):
        yield from work.tx.get(shelf.name, ids[start : start + _AT_ONCE])


def _table(
    work: Work,
    listings: Sequence[Listing],
    experts: Sequence[Expert],
    takes: Sequence[int],
    *,
    weights: Mapping[str, float],
    conflicts: Collection[tuple[str, str]],
    least: float,
) -> _Table:
    needs = [need_of(work, listing) for listing in listings]
    people = [
        attrs.evolve(one, capacity=most, counts=token_counts(one.text))
        for one, most in zip((expert_candidate(work, e) for e in experts), takes, strict=True)
    ]
    wanted = dict.fromkeys(token for need in needs for token in need.tokens)
    spread = spread_of(work, list(wanted))
    topics, audiences = tree_of(work, "topic"), tree_of(work, "audience")
    today = work.today
    table = _Table({}, {})
    for row, need in enumerate(needs):
        corpus = weighed(need.tokens, spread)
        for column, person in enumerate(people):
            reason = matching.gate(person, need, today=today, audiences=audiences)
            if listings[row].organization == experts[column].organization or (
                (need.id, person.id) in conflicts
            ):
                reason = "conflict"
            if not reason:
                found = matching.features(person, need, corpus=corpus, parents=topics, now=work.now)
                scored = matching.score(found, weights)
                reason = "low" if scored[0] < least else ""
            if reason:
                table.refused[row, column] = reason
            else:
                table.scored[row, column] = scored
    return table


def _round(
    work: Work,
    listings: Sequence[Listing],
    experts: Sequence[Expert],
    *,
    table: _Table,
    taken: Sequence[int | None],
    solver: str,
) -> Round:
    titles = expert_titles(work, [expert.id for expert in experts])
    pairs = []
    for row, column in enumerate(taken):
        if column is not None:
            score, why = table.scored[row, column]
            pairs.append(
                Pair(
                    project=listings[row].id,
                    project_title=listings[row].title,
                    expert=experts[column].id,
                    expert_title=titles[experts[column].id],
                    score=score,
                    why=why,
                )
            )
    found = set(taken)
    free = [
        (listing.kind.value, listing.id, listing.title, why)
        for listing, why, column in zip(listings, table.whys(0, len(listings)), taken, strict=True)
        if column is None
    ]
    free += [
        (EXPERT.name, expert.id, titles[expert.id], why)
        for column, (expert, why) in enumerate(
            zip(experts, table.whys(1, len(experts)), strict=True)
        )
        if column not in found
    ]
    spare = [
        Spare(kind=kind, id=id_, title=title, reason=reason, gated=gated)
        for kind, id_, title, (reason, gated) in free
    ]
    return Round(
        pairs=tuple(pairs),
        spare=tuple(sorted(spare, key=lambda one: one.id)),
        total=sum((pair.score for pair in pairs), 0.0),
        solver=solver,
    )
