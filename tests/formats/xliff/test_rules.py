"""Each rule of a check: a document that breaks it, and a neighbour that does not."""

import os
import re
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest

from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats.markup import read
from tianfu_sdk.formats.xliff import MESSAGES, Severity, check

CORE = "urn:oasis:names:tc:xliff:document:2.0"
SPACES = {
    "my": "urn:example:my",
    "mtc": "urn:oasis:names:tc:xliff:matches:2.0",
    "gls": "urn:oasis:names:tc:xliff:glossary:2.0",
    "fs": "urn:oasis:names:tc:xliff:fs:2.0",
    "mda": "urn:oasis:names:tc:xliff:metadata:2.0",
    "res": "urn:oasis:names:tc:xliff:resourcedata:2.0",
    "ctr": "urn:oasis:names:tc:xliff:changetracking:2.0",
    "slr": "urn:oasis:names:tc:xliff:sizerestriction:2.0",
    "val": "urn:oasis:names:tc:xliff:validation:2.0",
    "pgs": "urn:oasis:names:tc:xliff:pgs:1.0",
    "its": "http://www.w3.org/2005/11/its",
    "itsm": "urn:oasis:names:tc:xliff:itsm:2.1",
}
NAMESPACES = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in SPACES.items())


def doc(files, about='version="2.1" srcLang="zh-Hans" trgLang="bo"', core=CORE):
    return f'<xliff xmlns="{core}" {NAMESPACES} {about}>\n{files}\n</xliff>'


def file(content, about='id="f1"'):
    return doc(f"<file {about}>\n{content}\n</file>")


def unit(content, about='id="u1"'):
    return file(f"<unit {about}>\n{content}\n</unit>")


def segment(source, target=None, about=""):
    made = "" if target is None else f"<target>{target}</target>"
    return f"<segment {about}><source>{source}</source>{made}</segment>"


def text(source, target=None, about=""):
    return unit(segment(source, target, about))


def newer(content, about='version="2.2" srcLang="en" trgLang="ru"'):
    return doc(content, about, "urn:oasis:names:tc:xliff:document:2.2")


PLAIN = "<unit id='u'><segment><source>字</source></segment></unit>"
FIXED = 'canCopy="no" canDelete="no"'
DATA = "<originalData><data id='d1'>&lt;b&gt;</data><data id='d2'>&lt;/b&gt;</data></originalData>"


def resources(item, ref="r1"):
    kept = f"<res:resourceData>{item}</res:resourceData>"
    used = f"<res:resourceData><res:resourceItemRef ref='{ref}'/></res:resourceData>"
    return file(f"{kept}<unit id='u1'>{used}{segment('字')}</unit>")


ITEM = (
    "<res:resourceItem id='r1' mimeType='image/png'><res:source href='a.png'/></res:resourceItem>"
)


def match(about, source="字", target="ཡི", before="", ref="#m"):
    inner = f"{before}<source>{source}</source><target>{target}</target>"
    return unit(
        f"<mtc:matches><mtc:match ref='{ref}' {about}>{inner}</mtc:match></mtc:matches>"
        + segment("<mrk id='m' type='mtc:match'>字</mrk>")
    )


TERM = segment("<mrk id='m' type='term'>字</mrk>")


def entry(about, content="<gls:translation>ཡི</gls:translation>"):
    return unit(
        f"<gls:glossary><gls:glossEntry {about}><gls:term>字</gls:term>{content}</gls:glossEntry>"
        f"</gls:glossary>{TERM}"
    )


def sized(attribute, profile="xliff:codepoints", inner="<pc id='1' {}>字</pc>"):
    profiles = f"<slr:profiles generalProfile='{profile}' storageProfile='xliff:utf8'/>"
    return file(f"{profiles}<unit id='u'>{segment(inner.format(attribute))}</unit>")


def rule(attributes):
    return unit(f"<val:validation><val:rule {attributes}/></val:validation>{segment('字')}")


def revised(about, items="<ctr:item property='content'>旧</ctr:item>", notes=("n1", "n2")):
    kept = "".join(f"<note id='{id_}' category='c'>注</note>" for id_ in notes)
    return unit(
        f"<ctr:changeTrack><ctr:revisions {about}><ctr:revision version='v1'>{items}"
        f"</ctr:revision></ctr:revisions></ctr:changeTrack><notes>{kept}</notes>{segment('字')}"
    )


def plural(switch, case):
    return newer(
        f"<file id='f'><unit id='u' {switch}><segment {case}><source>x</source></segment></unit></file>"
    )


def its(attributes, kind="its:generic", root="its:version='2.0'", before=""):
    about = f'version="2.1" srcLang="zh-Hans" trgLang="bo" {root}'
    marked = segment(f"<mrk id='m' type='{kind}' {attributes}>字</mrk>")
    return doc(f"<file id='f'><unit id='u'>{before}{marked}</unit></file>", about)


def linked(ref, kind="my:link"):
    """A file with groups, units, notes and more, and a reference into it."""
    marked = f"<mrk id='m1' type='{kind}' ref='{ref}'><ph id='c1' dataRef='d1'/>字</mrk>"
    shown = segment(marked, "<ph id='t1'/>ཡི", "id='s1'")
    return file(
        "<my:thing id='x1'/><notes><note id='n1'>注</note></notes><group id='g1'>"
        "<notes><note id='n1'>注</note></notes><unit id='u1'>"
        "<gls:glossary><gls:glossEntry id='e1'><gls:term>字</gls:term>"
        "<gls:definition>义</gls:definition></gls:glossEntry></gls:glossary>"
        f"<notes><note id='n1'>注</note></notes>{DATA}"
        f"{shown}</unit></group>"
        "<unit id='u2'><segment><source>字</source></segment></unit>"
    )


FLOWING = segment("<ph id='1' subFlows='u'/>")

# Rule, what breaks it, what does not: as near one another as they can be.
CASES = [
    (
        "version.namespace",
        doc(f"<file id='f'>{PLAIN}</file>", 'version="2.2" srcLang="zh"'),
        file(PLAIN),
    ),
    ("element.unknown", unit(f"<val:check/>{segment('字')}"), unit(f"<my:check/>{segment('字')}")),
    (
        "element.unknown",
        unit(f'<x:a xmlns:x="urn:oasis:names:tc:xliff:other:2.0"/>{segment("字")}'),
        unit(f'<x:a xmlns:x="urn:other"/>{segment("字")}'),
    ),
    ("element.unexpected", text("<my:b/>字"), text("<ph id='1'/>字")),
    ("element.unexpected", doc(f"<file id='f'>{PLAIN}</file><my:a/>"), file(f"<my:a/>{PLAIN}")),
    (
        "element.unexpected",
        unit("<originalData><my:a/><data id='d'/></originalData>" + segment("字")),
        unit(DATA + segment("字")),
    ),
    ("element.unexpected", unit('<a xmlns=""/>' + segment("字")), unit("<my:a/>" + segment("字"))),
    (
        "element.order",
        unit(f"{segment('字')}<notes><note>注</note></notes>"),
        unit(f"<notes><note>注</note></notes>{segment('字')}"),
    ),
    ("element.order", file(f"{PLAIN}<my:a/>"), file(f"<my:a/>{PLAIN}")),
    (
        "element.repeated",
        unit("<segment><source>一</source><source>二</source></segment>"),
        text("一"),
    ),
    (
        "element.repeated",
        unit(
            "<mda:metadata><mda:metaGroup><mda:meta type='a'/></mda:metaGroup></mda:metadata>" * 2
            + segment("字")
        ),
        unit(
            "<mda:metadata><mda:metaGroup><mda:meta type='a'/></mda:metaGroup></mda:metadata>"
            + segment("字")
        ),
    ),
    ("element.missing", doc(""), file(PLAIN)),
    ("element.missing", file(""), file("<group id='g'/>")),
    ("element.missing", unit("<segment><target>ཡི</target></segment>"), text("字", "ཡི")),
    (
        "element.missing",
        unit("<ignorable><target> </target></ignorable>" + segment("字")),
        unit("<ignorable><source> </source></ignorable>" + segment("字")),
    ),
    ("element.missing", unit(f"<notes/>{segment('字')}"), text("字")),
    ("element.missing", unit(f"<originalData/>{segment('字')}"), unit(DATA + segment("字"))),
    ("element.missing", unit("<mda:metadata/>" + segment("字")), text("字")),
    ("text.unexpected", unit(f"字{segment('字')}"), text("字")),
    (
        "attribute.unknown",
        text("字", about='translate="no"'),
        unit(segment("字"), 'id="u" translate="no"'),
    ),
    (
        "attribute.unknown",
        text("<pc id='1' my:a='1'>字</pc>"),
        text("<mrk id='1' type='my:a' my:a='1'>字</mrk>"),
    ),
    ("attribute.unknown", text("字", about='my:a="1"'), unit(segment("字"), 'id="u" my:a="1"')),
    ("attribute.unknown", unit("<segment><source my:a='1'>字</source></segment>"), text("字")),
    (
        "attribute.unknown",
        text("<mrk id='1' translate='no' xml:lang='en'>字</mrk>"),
        text("<mrk id='1' translate='no'>字</mrk>"),
    ),
    ("attribute.unknown", file("<group id='g' fs:style='b'/>"), file("<group id='g' fs:fs='b'/>")),
    ("attribute.unknown", match("xml:lang='bo'"), match("id='x'")),
    (
        "attribute.unknown",
        unit(
            "<mda:metadata><mda:metaGroup><mda:meta type='a' appliesTo='source'/></mda:metaGroup></mda:metadata>"
            + segment("字")
        ),
        unit(
            "<mda:metadata><mda:metaGroup appliesTo='source'><mda:meta type='a'/></mda:metaGroup></mda:metadata>"
            + segment("字")
        ),
    ),
    ("attribute.missing", file("<group/>"), file("<group id='g'/>")),
    ("attribute.missing", doc(f"<file id='f'>{PLAIN}</file>", 'version="2.1"'), file(PLAIN)),
    (
        "attribute.missing",
        unit(
            "<mda:metadata><mda:metaGroup><mda:meta>a</mda:meta></mda:metaGroup></mda:metadata>"
            + segment("字")
        ),
        text("字"),
    ),
    ("attribute.value", unit(segment("字"), 'id="/1"'), unit(segment("字"), 'id="1.1"')),
    (
        "attribute.value",
        doc(f"<file id='f'>{PLAIN}</file>", 'version="2.1" srcLang="z"'),
        file(PLAIN),
    ),
    (
        "attribute.value",
        doc(f"<file id='f'>{PLAIN}</file>", 'version="2.1" srcLang="zh" trgLang="b o"'),
        file(PLAIN),
    ),
    ("attribute.value", text("字", "ཡི", 'state="done"'), text("字", "ཡི", 'state="final"')),
    (
        "attribute.value",
        text("字", "ཡི", 'state="final" subState="done"'),
        text("字", "ཡི", 'state="final" subState="my:done"'),
    ),
    (
        "attribute.value",
        text("字", "ཡི", 'state="final" subState="xlf:done"'),
        text("字", "ཡི", 'state="final" subState="my:done"'),
    ),
    ("attribute.value", text("<ph id='1' type='bold'/>"), text("<ph id='1' type='fmt'/>")),
    (
        "attribute.value",
        text("<ph id='1' type='fmt' subType='xlf:s'/>"),
        text("<ph id='1' type='fmt' subType='my:s'/>"),
    ),
    (
        "attribute.value",
        text("<mrk id='1' type='name'>字</mrk>"),
        text("<mrk id='1' type='my:name'>字</mrk>"),
    ),
    ("attribute.value", text("<cp hex='1'/>"), text("<cp hex='0001'/>")),
    (
        "attribute.value",
        file("<notes><note priority='11'>注</note></notes>" + PLAIN),
        file("<notes><note priority='10'>注</note></notes>" + PLAIN),
    ),
    ("attribute.value", file("<group id='g' fs:fs='bold'/>"), file("<group id='g' fs:fs='b'/>")),
    (
        "attribute.value",
        file("<group id='g' type='list'/>"),
        file("<group id='g' type='my:list'/>"),
    ),
    ("attribute.value", match("type='guess'"), match("type='mt'")),
    ("attribute.value", match("similarity='101'"), match("similarity='99.5'")),
    ("attribute.value", rule("isPresent='字' occurs='0'"), rule("isPresent='字' occurs='1'")),
    (
        "attribute.value",
        unit("<segment><source>字</source><target order='0'>ཡི</target></segment>"),
        unit("<segment><source>字</source><target order='1'>ཡི</target></segment>"),
    ),
    (
        "module.place",
        file(
            "<mtc:matches><mtc:match ref='#m'><source>字</source><target>ཡི</target></mtc:match></mtc:matches>"
            + PLAIN
        ),
        match("id='x'"),
    ),
    (
        "module.not_isolated",
        text("<sc id='1'/>字<ec startRef='1' fs:fs='b'/>"),
        text("<sc id='1' fs:fs='b'/>字<ec startRef='1'/>"),
    ),
    (
        "module.not_isolated",
        text("<sc id='1'/>字<ec startRef='1' slr:equivStorage='1'/>"),
        text("字<ec id='1' isolated='yes' slr:equivStorage='1'/>"),
    ),
    (
        "id.duplicate",
        doc(f"<file id='f'>{PLAIN}</file>" * 2),
        doc(f"<file id='f'>{PLAIN}</file><file id='g'>{PLAIN}</file>"),
    ),
    (
        "id.duplicate",
        file("<group id='g'><group id='g'/></group>"),
        file("<group id='g'><group id='h'/></group>"),
    ),
    (
        "id.duplicate",
        file(f"{PLAIN}<group id='u'>{PLAIN}</group>"),
        file(f"{PLAIN}<group id='u'/>"),
    ),
    (
        "id.duplicate",
        unit("<notes><note id='n'/><note id='n'/></notes>" + segment("字")),
        linked("#n=n1"),
    ),
    (
        "id.duplicate",
        unit("<originalData><data id='d'/><data id='d'/></originalData>" + segment("字")),
        unit(DATA + segment("字")),
    ),
    (
        "id.duplicate",
        unit(segment("字", about="id='1'") + "<ignorable id='1'><source> </source></ignorable>"),
        unit(segment("字", about="id='1'") + "<ignorable id='2'><source> </source></ignorable>"),
    ),
    (
        "id.duplicate",
        unit(segment("<ph id='1'/>", about="id='1'")),
        unit(segment("<ph id='2'/>", about="id='1'")),
    ),
    (
        "id.duplicate",
        unit(segment("<ph id='1'/>") + segment("<ph id='1'/>")),
        unit(segment("<ph id='1'/>") + segment("<ph id='2'/>")),
    ),
    (
        "id.duplicate",
        text("字", "<ph id='1'/><ph id='1'/>"),
        text("字", "<ph id='1'/><ph id='2'/>"),
    ),
    ("id.duplicate", text("字", "<ph id='s'/>", "id='s'"), text("字", "<ph id='t'/>", "id='s'")),
    (
        "id.duplicate",
        unit("<my:a id='1'><my:b xml:id='1'/></my:a>" + segment("字")),
        unit("<my:a id='1'><my:b xml:id='2'/></my:a>" + segment("字")),
    ),
    (
        "id.duplicate",
        unit(
            "<mda:metadata id='a'><mda:metaGroup id='a'><mda:meta type='t'/></mda:metaGroup></mda:metadata>"
            + segment("字")
        ),
        unit(
            "<mda:metadata id='a'><mda:metaGroup id='b'><mda:meta type='t'/></mda:metaGroup></mda:metadata>"
            + segment("字")
        ),
    ),
    (
        "id.duplicate",
        entry("id='a'", "<gls:translation id='a'>ཡི</gls:translation>"),
        entry("id='a'", "<gls:translation id='b'>ཡི</gls:translation>"),
    ),
    ("id.duplicate", resources(ITEM + ITEM), resources(ITEM)),
    ("id.duplicate", match("", "<ph id='1'/><ph id='1'/>"), match("", "<ph id='1'/><ph id='2'/>")),
    (
        "id.target",
        text("<ph id='1'/>", "<pc id='1'>ཡི</pc>"),
        text("<pc id='1'>字</pc>", "<sc id='1'/>ཡི<ec startRef='1'/>"),
    ),
    ("unit.no_segment", unit("<ignorable><source> </source></ignorable>"), text("字")),
    ("skeleton.href", file(f"<skeleton/>{PLAIN}"), file(f"<skeleton href='a.skl'/>{PLAIN}")),
    (
        "skeleton.href",
        file(f"<skeleton href='a.skl'>字</skeleton>{PLAIN}"),
        file(f"<skeleton>字</skeleton>{PLAIN}"),
    ),
    (
        "language.no_target",
        doc(
            f"<file id='f'><unit id='u'>{segment('字', 'ཡི')}</unit></file>",
            'version="2.0" srcLang="zh"',
        ),
        text("字", "ཡི"),
    ),
    (
        "language.no_target",
        doc(
            f"<file id='f'><unit id='u'><ignorable><source> </source><target> </target></ignorable>{segment('字')}</unit></file>",
            'version="2.0" srcLang="zh"',
        ),
        doc(f"<file id='f'>{PLAIN}</file>", 'version="2.0" srcLang="zh"'),
    ),
    (
        "language.differs",
        unit("<segment><source xml:lang='ja'>字</source></segment>"),
        unit("<segment><source xml:lang='zh-hans'>字</source></segment>"),
    ),
    (
        "language.differs",
        unit(segment("字"), 'id="u" xml:lang="ja"'),
        unit("<segment><source xml:lang='zh-Hans'>字</source></segment>", 'id="u" xml:lang="ja"'),
    ),
    (
        "language.differs",
        unit(segment("字", "ཡི"), 'id="u" xml:lang="zh-Hans"'),
        unit(
            "<segment><source>字</source><target xml:lang='bo'>ཡི</target></segment>",
            'id="u" xml:lang="zh-Hans"',
        ),
    ),
    (
        "space.differs",
        unit("<segment><source xml:space='preserve'>字</source><target>ཡི</target></segment>"),
        unit(
            "<segment><source xml:space='preserve'>字</source><target>ཡི</target></segment>",
            'id="u" xml:space="preserve"',
        ),
    ),
    (
        "state.no_target",
        text("字", about='state="translated"'),
        text("字", about='state="initial"'),
    ),
    (
        "state.no_state",
        text("字", about='subState="my:a"'),
        text("字", about='state="initial" subState="my:a"'),
    ),
    (
        "order.range",
        unit("<segment><source>字</source><target order='2'>ཡི</target></segment>"),
        unit(
            "<segment><source>一</source><target order='2'>ཡི</target></segment><segment><source>二</source><target order='1'>ཡི</target></segment>"
        ),
    ),
    (
        "order.taken",
        unit(
            "<segment><source>一</source><target order='2'>ཡི</target></segment>"
            + segment("二", "ཡི")
        ),
        unit(
            "<segment><source>一</source><target order='1'>ཡི</target></segment>"
            + segment("二", "ཡི")
        ),
    ),
    (
        "code.reorder_hints",
        text("<ph id='1' canReorder='firstNo' canCopy='no'/>"),
        text(f"<ph id='1' canReorder='firstNo' {FIXED}/>"),
    ),
    (
        "code.no_type",
        text("<ph id='1' subType='xlf:b'/>"),
        text("<ph id='1' type='fmt' subType='xlf:b'/>"),
    ),
    ("code.no_type", match("subType='my:a'"), match("type='tm' subType='my:a'")),
    (
        "code.sub_type",
        text("<ph id='1' type='ui' subType='xlf:lb'/>"),
        text("<ph id='1' type='ui' subType='xlf:var'/>"),
    ),
    (
        "code.no_data",
        text("<ph id='1' dataRef='d1'/>"),
        unit(DATA + segment("<ph id='1' dataRef='d1'/>")),
    ),
    (
        "code.no_data",
        unit(DATA + segment("<pc id='1' dataRefStart='d1' dataRefEnd='d3'>字</pc>")),
        unit(DATA + segment("<pc id='1' dataRefStart='d1' dataRefEnd='d2'>字</pc>")),
    ),
    (
        "code.no_data",
        match("", "<ph id='1' dataRef='d1'/>", "<ph id='1' dataRef='d1'/>"),
        match("", "<ph id='1' dataRef='d1'/>", "<ph id='1' dataRef='d1'/>", DATA),
    ),
    (
        "code.half",
        unit(DATA + segment("<pc id='1' dataRefStart='d1'>字</pc>")),
        unit(DATA + segment("<pc id='1' dataRefStart='d1' dataRefEnd='d2'>字</pc>")),
    ),
    (
        "code.half",
        text("<pc id='1' equivEnd='a'>字</pc>"),
        text("<pc id='1' equivStart='a' equivEnd='a'>字</pc>"),
    ),
    (
        "code.no_flow",
        text("<ph id='1' subFlows='u2'/>"),
        file("<unit id='u1'>" + FLOWING + f"</unit><group id='g'>{PLAIN}</group>"),
    ),
    (
        "copy.no_base",
        text("<ph id='1'/>", "<ph id='1'/><ph id='2' copyOf='3'/>"),
        text("<ph id='1'/>", "<ph id='1'/><ph id='2' copyOf='1'/>"),
    ),
    (
        "copy.forbidden",
        text("<ph id='1' canCopy='no'/>", "<ph id='2' copyOf='1'/>"),
        text("<ph id='1'/>", "<ph id='2' copyOf='1'/>"),
    ),
    (
        "copy.base_data",
        unit(DATA + segment("<ph id='1' dataRef='d1'/><ph id='2' copyOf='1'/>")),
        unit(DATA + segment("<ph id='1' dataRef='d1'/><ph id='2' dataRef='d1'/>")),
    ),
    (
        "copy.with_data",
        unit(DATA + segment("<ph id='1'/><ph id='2' copyOf='1' dataRef='d1'/>")),
        text("<ph id='1'/><ph id='2' copyOf='1'/>"),
    ),
    ("cp.range", text("<cp hex='110000'/>"), text("<cp hex='FFFF'/>")),
    ("cp.needless", text("<cp hex='00a0'/>"), text("<cp hex='d800'/>")),
    ("pair.no_start", text("字<ec startRef='1'/>"), text("<sc id='1'/>字<ec startRef='1'/>")),
    (
        "pair.no_start",
        text("字<em startRef='1'/>"),
        text("<sm id='1' translate='no'/>字<em startRef='1'/>"),
    ),
    (
        "pair.no_start",
        text("<ph id='1'/>字<ec startRef='1'/>"),
        text("<sc id='1'/>字<ec startRef='1'/>"),
    ),
    ("pair.no_end", text("<sc id='1'/>字"), text("<sc id='1' isolated='yes'/>字")),
    (
        "pair.no_end",
        text("<sm id='1' translate='no'/>字"),
        unit(segment("<sm id='1' translate='no'/>字") + segment("<em startRef='1'/>")),
    ),
    (
        "pair.order",
        unit(segment("<ec startRef='1'/>字") + segment("<sc id='1'/>字")),
        unit(segment("<sc id='1'/>字") + segment("<ec startRef='1'/>字")),
    ),
    (
        "pair.order",
        text("<em startRef='1'/><sm id='1' translate='no'/>"),
        text("<sm id='1' translate='no'/><em startRef='1'/>"),
    ),
    (
        "pair.twice",
        text("<sc id='1'/>字<ec startRef='1'/><ec startRef='1'/>"),
        text("<sc id='1'/><sc id='2'/>字<ec startRef='1'/><ec startRef='2'/>"),
    ),
    (
        "pair.isolated",
        text("<sc id='1' isolated='yes'/>字<ec startRef='1'/>"),
        text("<sc id='1' isolated='yes'/>字<ec id='2' isolated='yes'/>"),
    ),
    ("pair.not_isolated", text("字<ec id='1'/>"), text("字<ec id='1' isolated='yes'/>")),
    (
        "pair.isolated_id",
        text("<sc id='1'/>字<ec startRef='1' isolated='yes'/>"),
        text("字<ec id='1' isolated='yes'/>"),
    ),
    (
        "pair.attached",
        text("<sc id='1'/>字<ec startRef='1' id='2'/>"),
        text("<sc id='1'/>字<ec startRef='1'/>"),
    ),
    (
        "pair.attached",
        text("<sc id='1'/>字<ec startRef='1' dir='rtl'/>"),
        text("<sc id='1' dir='rtl'/>字<ec startRef='1'/>"),
    ),
    (
        "pair.differs",
        text("<sc id='1' canCopy='no'/>字<ec startRef='1'/>"),
        text("<sc id='1' canCopy='no'/>字<ec startRef='1' canCopy='no'/>"),
    ),
    (
        "pair.differs",
        text("<sc id='1' canOverlap='no'/>字<ec startRef='1'/>"),
        text("<sc id='1' canOverlap='yes'/>字<ec startRef='1'/>"),
    ),
    (
        "pair.differs",
        text(f"<sc id='1' canReorder='firstNo' {FIXED}/>字<ec startRef='1' {FIXED}/>"),
        text(
            f"<sc id='1' canReorder='firstNo' {FIXED}/>字<ec startRef='1' canReorder='no' {FIXED}/>"
        ),
    ),
    (
        "reorder.no_first",
        text(f"<ph id='1' canReorder='no' {FIXED}/>"),
        text(f"<ph id='1' canReorder='firstNo' {FIXED}/>"),
    ),
    (
        "reorder.interrupted",
        text(
            f"<ph id='1' canReorder='firstNo' {FIXED}/><ph id='2'/><ph id='3' canReorder='no' {FIXED}/>"
        ),
        text(
            f"<ph id='1' canReorder='firstNo' {FIXED}/><ph id='3' canReorder='no' {FIXED}/><ph id='2'/>"
        ),
    ),
    (
        "reorder.changed",
        text(
            f"<ph id='1' canReorder='firstNo' {FIXED}/><ph id='2' canReorder='no' {FIXED}/>",
            f"<ph id='2' canReorder='firstNo' {FIXED}/><ph id='1' canReorder='no' {FIXED}/>",
        ),
        text(
            f"<ph id='1' canReorder='firstNo' {FIXED}/><ph id='2' canReorder='no' {FIXED}/><ph id='3'/>",
            f"<ph id='3'/><ph id='1' canReorder='firstNo' {FIXED}/><ph id='2' canReorder='no' {FIXED}/>",
        ),
    ),
    (
        "reorder.changed",
        text(
            f"<pc id='1' canReorder='firstNo' {FIXED}>字<ph id='2' canReorder='no' {FIXED}/></pc>",
            f"<pc id='1' canReorder='firstNo' {FIXED}>ཡི</pc><ph id='2' canReorder='no' {FIXED}/>",
        ),
        text(
            f"<pc id='1' canReorder='firstNo' {FIXED}>字<ph id='2' canReorder='no' {FIXED}/></pc>",
            f"<pc id='1' canReorder='firstNo' {FIXED}><ph id='2' canReorder='no' {FIXED}/>ཡི</pc>",
        ),
    ),
    (
        "target.code_lost",
        text("<ph id='1' canDelete='no'/>", ""),
        text("<ph id='1' canDelete='no'/>"),
    ),
    (
        "target.code_lost",
        unit(segment("<ph id='1' canDelete='no'/>一", "ཡི") + segment("二", "ཡི")),
        unit(
            segment("<ph id='1' canDelete='no'/>一", "ཡི")
            + segment("二", "<ph id='1' canDelete='no'/>")
        ),
    ),
    (
        "marker.no_translate",
        text("<mrk id='1'>字</mrk>"),
        text("<mrk id='1' translate='no'>字</mrk>"),
    ),
    (
        "marker.match_ref",
        text("<mrk id='1' type='mtc:match' ref='http://a.cn'>字</mrk>"),
        text("<mrk id='1' type='mtc:match'>字</mrk>"),
    ),
    (
        "marker.comment",
        text("<mrk id='1' type='comment'>字</mrk>"),
        text("<mrk id='1' type='comment' value='a'>字</mrk>"),
    ),
    (
        "marker.comment",
        unit(
            "<notes><note id='n'/></notes>"
            + segment("<mrk id='1' type='comment' value='a' ref='#n=n'>字</mrk>")
        ),
        unit(
            "<notes><note id='n'/></notes>"
            + segment("<mrk id='1' type='comment' ref='#n=n'>字</mrk>")
        ),
    ),
    ("marker.note", linked("#f=f1/n=n1", "comment"), linked("#f=f1/u=u1/n=n1", "comment")),
    ("marker.note", linked("#g=g1/n=n1", "comment"), linked("#g=g1/u=u1/n=n1", "comment")),
    ("fragment.syntax", linked("#f=f1/u=u1/n$=n1"), linked("#f=f1/u=u1/n=n1")),
    ("fragment.syntax", linked("n1", "comment"), linked("#n=n1", "comment")),
    ("fragment.prefix", linked("#my=x1"), linked("#gls=e1")),
    ("fragment.prefix", linked("#z=x1"), linked("#d=d1")),
    ("fragment.prefix", linked("b.xlf#z=x1"), linked("http://a.cn/b#z=x1")),
    ("fragment.twice", linked("#f=f1/u=u1/u=u1"), linked("#/f=f1/u=u1")),
    ("fragment.order", linked("#u=u1/f=f1"), linked("#f=f1/g=g1/u=u1/c1")),
    ("fragment.leaf", linked("#c1/m1"), linked("#c1")),
    ("fragment.leaf", linked("#f=f1/d=d1/u=u1"), linked("#f=f1/u=u1/d=d1")),
    ("fragment.nothing", linked("#f=f1/g=g1/u=u2"), linked("#f=f1/u=u2")),
    ("fragment.nothing", linked("#t1"), linked("#t=t1")),
    ("fragment.nothing", linked("#t=c1"), linked("#s1")),
    (
        "fragment.nothing",
        match("", ref="#u1"),
        match("", ref="#t=t").replace(
            "</segment>", "<target><mrk id='t' type='mtc:match'>ཡི</mrk></target></segment>"
        ),
    ),
    ("span.elsewhere", match("", ref="#f=f1/u=u1"), match("", ref="#f=f1/u=u1/m")),
    ("span.elsewhere", entry("ref='#f=f1'"), entry("ref='#m'")),
    ("fragment.syntax", entry("ref='m'"), entry("ref='#m'")),
    ("glossary.empty", entry("id='a'", ""), entry("id='a'", "<gls:definition>义</gls:definition>")),
    ("resource.no_type", resources(ITEM.replace("mimeType='image/png'", "")), resources(ITEM)),
    (
        "resource.no_source",
        resources("<res:resourceItem id='r1' mimeType='a/b' context='no'/>"),
        resources(ITEM.replace("id=", "context='no' id=")),
    ),
    (
        "resource.href",
        resources(
            ITEM.replace(
                "<res:source href='a.png'/>", "<res:source href='a.png'><my:a/></res:source>"
            )
        ),
        resources(ITEM.replace("<res:source href='a.png'/>", "<res:source><my:a/></res:source>")),
    ),
    (
        "resource.language",
        resources(ITEM.replace("href=", "xml:lang='ja' href=")),
        resources(ITEM.replace("href=", "xml:lang='zh-Hans' href=")),
    ),
    ("resource.nothing", resources(ITEM, "r2"), resources(ITEM, "r1")),
    ("rule.one", rule("isPresent='字' isNotPresent='词'"), rule("isPresent='字'")),
    ("rule.one", rule(""), rule("my:rule='字'")),
    ("rule.occurs", rule("startsWith='字' occurs='1'"), rule("isPresent='字' occurs='1'")),
    (
        "rule.exists",
        rule("isNotPresent='字' existsInSource='yes'"),
        rule("endsWith='字' existsInSource='yes'"),
    ),
    (
        "rule.disabled",
        file("<val:validation><val:rule isPresent='字' disabled='yes'/></val:validation>" + PLAIN),
        rule("isPresent='字' disabled='yes'"),
    ),
    (
        "id.duplicate",
        revised("id='a' appliesTo='note' ref='n1'", "<ctr:item id='a' property='content'/>"),
        revised("id='a' appliesTo='note' ref='n1'", "<ctr:item id='b' property='content'/>"),
    ),
    ("revision.which", revised("appliesTo='note'"), revised("appliesTo='note'", notes=("n1",))),
    (
        "revision.nothing",
        revised("appliesTo='note' ref='n3'"),
        revised("appliesTo='note' ref='n1'"),
    ),
    (
        "revision.version",
        revised("appliesTo='note' ref='n1' currentVersion='v2'"),
        revised("appliesTo='note' ref='n1' currentVersion='v1'"),
    ),
    (
        "revision.twice",
        revised("appliesTo='note' ref='n1'", "<ctr:item property='category'>a</ctr:item>" * 2),
        revised("appliesTo='note' ref='n1'", "<ctr:item property='category'>a</ctr:item>"),
    ),
    (
        "revision.property",
        revised("appliesTo='note' ref='n1'", "<ctr:item property='priority'>a</ctr:item>"),
        revised("appliesTo='note' ref='n1'", "<ctr:item property='category'>a</ctr:item>"),
    ),
    (
        "style.alone",
        file("<group id='g' fs:subFs='a,b'/>"),
        file("<group id='g' fs:fs='a' fs:subFs='a,b'/>"),
    ),
    ("size.restriction", sized("slr:sizeRestriction='ten'"), sized("slr:sizeRestriction='1,*'")),
    (
        "size.restriction",
        sized("slr:storageRestriction='1,2.5'"),
        sized("slr:storageRestriction='1,2'"),
    ),
    ("size.whole", sized("slr:equivStorage='some'"), sized("slr:equivStorage='3'")),
    ("size.whole", sized("slr:sizeInfo='2.5'", ""), sized("slr:sizeInfo='2.5'", "my:profile")),
    (
        "size.both",
        file(
            "<slr:data profile='a'><my:a id='x'/></slr:data><group id='g' slr:sizeInfo='1' slr:sizeInfoRef='x'/>"
        ),
        file("<slr:data profile='a'><my:a id='x'/></slr:data><group id='g' slr:sizeInfoRef='x'/>"),
    ),
    (
        "size.nothing",
        file("<group id='g' slr:sizeInfoRef='x'/>"),
        file("<slr:data profile='a'><my:a id='x'/></slr:data><group id='g' slr:sizeInfoRef='x'/>"),
    ),
    ("plural.switch", plural("pgs:switch='number:n'", ""), plural("pgs:switch='plural:n'", "")),
    (
        "plural.no_switch",
        plural("", "pgs:case='one'"),
        plural("pgs:switch='plural:n'", "pgs:case='one'"),
    ),
    (
        "plural.case",
        plural("pgs:switch='plural:n gender:g'", "pgs:case='one'"),
        plural("pgs:switch='plural:n gender:g'", "pgs:case='one feminine'"),
    ),
    ("its.version", its("its:mtConfidence='0.5'", root=""), its("its:mtConfidence='0.5'")),
    (
        "its.exclusive",
        its("its:taIdentRef='a' its:taSource='b' its:taIdent='c'"),
        its("its:taSource='b' its:taIdent='c'"),
    ),
    ("its.needed", its("its:taSource='b'"), its("its:taIdentRef='b'")),
    (
        "its.needed",
        its("its:locQualityRatingScoreThreshold='1'"),
        its("its:locQualityRatingScoreThreshold='1' its:locQualityRatingScore='2'"),
    ),
    ("its.type", its("its:taClassRef='a'", "my:kind"), its("its:taClassRef='a'")),
    (
        "its.empty",
        its(
            "",
            before="<its:locQualityIssues xml:id='i'><its:locQualityIssue/></its:locQualityIssues>",
        ),
        its(
            "",
            before="<its:locQualityIssues xml:id='i'><its:locQualityIssue locQualityIssueType='other'/></its:locQualityIssues>",
        ),
    ),
    ("attribute.value", its("its:mtConfidence='2'"), its("its:mtConfidence='1'")),
    (
        "fragment.nothing",
        its(
            "its:locQualityIssuesRef='#its=j'",
            before="<its:locQualityIssues xml:id='i'><its:locQualityIssue locQualityIssueType='other'/></its:locQualityIssues>",
        ),
        its(
            "its:locQualityIssuesRef='#its=i'",
            before="<its:locQualityIssues xml:id='i'><its:locQualityIssue locQualityIssueType='other'/></its:locQualityIssues>",
        ),
    ),
    (
        "span.elsewhere",
        newer(
            "<file id='f'><notes><note id='x'/></notes><unit id='u'><notes><note ref='#f=f'>a</note></notes><segment id='s'><source>x</source></segment></unit></file>"
        ),
        newer(
            "<file id='f'><unit id='u'><notes><note ref='#s'>a</note></notes><segment id='s'><source>x</source></segment></unit></file>"
        ),
    ),
    (
        "attribute.unknown",
        unit("<notes><note ref='#s'>a</note></notes>" + segment("字", about="id='s'")),
        newer(
            "<notes><note>a</note></notes><file id='f'><unit id='u'><segment><source>x</source></segment></unit></file>"
        ),
    ),
]


def errors(data, **more):
    found = check(data if isinstance(data, bytes) else data.encode(), **more)
    return [problem.rule for problem in found if problem.severity is Severity.ERROR]


@pytest.mark.parametrize(
    ("rule", "bad", "good"), CASES, ids=[f"{n}-{c[0]}" for n, c in enumerate(CASES)]
)
def test_a_rule_is_told_and_its_neighbour_is_not(rule, bad, good):
    assert rule in errors(bad)
    assert errors(good) == []


WARNED = [
    ("cp.needless", text("<cp hex='0085'/>").replace("0085", "0084")),
    ("span.outside", entry("ref='other.xlf#m'")),
    (
        "resource.language",
        resources(
            ITEM.replace(
                "</res:resourceItem>", "<res:target xml:lang='ja' href='b'/></res:resourceItem>"
            )
        ),
    ),
    (
        "resource.nothing",
        unit("<res:resourceData><res:resourceItemRef ref='r'/></res:resourceData>" + segment("字")),
    ),
    ("size.restriction", sized("slr:sizeRestriction='ten'", "")),
    (
        "version.namespace",
        newer(
            "<file id='f'><unit id='u'><segment><source>x</source></segment></unit></file>",
            'version="2.0" srcLang="en"',
        ),
    ),
]


@pytest.mark.parametrize(("rule", "data"), WARNED, ids=[one[0] for one in WARNED])
def test_what_only_looks_wrong_is_a_warning(rule, data):
    [found] = check(data.encode())
    assert (found.rule, found.severity) == (rule, Severity.WARNING)


def test_every_rule_has_a_case():
    older = {"state.contradiction", "state.unknown"}
    assert {case[0] for case in CASES} | {one[0] for one in WARNED} | older == set(MESSAGES)


def test_a_problem_says_where_it_is():
    [found] = check(unit(segment("字") + "\n" + segment("<ph id='1' dataRef='d'/>")).encode())
    assert found.line == 5
    assert found.path == "/xliff/file[f1]/unit[u1]/segment[2]/source/ph[1]"
    assert found.message == "dataRef names d, which is no data of the unit"
    assert found.text("zh-Hans") == "dataRef 指向 d，但原始数据中没有"


def test_prefixes_of_ones_own_extensions_are_taken():
    assert errors(linked("#f=f1/my=x1"), prefixes={"my": SPACES["my"]}) == []
    assert errors(linked("#f=f1/my=x2"), prefixes={"my": SPACES["my"]}) == ["fragment.nothing"]


def test_a_file_that_is_being_translated_is_valid():
    """Halves of pairs may wait in segments that have no target yet."""
    marked = "<sc id='1'/><sm id='2' translate='no'/>一"
    waiting = segment(marked, marked) + segment("二<em startRef='2'/><ec startRef='1'/>")
    assert errors(unit(waiting)) == []
    assert errors(unit(segment(marked, marked) + segment("二", "ཡི"))) == ["pair.no_end"] * 4


# The same documents, otherwise written.


def variant(data, *, prefix="", backwards=False, deeper=False, renamed=""):
    """Write a document another way: what was wrong with it must stay so."""
    root = read(data).root
    prefixes = {space: name for name, space in SPACES.items()}
    prefixes |= {root.space: prefix, "http://www.w3.org/2001/XMLSchema-instance": "xsi", "": ""}
    prefixes["http://www.w3.org/XML/1998/namespace"] = "xml"
    made = []
    counts = iter(range(10_000))

    def name(tag, *, attribute=False):
        space, _, local = tag.rpartition(" ")
        if attribute and not space:
            return local
        known = prefixes.setdefault(space, f"ns{len(prefixes)}")
        return f"{known}:{local}" if known else local

    def value(key, text):
        local = key.rpartition(" ")[2]
        if not renamed:
            return text
        if local in {
            "id",
            "startRef",
            "dataRef",
            "dataRefStart",
            "dataRefEnd",
            "copyOf",
            "sizeInfoRef",
        }:
            return text + renamed
        if local.startswith("subFlows"):
            return re.sub(r"[^\s,]+", lambda found: found[0] + renamed, text)
        if local in {"ref", "locQualityIssuesRef"} and "#" in text and "http" not in text:
            return re.sub(r"(?<=[#/=])[^#/=]+(?=/|$)", lambda found: found[0] + renamed, text)
        return text + renamed if local == "ref" else text

    def write(element):
        wrapped = deeper and element.name == "unit" and element.space == root.space
        tag = name(element.tag)
        group = name(f"{root.space} group")
        if wrapped:
            made.extend(f'<{group} id="wrap{next(counts)}">' for _ in range(2))
        pairs = list(element.attributes.items())
        if backwards:
            pairs.reverse()
        shown = "".join(
            f" {name(key, attribute=True)}={quoteattr(value(key, text))}" for key, text in pairs
        )
        hole = "\0" if element is root else ""
        made.append(f"<{tag}{shown}{hole}>")
        for child in element.children:
            if isinstance(child, str):
                made.append(escape(child))
            else:
                write(child)
        made.append(f"</{tag}>" + f"</{group}>" * (2 * wrapped))

    write(root)
    spaces = "".join(
        f" xmlns{':' if known else ''}{known}={quoteattr(space)}"
        for space, known in prefixes.items()
        if space and known != "xml"
    )
    return "".join(made).replace("\0", spaces).encode()


WAYS = {
    "prefixed": {"prefix": "x"},
    "backwards": {"backwards": True},
    "deeper": {"deeper": True},
    "renamed": {"renamed": ".9-a"},
    "all": {"prefix": "core", "backwards": True, "deeper": True, "renamed": "_z"},
}


@pytest.mark.parametrize("way", WAYS)
def test_how_a_document_is_written_does_not_matter(way):
    for rule, bad, good in CASES:
        if 'xmlns=""' in bad and WAYS[way].get("prefix") is None:
            continue
        assert rule in errors(variant(bad.encode(), **WAYS[way])), bad
        assert errors(variant(good.encode(), **WAYS[way])) == [], good


# The suite of OASIS, which is not ours to keep here.

SUITE = os.environ.get("TIANFU_XLIFF_SUITE", "")
HINT = "set TIANFU_XLIFF_SUITE to the folder test-suite of XLIFF 2.1 or 2.2 by OASIS"
BROKEN = {"Good-pgs_plural.xlf", "Good-mda_top-level.xlf"}
"""Documents of 2.2 that are called valid: one is no XML, one has elements that do not exist."""


def judged(data):
    try:
        return errors(data)
    except Invalid as error:
        return [error.code]


@pytest.mark.skipif(not SUITE, reason=HINT)
@pytest.mark.parametrize("way", [None, *WAYS])
@pytest.mark.parametrize("room", ["core", "modules"])
def test_the_suite_of_oasis(room, way):
    wrong = []
    files = sorted(Path(SUITE, room).glob("*valid/*.xlf"))
    assert len(files) >= 77
    for path in files:
        data = path.read_bytes()
        try:
            data = data if way is None else variant(data, **WAYS[way])
        except Invalid:
            continue
        invalid = path.parent.name == "invalid" or path.name in BROKEN
        if bool(judged(data)) != invalid:
            wrong.append((path.name, judged(data)))
    assert wrong == []
