"""Supply and demand of the demo: invented offers, needs and experts, in the words of real ones."""

from __future__ import annotations

from typing import Any

from tianfu_sdk.model.base import Precision, Quantity

__all__ = ["EXPERTS", "LISTINGS", "NEED"]

NEED = "柑橘园溃疡病和木虱怎么治"
"""Title of the need that the demo matches."""

_SKILL, _HEALTH, _SCIENCE = "practical_technology", "healthy_life", "science_encyclopedia"

LISTINGS: tuple[dict[str, Any], ...] = (
    {
        "kind": "service",
        "title": "柑橘病虫害绿色防控技术服务",
        "body": "为果园提供木虱、溃疡病调查和绿色防控方案",
        "topics": [_SKILL],
        "delivery": "on_site",
        "budget": Quantity(20_000, Precision.ABOUT),
    },
    {
        "kind": "service",
        "title": "校园科普剧与科学实验巡演",
        "body": "水火箭、液氮秀等科学实验进校园",
        "topics": [_SCIENCE],
        "cooperation": ["free"],
    },
    {
        "kind": "achievement",
        "title": "晚熟柑橘防寒覆膜技术",
        "body": "覆膜与熏烟结合，减轻晚熟柑橘冻害",
        "topics": [_SKILL],
        "maturity": 8,
        "ip_status": "granted",
        "cooperation": ["licence", "service"],
    },
    {
        "kind": "project",
        "title": "茶园小绿叶蝉生态调控试验",
        "body": "承接茶园害虫生态调控研究",
        "topics": [_SKILL],
        "region": "511800",
    },
    {
        "kind": "project",
        "title": "泡菜乳酸菌发酵工艺改进",
        "body": "优化发酵菌种，稳定风味，降低亚硝酸盐",
        "topics": [_SKILL],
    },
    {
        "kind": "need",
        "title": "晚熟柑橘怎么防冻",
        "body": "合作社晚熟柑橘越冬落果，求覆膜防寒技术",
        "topics": [_SKILL],
    },
    {
        "kind": "need",
        "title": "乡村学校想开科学实验课",
        "body": "缺器材和师资，求适合小学生的科学实验方案",
        "topics": [_SCIENCE],
        "region": "510185",
    },
    {
        "kind": "need",
        "title": "社区老年人高血压自我管理怎么教",
        "body": "求血压自测、用药和饮食的讲座与随访办法",
        "topics": [_HEALTH],
        "region": "510703",
    },
    {
        "kind": "need",
        "title": NEED,
        "body": "合作社有柑橘园，求溃疡病和木虱防控技术服务",
        "topics": [_SKILL],
        "requirements": "溃疡病病叶率降到 5% 以下",
        "budget": Quantity(30_000),
        "budget_most": 50_000,
    },
)
"""Fields of listings; the need that is matched comes last."""

EXPERTS: tuple[dict[str, Any], ...] = (
    {
        "name": "演示专家己",
        "title": "高级农艺师（虚构）",
        "profile": "柑橘病虫害防控，木虱与黄龙病监测",
        "organization": "ast-meishan",
        "topics": [_SKILL],
        "keywords": ["柑橘", "木虱"],
        "fields": ["果树病理"],
        "availability": "每周三下午线上",
    },
    {
        "name": "演示专家庚",
        "title": "研究员（虚构）",
        "profile": "柑橘越冬管理、覆膜防寒与病虫害防控",
        "organization": "ast-ziyang",
        "topics": [_SKILL],
        "fields": ["果树栽培"],
    },
    {
        "name": "演示专家辛",
        "title": "茶学教授（虚构）",
        "profile": "茶园小绿叶蝉等害虫的生态调控",
        "organization": "ast-yaan",
        "topics": [_SKILL],
        "fields": ["茶学", "昆虫学"],
    },
    {
        "name": "演示专家壬",
        "title": "食品工程师（虚构）",
        "profile": "泡菜发酵、乳酸菌菌种与食品安全",
        "organization": "ast-meishan",
        "topics": [_SKILL],
        "fields": ["食品发酵"],
    },
    {
        "name": "演示专家癸",
        "title": "主任医师（虚构）",
        "profile": "高血压、脑卒中的社区防治与老年人用药",
        "organization": "ast-mianyang",
        "topics": [_HEALTH],
        "fields": ["慢病防治"],
        "capacity": 2,
    },
    {
        "name": "演示专家子",
        "title": "科学教师（虚构）",
        "profile": "小学科学实验课设计，水火箭与低成本器材",
        "organization": "ast-chengdu",
        "topics": [_SCIENCE],
        "fields": ["科学教育"],
    },
    {
        "name": "演示专家丑",
        "title": "天文馆讲师（虚构）",
        "profile": "天文观测与星空摄影",
        "organization": "ast-aba",
        "topics": ["astronomy_geography"],
    },
)
"""Fields of experts; organizations by their key of the demo."""
