"""Words that ask for the same: what ships, to be added to and changed by a deployment.

Each group is a term of the vocabulary `synonym`, and its other words are narrower terms of it.
Only what can stand for one another in any question is here: a kind of a thing is not the thing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tianfu_sdk.model.glossary import Concept, GlossaryTerm
from tianfu_sdk.model.vocabulary import Term

__all__ = ["GROUPS", "SYNONYM", "concepts", "terms"]

SYNONYM = "synonym"
"""Name of the vocabulary."""

GROUPS: Mapping[str, str] = {
    # Health.
    "stroke": "脑卒中 中风 卒中 脑中风",
    "hypertension": "高血压 血压高",
    "infarction": "心肌梗死 心梗 心肌梗塞",
    "cerebral_infarction": "脑梗死 脑梗 脑梗塞",
    "cerebral_haemorrhage": "脑出血 脑溢血",
    "cold": "感冒 伤风",
    "influenza": "流感 流行性感冒",
    "covid": "新冠 新型冠状病毒 covid-19",
    "tuberculosis": "肺结核 肺痨 痨病",
    "rabies": "狂犬病 恐水症",
    "echinococcosis": "包虫病 棘球蚴病",
    "aids": "艾滋病 aids",
    "hepatitis_b": "乙肝 乙型肝炎",
    "goitre": "大脖子病 甲状腺肿",
    "dementia": "阿尔茨海默病 老年痴呆 老年性痴呆",
    "vaccination": "打疫苗 接种疫苗 预防接种 打预防针",
    "fever": "发烧 发热",
    "diarrhoea": "拉肚子 腹泻",
    "headache": "头疼 头痛",
    "caries": "蛀牙 龋齿 虫牙",
    "altitude_sickness": "高原反应 高反 高山病",
    "co_poisoning": "一氧化碳中毒 煤气中毒",
    "heatstroke": "中暑 发痧",
    "cpr": "心肺复苏 cpr",
    "antibiotic": "抗生素 抗菌药",
    "ct": "ct 计算机断层扫描",
    # Agriculture.
    "maize": "玉米 苞谷 包谷 苞米",
    "potato": "马铃薯 土豆 洋芋",
    "sweet_potato": "红薯 红苕 甘薯 番薯 地瓜",
    "citrus": "柑橘 柑桔",
    "kiwifruit": "猕猴桃 奇异果",
    "tomato": "番茄 西红柿",
    "cabbage": "甘蓝 莲花白 卷心菜 包菜",
    "broad_bean": "蚕豆 胡豆",
    "barley": "青稞 裸大麦",
    "armyworm": "草地贪夜蛾 秋黏虫",
    "huanglongbing": "黄龙病 黄梢病",
    "swine_fever": "非洲猪瘟 asf",
    # Disasters and the sky.
    "landslide": "滑坡 山体滑坡",
    "flash_flood": "山洪 山洪暴发",
    "flood": "洪水 洪涝 水灾 洪灾",
    "wildfire": "森林火灾 山火 森林起火",
    "lightning": "雷击 雷电 打雷",
    "drought": "干旱 旱灾",
    "hail": "冰雹 雹子",
    "electric_shock": "触电 电击",
    "drowning": "溺水 淹水",
    "solar_eclipse": "日食 日蚀",
    "lunar_eclipse": "月食 月蚀",
}
"""The words of each group, the first the usual one."""


def terms() -> Iterator[Term]:
    """Give the groups as terms of the vocabulary."""
    for code, words in GROUPS.items():
        for number, word in enumerate(words.split(), 1):
            own = code if number == 1 else f"{code}.{number}"
            yield Term(
                id=f"trm_{SYNONYM}.{own}",
                vocabulary=SYNONYM,
                code=own,
                labels={"zh-Hans": word},
                parent=None if number == 1 else code,
            )


def concepts(vocabulary: Iterable[Term]) -> Iterator[Concept]:
    """Give the groups of a vocabulary as concepts, which are found in texts.

    Args:
        vocabulary: Its terms; those that are not active are left out. A term belongs to the
            group of the widest term above it.
    """
    known = {term.code: term for term in vocabulary}
    groups: dict[str, dict[tuple[str, str], None]] = {}
    for term in known.values():
        if term.active:
            named = groups.setdefault(_widest(term, known), {})
            named |= dict.fromkeys(term.labels.items())
    for code, named in groups.items():
        if len(named) > 1:
            yield Concept(
                id=f"{SYNONYM}.{code}",
                organization="",
                region="",
                terms=tuple(GlossaryTerm(language=tag, text=text) for tag, text in named),
            )


def _widest(term: Term, known: Mapping[str, Term]) -> str:
    seen = {term.code}
    while term.parent is not None and term.parent not in seen:
        seen.add(term.parent)
        above = known.get(term.parent)
        if above is None:
            return term.parent
        term = above
    return term.code
