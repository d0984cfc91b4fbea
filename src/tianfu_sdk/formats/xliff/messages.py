"""The rules of checks, with their texts in English and Chinese.

`name` is the element's; the other braces are filled in by who finds the problem.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["MESSAGES"]

MESSAGES: Mapping[str, tuple[str, str]] = {
    "version.namespace": (
        "version {version} does not belong to the namespace of the document",
        "版本 {version} 与文档命名空间不符",
    ),
    "element.unknown": (
        "there is no element {name} in its namespace",
        "其命名空间中没有元素 {name}",
    ),
    "element.unexpected": ("{parent} does not hold {name}", "{parent} 中不能有 {name}"),
    "element.order": (
        "{name} stands too late in {parent}",
        "{name} 在 {parent} 中的位置太靠后",
    ),
    "element.repeated": (
        "{parent} holds {name} more than once",
        "{parent} 中的 {name} 出现多次",
    ),
    "element.missing": ("{name} lacks {wanted}", "{name} 缺少 {wanted}"),
    "text.unexpected": ("{name} holds text of its own", "{name} 中不能直接有文字"),
    "attribute.unknown": (
        "{name} has no attribute {attribute}",
        "{name} 没有属性 {attribute}",
    ),
    "attribute.missing": ("{name} lacks {attribute}", "{name} 缺少属性 {attribute}"),
    "attribute.value": (
        "{attribute} of {name} cannot be {value!r}",
        "{name} 的 {attribute} 不能是 {value!r}",
    ),
    "module.place": ("{name} does not belong in {parent}", "{name} 不能放在 {parent} 中"),
    "module.not_isolated": (
        "{attribute} stands on an ec only if it is isolated",
        "只有 isolated 的 ec 才能有 {attribute}",
    ),
    "id.duplicate": (
        "the id {id} is used more than once in its {within}",
        "id {id} 在 {within} 内重复",
    ),
    "id.target": (
        "the id {id} belongs to a code of another kind in the source",
        "id {id} 在原文中属于另一种标记",
    ),
    "unit.no_segment": ("a unit has at least one segment", "unit 至少要有一个 segment"),
    "skeleton.href": (
        "a skeleton has either content or href",
        "skeleton 必须有内容或 href，且只能有其一",
    ),
    "language.no_target": (
        "there is a target, but the document has no trgLang",
        "有译文，但文档没有 trgLang",
    ),
    "language.differs": (
        "the language of this {name} is {found}, but {attribute} is {wanted}",
        "此 {name} 的语言为 {found}，而 {attribute} 为 {wanted}",
    ),
    "space.differs": (
        "xml:space is {source} in the source and {target} in the target",
        "xml:space 在原文为 {source}，在译文为 {target}",
    ),
    "state.no_target": (
        "the state {state} needs a target",
        "状态 {state} 需要有译文",
    ),
    "state.no_state": ("subState needs state", "有 subState 就必须有 state"),
    "state.contradiction": (
        "approved is {approved} and state is {state}: taken as {taken}",
        "approved 为 {approved}，state 为 {state}：按 {taken} 处理",
    ),
    "state.unknown": (
        "the state {state} is not one that is known: taken as {taken}",
        "不认识状态 {state}：按 {taken} 处理",
    ),
    "order.range": (
        "order {order} is more than the unit has parts ({most})",
        "order {order} 超过 unit 的段数（{most}）",
    ),
    "order.taken": (
        "two targets of the unit are to stand at {order}",
        "unit 中有两段译文都排在第 {order} 位",
    ),
    "code.reorder_hints": (
        "what may not be reordered has {attribute}='no'",
        "不可调序的标记必须 {attribute}='no'",
    ),
    "code.no_type": ("subType needs type", "有 subType 就必须有 type"),
    "code.sub_type": (
        "subType {value} needs the type {wanted}",
        "subType {value} 要求 type 为 {wanted}",
    ),
    "code.no_data": (
        "{attribute} names {id}, which is no data of the unit",
        "{attribute} 指向 {id}，但原始数据中没有",
    ),
    "code.half": ("{there} needs {missing}", "有 {there} 就必须有 {missing}"),
    "code.no_flow": (
        "{attribute} names {id}, which is no unit of the file",
        "{attribute} 指向 {id}，但文件中没有这个 unit",
    ),
    "copy.no_base": (
        "copyOf names {id}, which is no other code of the unit",
        "copyOf 指向 {id}，但 unit 中没有这个标记",
    ),
    "copy.forbidden": ("the code {id} may not be copied", "标记 {id} 不可复制"),
    "copy.base_data": (
        "the code {id} has original data, so a copy names these and no base",
        "标记 {id} 有原始数据，副本应引用数据而不是 copyOf",
    ),
    "copy.with_data": (
        "copyOf and a reference to original data exclude one another",
        "copyOf 与原始数据引用不能并用",
    ),
    "cp.range": ("{value} is no code point", "{value} 不是码位"),
    "cp.needless": (
        "the character {value} can stand in XML as it is",
        "字符 {value} 可直接写入 XML，不应使用 cp",
    ),
    "pair.no_start": (
        "{name} closes {id}, which is not opened in the unit",
        "{name} 关闭 {id}，但 unit 中没有对应的起始标记",
    ),
    "pair.no_end": (
        "{name} opens {id}, which is not closed in the unit",
        "{name} 打开 {id}，但 unit 中没有对应的结束标记",
    ),
    "pair.order": ("{name} closes {id} before it is opened", "{name} 在打开之前就关闭了 {id}"),
    "pair.twice": ("{id} is closed more than once", "{id} 被关闭多次"),
    "pair.isolated": (
        "{id} is isolated, but its other half is in the unit",
        "{id} 为 isolated，但另一半就在本 unit 中",
    ),
    "pair.not_isolated": (
        "an ec without startRef is isolated",
        "没有 startRef 的 ec 必须 isolated",
    ),
    "pair.isolated_id": (
        "an isolated ec has an id and no startRef",
        "isolated 的 ec 必须有 id 而没有 startRef",
    ),
    "pair.attached": (
        "an ec with startRef has no {attribute}",
        "有 startRef 的 ec 不能有 {attribute}",
    ),
    "pair.differs": (
        "{attribute} is {found}, but {wanted} where the code begins",
        "{attribute} 为 {found}，但起始标记处为 {wanted}",
    ),
    "reorder.no_first": (
        "canReorder='no' follows no firstNo",
        "canReorder='no' 之前没有 firstNo",
    ),
    "reorder.interrupted": (
        "a code that may be reordered stands inside a sequence that may not",
        "不可调序的序列中夹有可调序的标记",
    ),
    "reorder.changed": (
        "the sequence that begins with {id} is not the source's any more",
        "以 {id} 开始的序列与原文不一致",
    ),
    "target.code_lost": (
        "{code} {id} may not be deleted, and no target of the unit has it",
        "{code} {id} 不可删除，但译文中没有",
    ),
    "marker.no_translate": (
        "a generic annotation needs translate",
        "generic 注解必须有 translate",
    ),
    "marker.match_ref": ("an mtc:match annotation has no ref", "mtc:match 注解不能有 ref"),
    "marker.comment": (
        "a comment has either value or ref",
        "comment 注解必须有 value 或 ref，且只能有其一",
    ),
    "marker.note": (
        "{ref} is no note of the same unit",
        "{ref} 不是同一 unit 的 note",
    ),
    "fragment.syntax": ("{ref} is no fragment identifier", "{ref} 不是片段标识"),
    "fragment.prefix": (
        "a prefix in {ref} is not registered",
        "{ref} 中的前缀未登记",
    ),
    "fragment.twice": ("{ref} names one kind of place twice", "{ref} 重复使用同一前缀"),
    "fragment.order": (
        "{ref} does not name file, group and unit in this order",
        "{ref} 未按 file、group、unit 的次序书写",
    ),
    "fragment.leaf": (
        "{ref} goes on after what stands inside a unit",
        "{ref} 在最内层之后还有内容",
    ),
    "fragment.nothing": ("{ref} points to nothing", "{ref} 没有指向任何内容"),
    "span.outside": ("{ref} points out of the document", "{ref} 指向文档之外"),
    "span.elsewhere": (
        "{ref} is no span of text of the same unit",
        "{ref} 不是同一 unit 中的文字",
    ),
    "glossary.empty": (
        "an entry needs a translation or a definition",
        "词条必须有译名或定义",
    ),
    "resource.no_type": (
        "a resource that is not in the document needs mimeType",
        "不在文档内的资源必须有 mimeType",
    ),
    "resource.no_source": (
        "a resource that is no context needs a source",
        "context='no' 的资源必须有 source",
    ),
    "resource.href": (
        "{name} of a resource has either content or href",
        "资源的 {name} 必须有内容或 href，且只能有其一",
    ),
    "resource.language": (
        "the language of the resource is {found}, the document's is {wanted}",
        "资源语言为 {found}，文档语言为 {wanted}",
    ),
    "resource.nothing": ("the file has no resource {id}", "文件中没有资源 {id}"),
    "rule.one": (
        "a rule is one of isPresent, isNotPresent, startsWith, endsWith, or one's own",
        "规则只能有 isPresent、isNotPresent、startsWith、endsWith 或自定规则之一",
    ),
    "rule.occurs": ("occurs needs isPresent", "occurs 需要 isPresent"),
    "rule.exists": (
        "existsInSource needs isPresent, startsWith or endsWith",
        "existsInSource 需要 isPresent、startsWith 或 endsWith",
    ),
    "rule.disabled": (
        "a rule of a file has nothing above it to disable",
        "文件级规则之上没有可停用的规则",
    ),
    "revision.which": (
        "there are several such elements: ref has to say which",
        "有多个这样的元素，必须用 ref 指明",
    ),
    "revision.nothing": ("there is no {id} to revise", "没有可修订的 {id}"),
    "revision.version": ("there is no revision {id}", "没有修订版本 {id}"),
    "revision.twice": (
        "a revision has {attribute} more than once",
        "同一修订中 {attribute} 重复",
    ),
    "revision.property": (
        "what is revised has no attribute {attribute}",
        "被修订的元素没有属性 {attribute}",
    ),
    "style.alone": ("fs:subFs needs fs:fs", "有 fs:subFs 就必须有 fs:fs"),
    "size.restriction": (
        "{attribute} is no size: {value!r}",
        "{attribute} 不是长度范围：{value!r}",
    ),
    "size.whole": ("{attribute} is no whole number: {value!r}", "{attribute} 不是整数：{value!r}"),
    "size.both": (
        "slr:sizeInfo and slr:sizeInfoRef exclude one another",
        "slr:sizeInfo 与 slr:sizeInfoRef 不能并用",
    ),
    "size.nothing": ("no slr:data has {id}", "slr:data 中没有 {id}"),
    "plural.switch": ("pgs:switch cannot be {value!r}", "pgs:switch 不能是 {value!r}"),
    "plural.no_switch": (
        "pgs:case needs pgs:switch on its unit",
        "pgs:case 需要 unit 有 pgs:switch",
    ),
    "plural.case": (
        "pgs:case {value!r} does not fit pgs:switch {switch!r}",
        "pgs:case {value!r} 与 pgs:switch {switch!r} 不符",
    ),
    "its.version": ("attributes of ITS need its:version", "使用 ITS 属性必须声明 its:version"),
    "its.exclusive": (
        "{attribute} and {other} exclude one another",
        "{attribute} 与 {other} 不能并用",
    ),
    "its.needed": ("{attribute} needs {wanted}", "{attribute} 需要 {wanted}"),
    "its.type": (
        "an annotation of ITS has the type its:generic",
        "ITS 注解的 type 必须是 its:generic",
    ),
    "its.empty": ("{name} says nothing", "{name} 没有内容"),
}
"""By rule: English, Chinese."""
