"""Organizations (组织): associations, societies, stations and all who host science."""

from __future__ import annotations

import attrs

from tianfu_sdk.model.base import Labelled, Noun
from tianfu_sdk.model.checks import both, each, region_code, text, unique

__all__ = ["Organization", "OrganizationKind"]


class OrganizationKind(Labelled):
    """What an organization is."""

    ASSOCIATION = "association", "科协", "association for science and technology"
    DEPARTMENT = "association_department", "科协部门", "department of an association"
    SERVICE_CENTER = "service_center", "服务中心", "service centre"
    SOCIETY = "society", "学会/协会", "learned society"
    RURAL = "rural_technical_association", "农技协", "rural technical association"
    SENIOR = "senior_association", "老科协", "veteran scientists' association"
    WORKSTATION = "workstation", "院士(专家)工作站", "academician (expert) workstation"
    BASE = "base", "科普基地", "science base"
    SCHOOL = "school", "学校", "school"
    HOSPITAL = "hospital", "医院", "hospital"
    COMMUNITY = "community", "社区", "community"
    FIRM = "firm", "企业", "firm"
    GOVERNMENT = "government", "机关", "government body"
    VENUE = "venue", "场馆", "venue"
    YOUTH_CENTER = "youth_center", "青少年活动中心", "youth centre"
    LECTURE_GROUP = "lecture_group", "宣讲团", "lecture group"
    OTHER = "other", "其他", "other"


@attrs.frozen(kw_only=True)
class Organization(Noun):
    """An organization in the tree that stands beside the regions."""

    name: str = attrs.field(metadata=text(100, shortest=1))
    """Full name, such as 自贡市科学技术协会."""
    kind: OrganizationKind = OrganizationKind.OTHER
    region: str = attrs.field(metadata=region_code)
    """Where it is at home, GB/T 2260."""
    aliases: tuple[str, ...] = attrs.field(default=(), metadata=both(each(text(100)), unique))
    """Short and former names, such as 自贡市科协."""
    parent: str | None = None
    """Id of the organization above."""
    path: tuple[str, ...] = ()
    """Ids from the root of the tree down to this one, itself included; kept by the store."""
    note: str = attrs.field(default="", metadata=text(500))
