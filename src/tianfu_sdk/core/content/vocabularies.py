"""The open vocabularies that ship; a deployment adds to them and changes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tianfu_sdk.core.languages import synonyms
from tianfu_sdk.model.vocabulary import Term

__all__ = ["SHIPPED"]

_TERMS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    # The eight categories of the platform's site in 2021.
    "topic": (
        ("party_history", "党史教育", "party history"),
        ("science_encyclopedia", "科学百科", "science encyclopedia"),
        ("healthy_life", "健康生活", "healthy life"),
        ("safety_science", "安全科学", "safety science"),
        ("frontier_technology", "科技前沿", "frontier technology"),
        ("military_technology", "军事科技", "military technology"),
        ("practical_technology", "实用技术", "practical technology"),
        ("astronomy_geography", "天文地理", "astronomy and geography"),
    ),
    # 科普六进; the sixth varies from place to place, so three are offered.
    "setting": (
        ("countryside", "进农村", "countryside"),
        ("community", "进社区", "community"),
        ("school", "进学校", "school"),
        ("enterprise", "进企业", "enterprise"),
        ("office", "进机关", "office"),
        ("family", "进家庭", "family"),
        ("barracks", "进军营", "barracks"),
        ("network", "进网络", "network"),
        ("monastery", "进寺庙", "monastery"),
        ("yi_home", "进彝家", "Yi homes"),
        ("night_school", "进农民夜校", "farmers' night schools"),
    ),
    "audience": (
        ("general", "公众", "general public"),
        ("children", "儿童", "children"),
        ("youth", "青少年", "youth"),
        ("farmers", "农民", "farmers"),
        ("elderly", "老年人", "elderly"),
        ("officials", "领导干部和公务员", "officials"),
        ("workers", "产业工人", "workers"),
    ),
    "role": (
        ("host", "主办", "host"),
        ("undertaker", "承办", "undertaker"),
        ("supporter", "协办", "supporter"),
        ("organizer", "举办", "organizer"),
        ("chair", "主持", "chair"),
        ("partner", "联合", "partner"),
        ("venue", "场地", "venue"),
        ("visitor", "来访", "visitor"),
        ("evaluator", "考核", "evaluator"),
    ),
    "base_kind": (
        ("venue", "科技场馆", "science venue"),
        ("public_place", "公共场所", "public place"),
        ("education_research", "教育科研", "education and research"),
        ("other", "其他", "other"),
    ),
    "event_type": (
        ("earthquake", "地震", "earthquake"),
        ("flood", "洪涝", "flood"),
        ("landslide", "山洪泥石流", "flash flood and debris flow"),
        ("wildfire", "森林草原火灾", "forest and grassland fire"),
        ("rainstorm", "暴雨", "rainstorm"),
        ("heat", "高温", "heat"),
        ("cold", "寒潮", "cold wave"),
        ("epidemic", "传染病", "epidemic"),
        ("food_safety", "食品安全", "food safety"),
        ("accident", "事故", "accident"),
        ("rumour", "谣言", "rumour"),
    ),
}


def _shipped() -> Iterator[Term]:
    yield from (
        Term(
            id=f"trm_{vocabulary}.{code}",
            vocabulary=vocabulary,
            code=code,
            labels={"zh-Hans": chinese, "en": english},
        )
        for vocabulary, terms in _TERMS.items()
        for code, chinese, english in terms
    )
    yield from synonyms.terms()


SHIPPED: tuple[Term, ...] = tuple(_shipped())
"""Terms that every store begins with."""
