"""The text of every error code, in English and Chinese.

One entry a code: message and hint, with `{names}` that the raising code fills in.
`docs/reference/errors.md` is generated from this table, and a house test holds the
codes in the source against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = ["ENTRIES", "Entry", "render", "render_hint"]


class Entry(NamedTuple):
    """Message and hint of one code, in both languages."""

    en: str
    zh: str
    hint_en: str = ""
    hint_zh: str = ""


ENTRIES: dict[str, Entry] = {
    "account.inactive": Entry(
        "this account is out of service",
        "该账号已停用",
        "ask who manages accounts in your organization",
        "请联系本单位账号管理员",
    ),
    "account.required": Entry(
        "this needs an account, and none acts",
        "此操作需要账号，当前没有账号",
        'use hub.as_("acc_…"); on the command line --as acc_…, or TIANFU_ACCOUNT',
        '请使用 hub.as_("acc_…")；命令行用 --as acc_… 或 TIANFU_ACCOUNT',
    ),
    "account.unknown": Entry(
        "there is no such account",
        "没有这个账号",
        "accounts.find() lists those that you may see",
        "可用 accounts.find() 查看",
    ),
    "ask.backwards": Entry(
        "the time from {since} until {until} has nothing in it",
        "从 {since} 到 {until} 之间没有时间",
        "`until` is not a part of it: for a single day, give the day after it",
        "`until` 本身不含在内：只要一天，请给出后一天",
    ),
    "ask.bad_kind": Entry(
        "{value} is not a kind of content",
        "{value} 不是内容种类",
        "kinds are resource, activity, notice, news, base, clarification, studio, listing",
        "种类有 resource、activity、notice、news、base、clarification、studio、listing",
    ),
    "ask.bad_time": Entry(
        "{value} is neither a day nor a time",
        "{value} 不是日期或时间",
        "write YYYY-MM-DD, or a time with its zone, such as 2026-11-19T09:00+08:00",
        "请写成 YYYY-MM-DD，或带时区的时间，如 2026-11-19T09:00+08:00",
    ),
    "ask.empty": Entry(
        "the question has no words",
        "问题中没有文字",
        "write what you want to know",
        "请写出想问的问题",
    ),
    "ask.no_search": Entry(
        "this store has no search engine",
        "该存储没有检索引擎",
        "use sqlite: or memory:, or a plugin that offers search",
        "请使用 sqlite:、memory: 或带检索的插件",
    ),
    "assign.no_scipy": Entry(
        "SciPy is not installed",
        "未安装 SciPy",
        "pip install 'tianfu-sdk[assign]', or leave solver out",
        "请运行 pip install 'tianfu-sdk[assign]'，或省略 solver",
    ),
    "assign.score": Entry(
        "scores are numbers from 0 to 1, or None",
        "得分须为 0 到 1 的数，或 None",
    ),
    "assign.shape": Entry(
        "all rows must be as long as there are columns, and each column needs a capacity from 0 on",
        "各行长度须与列数相同，每列须有不小于 0 的容量",
    ),
    "blob.unknown": Entry(
        "no media are kept under this digest, or not for this account to read",
        "没有该摘要对应的媒体，或该账号无权读取",
        "add them with hub.media.add, and look at the account that acts",
        "请先用 hub.media.add 添加，并核对当前账号",
    ),
    "check.date": Entry(
        "{missing} dates of the source are not in it",
        "原文中的 {missing} 个日期未出现",
    ),
    "check.double_tsheg": Entry(
        "has a double tsheg in {count} places",
        "有 {count} 处重复的分音点",
    ),
    "check.empty": Entry(
        "has no translation",
        "缺少译文",
    ),
    "check.end_mark": Entry(
        "ends with {found}, the source with {wanted}",
        "句末标点为 {found}，原文为 {wanted}",
    ),
    "check.mark_order": Entry(
        "has marks in an order in which nobody finds them, in {count} places",
        "有 {count} 处符号的输入顺序不规范，检索时无法匹配",
    ),
    "check.markup": Entry(
        "markup differs: {missing} missing, {extra} too many",
        "标记不一致：缺 {missing} 个，多 {extra} 个",
    ),
    "check.mixed_script": Entry(
        "has {count} characters of another script",
        "夹有 {count} 个其他文字的字符",
    ),
    "check.mixed_tsheg": Entry(
        "has both kinds of tsheg: U+0F0B and U+0F0C, the rarer in {count} place",
        "混用两种分音点（U+0F0B 与 U+0F0C），较少的一种有 {count} 处",
    ),
    "check.not_nfc": Entry(
        "is not in Unicode normal form C",
        "不是 Unicode NFC 规范形式",
    ),
    "check.number": Entry(
        "numbers differ: {missing} missing, {extra} too many",
        "数字不一致：缺 {missing} 个，多 {extra} 个",
    ),
    "check.orphan_mark": Entry(
        "{count} vowel signs or subjoined letters stand without a letter",
        "有 {count} 个元音符号或下加字没有所附的字母",
    ),
    "check.phone": Entry(
        "telephone numbers differ: {missing} missing, {extra} too many",
        "电话号码不一致：缺 {missing} 个，多 {extra} 个",
    ),
    "check.placeholder": Entry(
        "placeholders differ: {missing} missing, {extra} too many",
        "占位符不一致：缺 {missing} 个，多 {extra} 个",
    ),
    "check.script": Entry(
        "is not written in the script of {language}",
        "不是以 {language} 的文字书写",
    ),
    "check.sms_parts": Entry(
        "takes {parts} SMS ({units} UTF-16 units), and the source {source_parts}",
        "按短信计 {parts} 条（{units} 个 UTF-16 单元），原文 {source_parts} 条",
    ),
    "check.unchanged": Entry(
        "is the same as the source",
        "与原文相同",
    ),
    "check.url": Entry(
        "web addresses differ: {missing} missing, {extra} too many",
        "网址不一致：缺 {missing} 个，多 {extra} 个",
    ),
    "codec.corrupt": Entry(
        "the stored document of a {what} cannot be read",
        "存储的 {what} 文档无法读取",
        "run tianfu doctor; restore from a backup",
        "请运行 tianfu doctor，必要时从备份恢复",
    ),
    "codec.schema_too_new": Entry(
        "the document has schema {found}, this program knows {known}",
        "文档版本为 {found}，本程序只认识 {known}",
        "update tianfu-sdk",
        "请升级 tianfu-sdk",
    ),
    "consent.backdated": Entry(
        "the ledger has a later entry of this purpose",
        "该用途已有更晚的记录",
        "an entry is added at the end; give a time that is not before the last",
        "只能在末尾追加，请给出不早于最后一条的时间",
    ),
    "consent.future": Entry(
        "the time of this consent has not come",
        "同意时间尚未到来",
    ),
    "consent.over": Entry(
        "this consent would end before it begins",
        "同意的截止时间早于其开始时间",
        "give an end that is later than its time, or none",
        "请给出晚于同意时间的截止时间，或不填",
    ),
    "contact.no_way": Entry(
        "a contact person needs a phone or an address to write to",
        "联系人须有电话或电子邮箱",
        "give phone or email",
        "请填写 phone 或 email",
    ),
    "content.bad_kind": Entry(
        "{value} is not a kind of content",
        "{value} 不是内容种类",
        "kinds are resource, activity, notice, news, base, clarification, studio, listing",
        "种类有 resource、activity、notice、news、base、clarification、studio、listing",
    ),
    "content.fixed": Entry(
        "this field cannot be changed",
        "该字段不可修改",
        "create a new one instead",
        "请另建一条",
    ),
    "content.kept": Entry(
        "this field is set by the verbs, not by hand",
        "该字段由流程自动维护，不能手工填写",
        "use submit, approve, publish …",
        "请使用 submit、approve、publish 等动作",
    ),
    "content.no_revision": Entry(
        "there is no revision {revision}",
        "没有第 {revision} 版",
        "revisions(id) lists them",
        "可用 revisions(id) 查看",
    ),
    "content.wrong_script": Entry(
        "the text is not written in the script of {language}, which it is said to be in",
        "标明语言为 {language}，正文却不是该语言的文字",
        "set the language that it is in, or enter the text in {language}",
        "请改正语言标签，或填入 {language} 正文",
    ),
    "crypto.no_suite": Entry(
        "this machine cannot do {suite}",
        "本机不支持 {suite}",
        "the OpenSSL in the cryptography package, or Python's own, lacks it: take the wheels"
        " of cryptography from PyPI and a Python whose OpenSSL has SM3 and SM4, or an AES key",
        "cryptography 或 Python 所用的 OpenSSL 缺少该算法：请改用 PyPI 的 cryptography 轮子和"
        "带 SM3、SM4 的 OpenSSL，或使用 AES 密钥",
    ),
    "crypto.wrong": Entry(
        "a sealed value cannot be opened: another key, another field, or it was changed",
        "密文无法解开：密钥或字段不符，或被改动",
        "check TIANFU_KEY or the key file",
        "请检查 TIANFU_KEY 或密钥文件",
    ),
    "demo.foreign": Entry(
        "the demo did not make {db}, so it leaves it alone",
        "{db} 不是演示程序创建的，不予改动",
        "name another file with --db",
        "请用 --db 指定其他文件",
    ),
    "demo.interrupted": Entry(
        "the demo on {db} was interrupted",
        "{db} 上的演示被中断过",
        "delete it and the files beside it whose names begin so, or name another with --db",
        "请删除该文件及同名开头的文件后重试，或用 --db 另选文件",
    ),
    "dump.bad_line": Entry(
        "line {line} of the dump cannot be read",
        "转储第 {line} 行无法读取",
        "make the dump again, or take another copy of it",
        "请重新转储，或使用另一份副本",
    ),
    "dump.content": Entry(
        "what stands in the store is not what the dump says: {parts}",
        "载入后的内容与转储不符：{parts}",
        "nothing may use this store; load into a new one, and report it",
        "请勿使用该存储；请载入新的存储并反馈此问题",
    ),
    "dump.damaged": Entry(
        "the dump was changed since it was made",
        "转储在生成后被改动",
        "take another copy of it, or make it again",
        "请使用另一份副本，或重新转储",
    ),
    "dump.format_too_new": Entry(
        "the dump has format {found}, this program knows {known}",
        "转储格式为 {found}，本程序只认识 {known}",
        "update tianfu-sdk",
        "请升级 tianfu-sdk",
    ),
    "dump.not_a_dump": Entry(
        "this is no dump of a store",
        "这不是存储的转储文件",
        "name a file that `tianfu dump` wrote",
        "请指定 tianfu dump 生成的文件",
    ),
    "dump.not_empty": Entry(
        "the store is not empty",
        "目标存储不是空的",
        "load into a new store",
        "请载入到新的存储",
    ),
    "dump.other_begun": Entry(
        "another dump was begun to be loaded into this store",
        "该存储已开始载入另一份转储",
        "go on with that one, or load into a new store",
        "请继续载入那一份，或载入到新的存储",
    ),
    "dump.truncated": Entry(
        "the dump was cut off",
        "转储不完整",
        "take another copy of it, or make it again",
        "请使用另一份副本，或重新转储",
    ),
    "dump.unfinished": Entry(
        "a dump was begun to be loaded into this store and is not finished",
        "该存储的载入已开始但未完成",
        "run `tianfu load` with the same dump again; it goes on where it stopped",
        "请用同一转储再次运行 tianfu load，将从中断处继续",
    ),
    "dump.unknown_kind": Entry(
        "this program knows no kind {kind}",
        "本程序没有类型 {kind}",
        "the dump is of a newer version, or of another program",
        "该转储来自更新的版本或其他程序",
    ),
    "emergency.checks_failed": Entry(
        "{count} things are wrong with the text in {language}; the first is {name}",
        "{language} 文本有 {count} 处错误，首处为 {name}",
        "emergencies.text_problems(id) lists them",
        "用 emergencies.text_problems(id) 查看",
    ),
    "emergency.free_slot": Entry(
        "{{title}} is filled in as it is, untranslated: it cannot stand in {language}",
        "{{title}} 填入的是未经翻译的标题，不能用于 {language} 文本",
        "use {{place}}, {{time}}, {{level}} or {{number}}, which are said in each language",
        "请改用 {{place}}、{{time}}、{{level}}、{{number}}，这些会以该语言填写",
    ),
    "emergency.illegal": Entry(
        "{verb} is not possible from the state {state}",
        "状态 {state} 下不能执行 {verb}",
        "a report is verified by another person, then answered, then closed",
        "上报须先由他人核实，再响应，最后结束",
    ),
    "emergency.level": Entry(
        "the official warning has the level {level}",
        "官方预警的级别为 {level}",
        "we explain a warning and do not change it; give its level",
        "科普只解释预警，不改变预警；请填写其级别",
    ),
    "emergency.no_plan": Entry(
        "no response plan answers {event_type} of this level there",
        "没有适用于该地该级别 {event_type} 的预案",
        "emergencies.create_plan makes one",
        "请用 emergencies.create_plan 建立预案",
    ),
    "emergency.no_text": Entry(
        "a plan needs a text",
        "预案须有短信文本",
    ),
    "emergency.not_yet": Entry(
        "what is reported lies in the future",
        "上报的事件时间在将来",
        "give when it happened; for what an official warning announces, give the alert",
        "请填写实际发生时间；如依据官方预警，请填写 alert",
    ),
    "emergency.own_report": Entry(
        "who reported it may neither verify nor reject it",
        "上报人本人不能核实或否定",
        "ask another person with the grant to verify",
        "请由另一位有核实权限的人操作",
    ),
    "emergency.placeholder": Entry(
        "only {slots} can be filled in; no other braces may stand here",
        "只能使用 {slots}，不能有其他花括号",
    ),
    "emergency.plan_unfit": Entry(
        "this plan is for another type, level or region",
        "该预案不适用于此类型、级别或地区",
        "leave plan out, and the nearest one is taken",
        "不指定 plan 即可自动选用最近的预案",
    ),
    "emergency.reason": Entry(
        "rejecting a report needs a reason",
        "否定上报须说明理由",
    ),
    "emergency.slot": Entry(
        "a text of the plan has {{{slot}}}, and there is nothing to fill it with",
        "预案文本含有 {{{slot}}}，但没有可填入的内容",
        "give number= to respond, or leave the slot out of the text",
        "请在 respond 中给出 number=，或从文本中去掉该占位符",
    ),
    "emergency.system": Entry(
        "the system judges no report; a person does",
        "系统不能核实上报，须由人核实",
    ),
    "erasures.bad_subject": Entry(
        "this is no random id of a subject",
        "这不是主体的随机标识",
        "pass ids such as sub_01…; phones and names must never stand in the log",
        "请传入 sub_01… 这样的标识；日志中绝不能出现手机号或姓名",
    ),
    "erasures.corrupt": Entry(
        "line {line} of the erasure log cannot be read",
        "删除日志第 {line} 行无法读取",
        "compare with a copy of the log; remove the line only if a power cut tore it",
        "请与日志副本核对；仅当该行因断电残缺时才可删除",
    ),
    "erasures.nowhere": Entry(
        "there is no place for the erasure log",
        "没有设置删除日志的位置",
        "set `erasures` (TIANFU_ERASURES) to a file apart from the database and its backups",
        "请将 erasures（TIANFU_ERASURES）设为数据库及其备份之外的文件",
    ),
    "evaluate.bad_line": Entry(
        "line {line} cannot be read",
        "第 {line} 行无法读取",
        'questions and documents are JSON lines with "_id" and "text"; judgements are'
        " qid, 0, docid, grade (TREC), or qid, docid, grade with tabs between",
        "问题与文档为含 _id 和 text 的 JSON 行；"
        "判定为 qid 0 docid grade（TREC），或以制表符分隔的 qid、docid、grade",
    ),
    "evaluate.bad_way": Entry(
        "{value} is not a way of searching",
        "{value} 不是检索方式",
        "write a key of [ask] and a value, such as engine=tantivy or threshold=0.5;"
        " or through=index, words=all, store=memory:",
        "请写 [ask] 的键和值，如 engine=tantivy、threshold=0.5；"
        "或 through=index、words=all、store=memory:",
    ),
    "evaluate.in_use": Entry(
        "a corpus cannot be indexed where contents are",
        "已有内容的索引不能再装入语料",
        "leave the store out, name an empty one, or give the engine an index of its own",
        "请省略存储、指定空存储，或给引擎单独的索引",
    ),
    "evaluate.no_file": Entry(
        "there is no {wanted}",
        "没有 {wanted}",
        "a question set is queries.jsonl and qrels.tsv in a folder, and perhaps corpus.jsonl",
        "一个问题集是文件夹中的 queries.jsonl 与 qrels.tsv，可另有 corpus.jsonl",
    ),
    "evaluate.no_questions": Entry(
        "of {questions} questions, {judged} of them judged, none has a document that answers it",
        "{questions} 个问题（{judged} 个有判定）中，没有一个有相关文档",
        "ids of questions and judgements must be the same, and some grades above 0",
        "问题与判定的编号须一致，且须有大于 0 的等级",
    ),
    "evaluate.not_utf8": Entry(
        "this file is not UTF-8",
        "该文件不是 UTF-8 编码",
        "save it as UTF-8",
        "请存为 UTF-8",
    ),
    "evaluate.other_questions": Entry(
        "these were asked other questions",
        "两次评测的问题不同",
        "evaluate both ways on the same sets",
        "请用相同的问题集评测两种方式",
    ),
    "evaluate.same_name": Entry(
        "two sets are called {name}",
        "有两个问题集都叫 {name}",
        "give each a name of its own: figures go by it",
        "请给每个问题集各起一个名称：指标按名称列出",
    ),
    "evaluate.twice": Entry(
        "line {line} has an id that stands above",
        "第 {line} 行的编号已出现过",
        "ids of questions and documents are unique, and a document has one grade",
        "问题、文档编号须唯一，同一文档只能有一个等级",
    ),
    "evaluate.unknown_set": Entry(
        "there is no set {name}; there are: {names}",
        "没有问题集 {name}；现有：{names}",
    ),
    "evaluation.no_check": Entry(
        "this rubric wants a check of method {method}, and there is none",
        "该评分标准要求 {method}，尚无记录",
        "evaluations.check writes down what was found",
        "用 evaluations.check 记录核查情况",
    ),
    "evaluation.no_review": Entry(
        "it must be reviewed by {wanted} persons at least",
        "至少须有 {wanted} 人评审",
        "evaluations.review, by persons who did not write it",
        "由未参与撰写的人员用 evaluations.review 评审",
    ),
    "evaluation.open": Entry(
        "another evaluation of it is not decided yet",
        "另有未定的评价",
        "decide it first: {id}",
        "请先完成：{id}",
    ),
    "evaluation.own_work": Entry(
        "who wrote an evaluation neither reviews nor decides it",
        "撰写评价的人不能评审或决定",
        "another person must",
        "须由另一人进行",
    ),
    "evaluation.reviewed": Entry(
        "this person has reviewed it already",
        "此人已评审过",
        "evaluations.return_ gives it back, to be reviewed anew",
        "可用 evaluations.return_ 退回，重新评审",
    ),
    "evaluation.system": Entry(
        "the system neither reviews nor decides",
        "系统不能评审或决定",
        "use the account of a person",
        "请使用个人账号",
    ),
    "evaluation.to_come": Entry(
        "the day of a check is not to come",
        "核查日期不能晚于今天",
        "give the day on which it was checked, {last} at the latest",
        "请填写核查当天的日期，不晚于 {last}",
    ),
    "evaluation.until": Entry(
        "a last day, not past, belongs to what is to be rectified, and to nothing else",
        "限期整改须填写未过期的截止日期，其他结论不填",
        "give rectify_until with rectify",
        "rectify 时请填写 rectify_until",
    ),
    "events.bad_name": Entry(
        "a consumer or mark needs a name of 1 to 40 characters",
        "消费者或标记的名称须为 1 至 40 个字符",
    ),
    "events.consumer_there": Entry(
        "that account has a consumer {name} already",
        "该账号已有消费者 {name}",
        "let it go on with its own, or forget it first",
        "可沿用其已有的消费者，或先删除",
    ),
    "events.no_consumer": Entry(
        "there is no consumer {name}",
        "没有消费者 {name}",
        "events.consumers() lists them",
        "可用 events.consumers() 查看",
    ),
    "events.not_yours": Entry(
        "a consumer belongs to the account that made it",
        "消费者属于创建它的账号",
        "each account has names of its own; the system may name an owner",
        "每个账号有自己的名称；只有系统可指定所有者",
    ),
    "events.reserved": Entry(
        "names that begin with {prefix} are the worker's own",
        "以 {prefix} 开头的名称由 worker 专用",
        "choose another name for your consumer",
        "请为消费者另取名称",
    ),
    "expert.name_public": Entry(
        "the expert's name stands in what everybody may read",
        "公开资料中出现了专家姓名",
        "leave the name out of title, profile and keywords; it is kept sealed",
        "请从 title、profile、keywords 中去掉姓名；姓名另行加密保存",
    ),
    "expert.not_in_office": Entry(
        "this expert is a draft, suspended or out of term",
        "该专家为草稿、已暂停或不在聘期",
        "experts.publish shows a profile again; experts.edit changes the term",
        "可用 experts.publish 重新发布，或用 experts.edit 修改聘期",
    ),
    "export.begun": Entry(
        "this folder holds an export as {format}, which goes on from where it ended",
        "该目录已有 {format} 格式的导出，只能从其结束处继续",
        "leave out the cursor and use the same format, or take another folder",
        "请省略游标并使用同一格式，或另选目录",
    ),
    "export.busy": Entry(
        "another export into this folder was quicker",
        "同一目录的另一次导出已先完成",
        "run it again",
        "请重新执行",
    ),
    "export.not_yours": Entry(
        "the export in this folder is of another store, or of another account",
        "该目录中的导出属于另一个存储或另一个账号",
        "take another folder",
        "请另选目录",
    ),
    "extra.missing": Entry(
        "{name} is not installed",
        "未安装 {name}",
        "pip install {package}",
        "请执行 pip install {package}",
    ),
    "field.characters": Entry(
        "NUL and halves of surrogate pairs are not text",
        "文本不能含 NUL 或不成对的代理码元",
        "decode the text from its source again",
        "请从来源重新解码",
    ),
    "field.choice": Entry(
        "{value} is not one of: {choices}",
        "{value} 不在可选范围：{choices}",
    ),
    "field.date": Entry(
        "{value} is not a date",
        "{value} 不是日期",
        "write YYYY-MM-DD",
        "请写成 YYYY-MM-DD",
    ),
    "field.missing": Entry(
        "this field is needed",
        "缺少必填字段",
    ),
    "field.naive_time": Entry(
        "a time needs a zone",
        "时间须带时区",
        "give an aware datetime, such as 2020-11-19T09:00+08:00",
        "请给出带时区的时间，如 2020-11-19T09:00+08:00",
    ),
    "field.time": Entry(
        "{value} is not a time",
        "{value} 不是时间",
        "write ISO 8601 with a zone",
        "请用带时区的 ISO 8601 格式",
    ),
    "field.too_large": Entry(
        "the number is too large, or not a number",
        "数值超出范围",
    ),
    "field.too_long": Entry(
        "{length} characters, {longest} at most",
        "共 {length} 个字符，最多 {longest}",
    ),
    "field.too_short": Entry(
        "at least {shortest} characters are needed",
        "至少需要 {shortest} 个字符",
    ),
    "field.too_small": Entry(
        "{value} is below {least}",
        "{value} 小于 {least}",
    ),
    "field.twice": Entry(
        "something stands here twice",
        "有重复的成员",
    ),
    "field.type": Entry(
        "wanted {wanted}, found {found}",
        "应为 {wanted}，实为 {found}",
    ),
    "field.unknown": Entry(
        "there is no such field",
        "没有这个字段",
        "it may be: {near}",
        "可能是：{near}",
    ),
    "field.value": Entry(
        "this value is not valid: {value}",
        "取值无效：{value}",
    ),
    "glossary.bad_file": Entry(
        "nothing was taken in; line {line}: {why} ({rule})",
        "未导入任何内容；第 {line} 行：{why}（{rule}）",
        "correct the file; the error's problems list all that is wrong",
        "请改正文件；该错误的 problems 列出全部问题",
    ),
    "glossary.forbidden": Entry(
        "{term} may not be written; write {wanted}",
        "不得使用“{term}”，应为“{wanted}”",
    ),
    "glossary.format": Entry(
        "a glossary comes as .tbx or .csv, not {ending}",
        "术语库文件应为 .tbx 或 .csv，不是 {ending}",
        "name the format",
        "请指明格式",
    ),
    "glossary.missing": Entry(
        "{term} is not translated by its term {wanted}",
        "“{term}”未按术语译为“{wanted}”",
    ),
    "glossary.no_term": Entry(
        "a concept needs a term",
        "概念至少要有一个术语",
        "give terms=[…], each with language and text",
        "请用 terms=[…] 给出，每个含 language 与 text",
    ),
    "glossary.refused": Entry(
        "{count} terms are not those of the glossary; the first: {term}, to be {wanted} ({name})",
        "有 {count} 处术语不符合术语库；第一处：“{term}”，应为“{wanted}”（{name}）",
        "correct the translation; hub.glossary.problems(id) lists them",
        "请修改译文；可用 hub.glossary.problems(id) 查看",
    ),
    "glossary.same_term": Entry(
        "the same term stands at place {first} already",
        "与第 {first} 个术语重复",
        "a term has one status in a concept",
        "一个概念内同一术语只能有一种状态",
    ),
    "glossary.variant": Entry(
        "{term} is another spelling; write {wanted}",
        "“{term}”为异写，宜写“{wanted}”",
    ),
    "grant.bad_action": Entry(
        "{value} is not an action",
        "{value} 不是动作",
        "actions are in tianfu_sdk.model.account.Action",
        "动作见 tianfu_sdk.model.account.Action",
    ),
    "grant.bad_kind": Entry(
        "{value} is not the name of a kind",
        "{value} 不是种类名",
        "such as resource, or * for all",
        "例如 resource；* 表示全部",
    ),
    "grant.exceeds": Entry(
        "this gives more than grant {grant} holds",
        "授出的权限超出授权 {grant} 的范围",
        "give less, or name another of your grants as parent",
        "请缩小范围，或用 parent 指定另一项授权",
    ),
    "grant.missing": Entry(
        "no grant of this account covers {action} on kind {kind} there",
        "该账号没有在此处对 {kind} 执行 {action} 的授权",
        "accounts.why(account, action, id) says what is missing",
        "可用 accounts.why(account, action, id) 查看原因",
    ),
    "grant.name": Entry(
        "no grant lets this account act in the name of {id}",
        "该账号没有以 {id} 名义行事的授权",
        "name an organization at home where your grant holds, or get a grant for it",
        "请使用授权范围内的单位，或取得该单位的授权",
    ),
    "grant.none": Entry(
        "this account holds no valid grant to delegate",
        "该账号没有可转授的有效授权",
    ),
    "grant.not_yours": Entry(
        "only who gave this grant, or holds one above it, may revoke it",
        "只有授予者或其上级授权持有者可以收回",
    ),
    "grant.place": Entry(
        "name a region or an organization, and not both",
        "须在 region 与 organization 中二选一",
    ),
    "http.bad_url": Entry(
        "the address cannot be called ({why})",
        "地址无法访问（{why}）",
        "check base_url",
        "请检查 base_url",
    ),
    "http.no_answer": Entry(
        "no answer came, and some of the request may have left ({why})",
        "没有收到应答，请求可能已发出（{why}）",
        "ask what became of it; do not send it again",
        "请查询结果，不要重发",
    ),
    "http.not_sent": Entry(
        "it failed before the request left ({why})",
        "请求发出前就失败了（{why}）",
        "it is safe to try again",
        "可以安全重试",
    ),
    "http.untrusted": Entry(
        "the server's certificate cannot be trusted ({why}), so nothing was sent",
        "服务器证书不可信（{why}），未发送任何内容",
        "have its certificate mended, or name a file with all authorities that you trust in the"
        " environment variable SSL_CERT_FILE",
        "请更正服务器证书，或用环境变量 SSL_CERT_FILE 指定包含您信任的全部 CA 的文件",
    ),
    "hub.async_unit": Entry(
        "a unit calls a plain function, and this is a coroutine function",
        "unit 需要普通函数，不能是协程函数",
        "write def, not async def, and no await; `await hub.aio.unit(fn)` runs it on a thread",
        "请用 def 而非 async def，且不用 await；`await hub.aio.unit(fn)` 会在线程中运行它",
    ),
    "hub.bad_option": Entry(
        "the option must be {wanted}",
        "选项取值应为 {wanted}",
    ),
    "hub.bad_url": Entry(
        "this is no URL of a store: {url}",
        "这不是存储的 URL：{url}",
        "such as sqlite:///kepu.db, sqlite:////var/kepu.db or memory:",
        "例如 sqlite:///kepu.db、sqlite:////var/kepu.db 或 memory:",
    ),
    "hub.no_reason": Entry(
        "the system acts for a reason",
        "系统操作须说明理由",
        'as_system(reason="…")',
        'as_system(reason="…")',
    ),
    "hub.no_url": Entry(
        "no store is named",
        "没有指定存储",
        'Hub.open("sqlite:///kepu.db"), or set TIANFU_DB',
        '请用 Hub.open("sqlite:///kepu.db") 或设置 TIANFU_DB',
    ),
    "hub.not_empty": Entry(
        "there is an account already; bootstrap works once",
        "已有账号，初始化只能进行一次",
        'use hub.as_("acc_…")',
        '请使用 hub.as_("acc_…")',
    ),
    "hub.unit_erases": Entry(
        "nobody is erased within a unit: the erasure log is written at once",
        "不能在 unit 内删除个人数据：删除日志须立即写入",
        "call erase by itself",
        "请单独调用 erase",
    ),
    "import.bad_kind": Entry(
        "{value} is not a kind that can be imported",
        "{value} 不是可导入的种类",
        "kinds are resource, activity, notice, news, base, clarification, studio, listing",
        "种类有 resource、activity、notice、news、base、clarification、studio、listing",
    ),
    "import.bad_rows": Entry(
        "{bad} rows have problems; nothing of them was written",
        "有 {bad} 行存在问题，均未写入",
        "correct them, or leave them out with skip_bad (--skip-bad)",
        "请改正后重试，或用 skip_bad（--skip-bad）跳过",
    ),
    "import.copy": Entry(
        "this looks like an edited copy of {id}: {share} of it stands there",
        "疑似 {id} 的改写副本：{share} 的内容相同",
        "look at both; --skip-copies (skip_copies=True) leaves such rows out",
        "请对照两者；可用 --skip-copies（skip_copies=True）跳过此类行",
    ),
    "import.copy_of_row": Entry(
        "this looks like an edited copy of row {row}: {share} of it stands there",
        "疑似第 {row} 行的改写副本：{share} 的内容相同",
        "look at both; --skip-copies (skip_copies=True) leaves such rows out",
        "请对照两者；可用 --skip-copies（skip_copies=True）跳过此类行",
    ),
    "import.edited": Entry(
        "somebody else has edited the draft of this key since",
        "该编号对应的草稿已被他人修改",
        "leave the row out, or say that the file wins: overwrite, --overwrite",
        "请跳过该行，或指定以文件为准：overwrite、--overwrite",
    ),
    "import.flag": Entry(
        "this is neither yes nor no",
        "既不是“是”也不是“否”",
        "write 是 or 否",
        "请填写“是”或“否”",
    ),
    "import.key_twice": Entry(
        "row {first} has the same key, or is the same row",
        "与第 {first} 行编号相同或内容完全相同",
        "give each row a key of its own",
        "每行请使用不同的编号",
    ),
    "import.many_regions": Entry(
        "{count} regions have this name",
        "有 {count} 个行政区划叫这个名称",
        "write the code, or the name with the regions above it, such as 自贡市富顺县",
        "请填六位代码，或写全称，如 自贡市富顺县",
    ),
    "import.measures": Entry(
        "wanted things and numbers with a colon between, such as leaflets: 500",
        "应写成“名称：数量”，如 发放资料：500份",
        "put ; between several",
        "多项之间用分号隔开",
    ),
    "import.no_column": Entry(
        "kind {kind} has no such column; near: {near}",
        "{kind} 没有这一列；相近的列名：{near}",
        "the names of columns stand in the first row; see docs/how-to/import.md",
        "列名应在第一行；可用列名见 docs/how-to/import.md",
    ),
    "import.no_file": Entry(
        "the file cannot be read ({why})",
        "文件无法读取（{why}）",
    ),
    "import.no_region": Entry(
        "no region of today has this name or code",
        "没有这个行政区划名称或代码",
        "write the six digits of GB/T 2260, or the full name",
        "请填 GB/T 2260 六位代码或规范全称",
    ),
    "import.no_seek": Entry(
        "the table is read twice, and this stream cannot go back",
        "表格需读两遍，该数据流不能回退",
        "save it as a file first",
        "请先保存为文件",
    ),
    "import.no_term": Entry(
        "the vocabulary {vocabulary} has no such term; there is: {near}",
        "词表 {vocabulary} 中没有该词；可用：{near}",
    ),
    "import.number": Entry(
        "this is not a number",
        "不是数字",
        "digits only, such as 1200",
        "只填数字，如 1200",
    ),
    "import.overtaken": Entry(
        "another process is loading the same file",
        "另一进程正在导入同一文件",
        "wait until it is done, then load again",
        "请等待其完成后再试",
    ),
    "import.quantity": Entry(
        "this is not a quantity",
        "不是数量",
        "such as 170, 约170, 140余, >=140",
        "如 170、约170、140余、>=140",
    ),
    "import.same_field": Entry(
        "this column fills the same field as column {other}",
        "该列与“{other}”列表示同一字段",
        "keep one of the two",
        "请保留其中一列",
    ),
    "import.when": Entry(
        "this is not a time",
        "不是时间",
        "such as 2020-11-19, 2020-11-19..2020-11-20, 2020-11-19 09:00 or 近日",
        "如 2020-11-19、2020-11-19..2020-11-20、2020-11-19 09:00 或 近日",
    ),
    "indicator.no_evidence": Entry(
        "no figure of this report rests on the event {event}",
        "该报表没有任何数字以事件 {event} 为佐证",
        "indicators.evidence lists the events of a figure",
        "可用 indicators.evidence 查看佐证",
    ),
    "indicator.no_figure": Entry(
        "this report has no figures of {organization}",
        "该报表没有 {organization} 的数字",
    ),
    "interest.bad_day": Entry(
        "the two can only have signed after they met, and not in days to come",
        "签约日期须在双方接洽之后，且不晚于今天",
        "give a day from {first} to {last}",
        "请填写 {first} 至 {last} 之间的日期",
    ),
    "interest.closed": Entry(
        "one can not be interested in this listing now",
        "该条目目前不接受意向",
        "it must be published, before its deadline, not closed and not full",
        "条目须已发布、未过期、未关闭且有名额",
    ),
    "interest.full": Entry(
        "this listing can be concluded {capacity} times, and all are taken",
        "该条目名额为 {capacity}，已满",
        "raise capacity, or let one fail",
        "请提高 capacity，或将其中一个标记为未成",
    ),
    "interest.no_contact": Entry(
        "the other side must be able to call back",
        "须有联系人，对方才能联系",
        "give contact, or set contact on the listing; hub.contacts.create makes one",
        "请给出 contact，或在条目上设置；用 hub.contacts.create 建立联系人",
    ),
    "interest.no_evidence": Entry(
        "an outcome needs something that it can be checked by",
        "成果须有可核查的佐证",
        "give evidence, such as the number under which the contract is registered",
        "请给出 evidence，例如技术合同登记编号",
    ),
    "interest.no_outcome": Entry(
        "nothing was reported that could be confirmed",
        "尚无可确认的成果",
        "one side reports first: interests.report",
        "请先由一方填报：interests.report",
    ),
    "interest.not_mutual": Entry(
        "contact data is shown once both sides want to talk, and as long as they do",
        "双方都同意洽谈后才显示联系方式",
        "the owner of the listing accepts first",
        "请先由条目方接受意向",
    ),
    "interest.not_yours": Entry(
        "this account does not speak for the side that this is for",
        "该账号不代表应当操作的一方",
        "the owner of the listing accepts and declines, who is interested withdraws; "
        "ask for a grant on kind interest at that organization",
        "接受和谢绝由条目方操作，撤回由提出意向的一方操作；请在该单位申请 interest 权限",
    ),
    "interest.one_kind": Entry(
        "two offers do not meet, nor do two needs (this one is of kind {kind})",
        "{kind} 与同类条目不能对接",
        "a need meets a service, an achievement or a project",
        "需求只能与服务、成果或项目对接",
    ),
    "interest.own_word": Entry(
        "this person has acted for the other side ({side})",
        "此人已代表另一方（{side}）操作",
        "another person must speak for this side",
        "请由另一人代表本方操作",
    ),
    "interest.said": Entry(
        "this side ({side}) has said so already; the other one must",
        "本方（{side}）已表态，须由对方操作",
    ),
    "interest.same_side": Entry(
        "an organization is not interested in its own listing",
        "单位不能对自己的条目表达意向",
        "come with a listing or an organization of another",
        "请以其他单位或其条目表达意向",
    ),
    "interest.state": Entry(
        "an interest that is {state} takes no {verb}",
        "处于 {state} 的意向不能 {verb}",
        "possible from there: {possible}",
        "此状态下可执行：{possible}",
    ),
    "interest.system": Entry(
        "the system speaks for neither side",
        "系统不代表任何一方",
        "use the account of a person who acts for one",
        "请使用代表一方的个人账号",
    ),
    "job.campaign": Entry(
        "these jobs belong to campaign {group}, and its messages with them",
        "这些任务属于短信任务 {group}，不能单独取消",
        "sms.cancel(id) stops the campaign with its messages",
        "请用 sms.cancel(id) 取消该短信任务",
    ),
    "keys.both": Entry(
        "a holder of keys is named, and a key is given as well",
        "既指定了密钥保管方，又给出了密钥",
        "leave out TIANFU_KEYS, or TIANFU_KEY and TIANFU_KEY_FILE",
        "请去掉 TIANFU_KEYS，或去掉 TIANFU_KEY 和 TIANFU_KEY_FILE",
    ),
    "keys.campaign_open": Entry(
        "a campaign is being put in the outbox, and a message's id is made of the index",
        "有短信任务正在入队，而消息编号由索引生成",
        "tianfu sms send with its id goes on with it; or cancel it; then rotate again",
        "用该编号执行 tianfu sms send 继续入队，或取消该任务，再轮换",
    ),
    "keys.in_use": Entry(
        "this key is still in use",
        "该密钥仍在使用",
        "tianfu keys new PATH --add makes a newer one, tianfu keys rotate goes over to it",
        "用 tianfu keys new PATH --add 增加新密钥，再用 tianfu keys rotate 轮换",
    ),
    "keys.malformed": Entry(
        "the master keys cannot be read: one a line, such as base64 of 32 bytes",
        "主密钥无法识别：每行一个，例如 32 字节的 base64",
        "tianfu keys new makes one",
        "可用 tianfu keys new 生成",
    ),
    "keys.missing": Entry(
        "there is no master key",
        "没有主密钥",
        "set TIANFU_KEY or TIANFU_KEY_FILE; tianfu keys new makes one",
        "请设置 TIANFU_KEY 或 TIANFU_KEY_FILE；可用 tianfu keys new 生成",
    ),
    "keys.unknown": Entry(
        "the master key that this was wrapped with is not here",
        "没有当时使用的主密钥",
        "give the key file that belongs to this database",
        "请提供与该数据库对应的密钥文件",
    ),
    "keys.unwritable": Entry(
        "the key file cannot be written",
        "密钥文件无法写入",
        "set TIANFU_KEY_FILE to a place that can be written",
        "请把 TIANFU_KEY_FILE 设到可写位置",
    ),
    "keys.wrong": Entry(
        "the master key does not fit this database",
        "主密钥与该数据库不符",
        "give the key file that belongs to this database",
        "请提供与该数据库对应的密钥文件",
    ),
    "licence.not_shareable": Entry(
        "the licence {licence} does not let this be shared",
        "许可 {licence} 不允许共享",
        "set a licence that does, if the owner agrees",
        "权利人同意后请改用可共享的许可",
    ),
    "lifecycle.expired": Entry(
        "its expiry has come",
        "内容已过有效期",
        "edit expires_on, and have it approved again",
        "请修改 expires_on 并重新审批",
    ),
    "lifecycle.illegal": Entry(
        "{verb} is not possible from the state {state}",
        "状态 {state} 下不能执行 {verb}",
        "possible from there: {possible}",
        "此状态下可执行：{possible}",
    ),
    "lifecycle.own_work": Entry(
        "who wrote it may neither approve nor strike it",
        "作者本人不能审批或剔除",
        "ask another person with the grant",
        "请由另一位有相应权限的人操作",
    ),
    "lifecycle.past": Entry(
        "the moment must be one to come",
        "时间须在将来",
    ),
    "lifecycle.reason": Entry(
        "{verb} needs a reason",
        "{verb} 须说明理由",
    ),
    "lifecycle.system": Entry(
        "the system approves nothing; a person does",
        "系统不能审批，须由人审批",
    ),
    "listing.foreign": Entry(
        "this belongs to another organization",
        "它属于其他单位",
        "name a studio or contact person of the listing's own organization",
        "请填写本单位的工作室或联系人",
    ),
    "listing.kind_kept": Entry(
        "interests in this listing count on its kind, {kind}",
        "已有意向以该条目的种类（{kind}）为准，不能更改种类",
        "create another listing of the other kind, or let these interests come to nothing first",
        "请另建新种类的条目，或先使这些意向未成",
    ),
    "listing.no_budget": Entry(
        "an upper end needs a budget that it is the upper end of",
        "有上限时须填写预算下限",
        "give budget as well, such as Quantity(100_000)",
        "请同时填写 budget，例如 Quantity(100_000)",
    ),
    "listing.unfit_field": Entry(
        "a listing of kind {kind} has no such field",
        "{kind} 没有该字段",
        "tianfu_sdk.model.listing.OWN_FIELDS says which kinds have it",
        "各字段适用的种类见 tianfu_sdk.model.listing.OWN_FIELDS",
    ),
    "markup.broken": Entry(
        "the file is no well-formed XML: line {line}, {why}",
        "文件不是格式良好的 XML：第 {line} 行，{why}",
        "open it in an editor at this line, or ask for it anew",
        "请在编辑器中查看该行，或重新获取文件",
    ),
    "markup.encoding": Entry(
        "the file is not in the encoding {encoding}: line {line}",
        "文件不是 {encoding} 编码：第 {line} 行",
        "save it as UTF-8; a declaration has to name the encoding that the file is in",
        "请另存为 UTF-8；声明的编码须与文件一致",
    ),
    "markup.entities": Entry(
        "the file declares or uses entities of its own: line {line}",
        "文件声明或使用了自定义实体：第 {line} 行",
        "write the characters themselves; entities of strangers are never expanded",
        "请直接写出字符；出于安全不展开自定义实体",
    ),
    "markup.too_deep": Entry(
        "elements stand more than {most} deep: line {line}",
        "元素嵌套超过 {most} 层：第 {line} 行",
        "this is no document that people work with",
        "这不是正常的文档",
    ),
    "markup.too_large": Entry(
        "the file has more than {most} MiB",
        "文件超过 {most} MiB",
        "split it",
        "请拆分文件",
    ),
    "markup.unwritable": Entry(
        "the encoding {encoding} of the file does not have all characters of the new text",
        "文件的编码 {encoding} 无法表示新文字中的某些字符",
        "convert the file to UTF-8 first",
        "请先将文件转换为 UTF-8",
    ),
    "match.bad_weight": Entry(
        "weights are numbers from 0 up, of: {names}",
        "权重须为不小于 0 的数，可用名称：{names}",
    ),
    "match.conflict": Entry(
        "this is no pair of a project and an expert",
        "这不是项目与专家的编号对",
        'give (project, expert): ids such as ("lst_…", "exp_…"), in this order',
        '请按（项目, 专家）的顺序给出编号，如 ("lst_…", "exp_…")',
    ),
    "match.no_weight": Entry(
        "at least one feature must weigh something",
        "至少须有一项权重大于 0",
        "leave weights out to weigh as it is shipped",
        "省略 weights 则采用默认权重",
    ),
    "match.popularity": Entry(
        "popularity may weigh a twentieth of all at most",
        "热度的权重至多为总和的二十分之一",
        "lower it, or raise the others",
        "请调低热度权重，或调高其他权重",
    ),
    "match.round_kind": Entry(
        "{id} is no project and no need",
        "{id} 既不是项目也不是需求",
        "give ids of listings of the kind project or need",
        "请给出种类为 project 或 need 的条目 id",
    ),
    "match.round_large": Entry(
        "a round has {most} pairs to look at, at most",
        "一轮至多比较 {most} 对",
        "divide it, by topic or by region",
        "请按主题或地区分成几轮",
    ),
    "match.target": Entry(
        "kind {kind} is matched with: {targets}",
        "{kind} 可匹配的对象：{targets}",
        "name one of these with to, or leave to out",
        "请将 to 设为其中之一，或省略 to",
    ),
    "media.bad_digest": Entry(
        "this is not a SHA-256 in hex",
        "不是十六进制的 SHA-256",
    ),
    "media.bad_type": Entry(
        "{value} is not a media type",
        "{value} 不是媒体类型",
        "such as image/png",
        "例如 image/png",
    ),
    "media.clearing": Entry(
        "the same bytes, which nothing used, are being cleared away right now",
        "相同的字节因无人使用，正在被清理",
        "add them again",
        "请重新添加",
    ),
    "media.empty": Entry(
        "there are no bytes",
        "内容为空",
    ),
    "media.no_alt": Entry(
        "an {form} needs a text that says what it shows",
        "{form} 须有替代文字",
        "fill alt; or open the hub with accessible=False",
        "请填写 alt，或以 accessible=False 打开",
    ),
    "media.no_file": Entry(
        "the file {name} cannot be read ({why})",
        "文件 {name} 无法读取（{why}）",
        "look at the path and its rights",
        "请检查路径及权限",
    ),
    "media.no_transcript": Entry(
        "{form} needs a text that says what is heard",
        "{form} 须有文字稿",
        "fill transcript; or open the hub with accessible=False",
        "请填写 transcript，或以 accessible=False 打开",
    ),
    "media.nowhere": Entry(
        "there is no place for media",
        "没有设置媒体的存放位置",
        "set `media` (TIANFU_MEDIA) to a folder, or to a bucket such as s3://…",
        "请将 media（TIANFU_MEDIA）设为文件夹，或 s3://… 这样的存储桶",
    ),
    "media.torn": Entry(
        "{found} bytes came, {wanted} were promised; nothing was kept",
        "应有 {wanted} 字节，实到 {found} 字节，未保存",
        "send them again, or leave size out",
        "请重新上传，或省略 size",
    ),
    "media.type_clash": Entry(
        "it claims to be {claimed} but is {found}",
        "声明为 {claimed}，实为 {found}",
        "leave media_type out, or look whether this is the right file",
        "请省略 media_type，或核对文件是否正确",
    ),
    "media.unknown_type": Entry(
        "its type is not recognised",
        "无法识别类型",
        "say media_type=",
        "请指明 media_type",
    ),
    "memory.bad_file": Entry(
        "nothing was taken in; line {line}: {why} ({rule})",
        "未导入任何内容；第 {line} 行：{why}（{rule}）",
        "correct the file; the error's problems list all that is wrong",
        "请改正文件；该错误的 problems 列出全部问题",
    ),
    "memory.bad_score": Entry(
        "a score is above 0 and at most 1, not {found}",
        "相似度须大于 0 且不超过 1，当前为 {found}",
    ),
    "memory.format": Entry(
        "a memory comes as .tmx or .csv, not {ending}",
        "翻译记忆文件应为 .tmx 或 .csv，不是 {ending}",
        "name the format",
        "请指明格式",
    ),
    "memory.languages": Entry(
        "a table needs to know its languages",
        "写成表格须指明语言",
        "give two or more, the source first",
        "请给出至少两种语言，源语言在前",
    ),
    "noun.unknown": Entry(
        "there is no {kind} {id}, or not for this account",
        "没有 {kind} {id}，或该账号无权查看",
        "look at the id, and at the account that acts (--as on the command line)",
        "请核对编号，以及当前账号（命令行用 --as）",
    ),
    "organization.ambiguous": Entry(
        "several organizations are called {name}",
        "有多个组织叫 {name}",
        "use the id",
        "请使用编号",
    ),
    "organization.too_deep": Entry(
        "a tree of organizations is at most {deepest} deep",
        "组织层级最多 {deepest} 级",
    ),
    "organization.unknown": Entry(
        "there is no organization {id}",
        "没有组织 {id}",
        "give its id; organizations.find() lists them",
        "请给出其编号；organizations.find() 可列出组织",
    ),
    "page.bad_cursor": Entry(
        "this is not a cursor of a page",
        "这不是分页游标",
        "pass back page.cursor",
        "请传回 page.cursor",
    ),
    "phone.bad": Entry(
        "this is not a phone number that can be sent to",
        "不是可用的电话号码",
        "give a mobile of the mainland, or a number with + and country code",
        "请填写大陆手机号，或带 + 和国家代码的号码",
    ),
    "plugin.api": Entry(
        "the plugin states API {found}, this library speaks {known}",
        "插件声明的接口版本为 {found}，本库为 {known}",
        "set tianfu_api = 1, or install a version of the plugin that fits",
        "请设 tianfu_api = 1 或安装匹配版本",
    ),
    "plugin.bad_name": Entry(
        "this is no name for a backend",
        "后端名称不合规",
        "lower-case letters, digits, `+`, `.` and `-`, beginning with a letter",
        "请用小写字母开头，只含小写字母、数字、`+`、`.`、`-`",
    ),
    "plugin.blocked": Entry(
        "the plugin that offers {name} is installed, but blocked",
        "提供 {name} 的插件已安装但被屏蔽",
        "see plugins.only and plugins.block in the settings, and TIANFU_PLUGINS",
        "请查看设置 plugins.only、plugins.block 和 TIANFU_PLUGINS",
    ),
    "plugin.broken": Entry(
        "the plugin is broken: {cause}",
        "插件有问题：{cause}",
        "tianfu plugins show NAME prints the whole traceback",
        "可用 tianfu plugins show NAME 查看完整信息",
    ),
    "plugin.collision": Entry(
        "several plugins offer this name: {plugins}",
        "多个插件提供同一名称：{plugins}",
        "block one of them with plugins.block",
        "请用 plugins.block 屏蔽其一",
    ),
    "plugin.factory": Entry(
        "what is registered must be callable",
        "注册的对象必须可调用",
    ),
    "plugin.folder_taken": Entry(
        "there is something of this name already",
        "同名文件或文件夹已存在",
        "choose another name, or another folder with --into",
        "请换名称，或用 --into 指定其他文件夹",
    ),
    "plugin.late": Entry(
        "{name} registers {path} too late: what a plugin offers is settled when the hub opens",
        "{name} 注册 {path} 太迟：插件须在打开 hub 时完成注册",
        "call register inside the hook",
        "请在钩子内调用 register",
    ),
    "plugin.name_built_in": Entry(
        "{name} is a backend that is built in, and a guest never takes its place",
        "{name} 是内置后端，插件不能取代它",
        "choose another name",
        "请换一个名称",
    ),
    "plugin.not_installed": Entry(
        "there is no such plugin; there are: {names}",
        "没有这个插件；现有：{names}",
        "tianfu plugins list shows all, and what they offer",
        "可用 tianfu plugins list 查看全部",
    ),
    "plugin.unknown": Entry(
        "nobody offers {name}; there are: {offered}",
        "没有提供 {name}；现有：{offered}",
        "install the plugin that offers it",
        "请安装相应插件",
    ),
    "plugin.unknown_hook": Entry(
        "there is no hook {hook}",
        "没有钩子 {hook}",
        "hooks are in docs/reference/hooks.md",
        "钩子见 docs/reference/hooks.md",
    ),
    "plugin.unmarked_hook": Entry(
        "{hook} is not marked as a hook, so it would never be called",
        "{hook} 没有钩子标记，不会被调用",
        "put @hookimpl before it, or rename it",
        "请在其前加 @hookimpl 或改名",
    ),
    "plugin.wrapper": Entry(
        "{hook} cannot be wrapped",
        "钩子 {hook} 不能用 wrapper 方式实现",
        "use a plain @hookimpl",
        "请用普通的 @hookimpl",
    ),
    "question.closed": Entry(
        "the question is {state} already",
        "该问题已处于 {state} 状态",
    ),
    "question.drafted": Entry(
        "an answer to this question is being drafted already: {id}",
        "该问题已有起草中的答案：{id}",
        "edit that one; or draft_answer(…, instead=True), and that one answers it no more",
        "请修改该稿；或用 draft_answer(…, instead=True) 另起一稿，原稿不再作为答案",
    ),
    "question.grouped": Entry(
        "the question is grouped under {id}, which asks the same",
        "该问题已并入同题 {id}",
        "work on that one, or take this one out: questions.separate",
        "请处理该题，或用 questions.separate 拆出本题",
    ),
    "question.no_consent": Entry(
        "a contact is kept only with a consent to being told",
        "保留联系方式须有提问者同意告知的证明",
        "say what proves it: consent=, such as the number of a form",
        "请用 consent= 注明证明，如表单编号",
    ),
    "question.no_expert": Entry(
        "the question is with no expert who could decline it",
        "该问题未分派给专家，无从谢绝",
        "questions.route gives it to somebody else",
        "可用 questions.route 另行分派",
    ),
    "question.nobody": Entry(
        "nobody is named who is to hear of the answer",
        "未指明答复告知何人",
        "give subscriber=, or contact= with consent=",
        "请给出 subscriber=，或 contact= 及 consent=",
    ),
    "question.not_grouped": Entry(
        "the question is in no group",
        "该问题未并入同题",
    ),
    "question.not_published": Entry(
        "only a published content answers a question",
        "只有已发布的内容才能作为答案",
    ),
    "question.not_routed": Entry(
        "the question is with no association yet, so nobody owns the answer",
        "该问题尚未分派，答案无归属单位",
        "give organization=, or route the question first",
        "请用 organization= 指定单位，或先分派问题",
    ),
    "quota.exceeded": Entry(
        "{wanted} parts are more than the {left} that are left of the {period} {name}",
        "需要 {wanted} 条，超出 {period} {name} 剩余的 {left} 条",
        "wait for the next period, or have the organization above raise the quota"
        " (hub.sms_policies)",
        "请等待下一周期，或由上级组织提高配额（hub.sms_policies）",
    ),
    "reach.not_built": Entry(
        "this store does not have what campaigns are planned by of all subscribers yet",
        "本库尚未为全部受众建立短信规划所需的索引行",
        "run tianfu migrate, or tianfu doctor --rebuild-reach",
        "请运行 tianfu migrate 或 tianfu doctor --rebuild-reach",
    ),
    "region.bad_code": Entry(
        "{value} is not a region code",
        "{value} 不是行政区划代码",
        "six digits of GB/T 2260, such as 510000",
        "GB/T 2260 的六位代码，如 510000",
    ),
    "region.bad_parent": Entry(
        "{parent} cannot lie right above {value}",
        "{parent} 不能是 {value} 的上级",
        "above a county lies a prefecture or the province, above a prefecture the province,"
        " of the same two first digits",
        "县级的上级为地级或省级，地级的上级为省级，且前两位代码相同",
    ),
    "region.begins_then": Entry(
        "the row of {value} begins on this very day",
        "{value} 的记录正是从这一天开始",
        "use regions.edit to correct it",
        "如需更正请用 regions.edit",
    ),
    "region.has_children": Entry(
        "{value} {name} lies below it, and would have no parent then",
        "其下的 {value} {name} 将没有上级",
        "move or end what lies below it first",
        "请先调整或终止其下级",
    ),
    "region.in_use": Entry(
        "something of kind {kind} belongs to {value}, so the code must stay",
        "有 {kind} 属于 {value}，不能删去该代码",
        "end the region by regions.replace and name its successors",
        "请用 regions.replace 终止该区划并指明后继",
    ),
    "region.named": Entry(
        "{value} {name} names it as a successor",
        "{value} {name} 以它为后继",
        "amend that one first",
        "请先修改前者",
    ),
    "region.not_amended": Entry(
        "nothing was amended about {value}",
        "{value} 没有修订记录",
        "regions.amendments() lists what was",
        "可用 regions.amendments() 查看",
    ),
    "region.not_ended": Entry(
        "{value} goes on, so nothing succeeds it",
        "{value} 仍然有效，不能有后继",
        "give the day on which it ends",
        "请给出终止日期",
    ),
    "region.not_valid": Entry(
        "{value} was no region on {on}; successors: {successors}",
        "{value} 在 {on} 不是有效区划；后继：{successors}",
        "regions.resolve(code) follows it",
        "可用 regions.resolve(code) 查找",
    ),
    "region.overlap": Entry(
        "{value} holds as {name} on some of these days",
        "{value} 在此期间已作为 {name} 有效",
        "regions.edit corrects a row, regions.renew lets another one follow",
        "更正用 regions.edit，变更用 regions.renew",
    ),
    "region.parent_not_valid": Entry(
        "{value} does not hold all the time that this region does",
        "上级 {value} 并非在整个期间内都有效",
        "give the days on which both hold",
        "请填写二者同时有效的日期",
    ),
    "region.rekeying": Entry(
        "another process is re-keying this store",
        "另一进程正在重建区划索引",
        "let it finish, or end it first",
        "请等待其完成，或先将其停止",
    ),
    "region.successor_circle": Entry(
        "{value} leads back to the region that it would succeed",
        "后继 {value} 又指回被它接替的区划",
    ),
    "region.successor_not_valid": Entry(
        "{value} does not hold on the day it would take over",
        "后继 {value} 在接替之日无效",
        "add the successor from that day on first",
        "请先添加自该日起有效的后继区划",
    ),
    "region.unknown": Entry(
        "{value} never was a region code",
        "没有区划代码 {value}",
        "six digits of GB/T 2260, such as 510300; regions.children(code) lists those below one",
        "GB/T 2260 的六位代码，如 510300；regions.children(code) 可列出下级区划",
    ),
    "registration.closed": Entry(
        "this activity takes no more registrations",
        "该活动报名已截止",
        "places(activity) says when it closed; resume(activity) opens what was stopped by hand",
        "可用 places(activity) 查看截止时间；人工停止的可用 resume(activity) 恢复",
    ),
    "registration.full": Entry(
        "there is no room: {free} places are free",
        "名额不足：剩余 {free} 个",
        "take a smaller party, or publish the activity with more places or a waitlist",
        "请减少人数，或发布增加名额、开放候补的活动新版",
    ),
    "registration.no_consent": Entry(
        "nothing says that the person agreed to the use of the data for this activity",
        "缺少本人同意为该活动使用其信息的凭据",
        "ask first, then give what proves it, such as the number of the form",
        "请先征得同意，再给出凭据，如登记表编号",
    ),
    "registration.no_guardian": Entry(
        "somebody under 14 comes along, and nothing says that a guardian agreed",
        "有不满十四周岁的参加者，缺少监护人同意的凭据",
        "ask a guardian, then give what proves it as `guardian`",
        "请先征得监护人同意，再用 guardian 给出凭据",
    ),
    "registration.not_over": Entry(
        "this activity is not over yet",
        "该活动尚未结束",
        "call it after the end, or mark one as absent(id)",
        "请在活动结束后调用，或用 absent(id) 逐个标记",
    ),
    "registration.not_published": Entry(
        "this activity is not published now",
        "该活动目前未发布",
        "publish it first",
        "请先发布该活动",
    ),
    "registration.not_taken": Entry(
        "nobody needs to register for this activity",
        "该活动无需报名",
        "for one that takes registrations set `registration` to True",
        "需要报名的活动请将 registration 设为 True",
    ),
    "registration.party_too_large": Entry(
        "{party} persons are too many, at most {most}",
        "{party} 人过多，最多 {most} 人",
        "register some of them by another phone",
        "请用其他手机号为部分人员报名",
    ),
    "registration.state": Entry(
        "a registration that is {state} cannot be changed so: {verb}",
        "该报名状态为 {state}，不能执行 {verb}",
        "get(id) shows how it stands; reopen(id, reason) takes a check-in back",
        "可用 get(id) 查看状态；签到有误可用 reopen(id, reason) 撤回",
    ),
    "registration.too_early": Entry(
        "this activity begins on {begins}; nobody can be checked in before that day",
        "该活动 {begins} 才开始，当日之前不能签到",
        "look whether it is the right activity, and whether its time is right",
        "请核对活动及其时间",
    ),
    "registration.too_soon": Entry(
        "registration for this activity opens at {opens} (China time)",
        "该活动 {opens}（北京时间）开始报名",
    ),
    "registration.twice": Entry(
        "this phone is registered for this activity already",
        "该手机号已报名此活动",
        "the value `owner` is the id of that registration: edit or cancel it",
        "owner 为已有报名的编号，可修改或取消",
    ),
    "rollup.moved": Entry(
        "the daily roll-up is not of this log of events",
        "按日汇总与本事件日志不符",
        "tianfu events rollup --rebuild, or events.rebuild_rollups()",
        "请执行 tianfu events rollup --rebuild 或 events.rebuild_rollups()",
    ),
    "rubric.bad_code": Entry(
        "{value} is no code: small letters, digits and _",
        "{value} 不是代码：只用小写字母、数字和下划线",
    ),
    "rubric.empty": Entry(
        "a rubric needs items that there are points for",
        "评分标准须有计分项目",
    ),
    "rubric.missing": Entry(
        "{title} has no value",
        "{title} 没有数值",
        "give a value; None, where it does not apply",
        "请填写；不适用时填 None",
    ),
    "rubric.no_item": Entry(
        "the rubric has no such item",
        "评分标准没有该项目",
        "its items are {items}",
        "项目有 {items}",
    ),
    "rubric.nothing_applies": Entry(
        "nothing applies, so there is nothing to score",
        "没有适用的项目，无法计分",
    ),
    "rubric.order": Entry(
        "the highest comes first, and no edge stands twice",
        "须从高到低排列，界限不得重复",
    ),
    "rubric.too_many_points": Entry(
        "a band has more points than its item",
        "档位分值超过项目分值",
    ),
    "rubric.unknown": Entry(
        "there is no rubric {value} to begin with",
        "没有示例评分标准 {value}",
        "there are {known}; or bring your own Rubric",
        "现有 {known}；也可自带 Rubric",
    ),
    "search.analyzer": Entry(
        "the search index was made by analyzer {found}, this is {wanted}",
        "检索索引由第 {found} 版分词器建立，当前为第 {wanted} 版",
        "rebuild it: tianfu doctor --rebuild-index",
        "请重建索引：tianfu doctor --rebuild-index",
    ),
    "search.unfed": Entry(
        "the search engine was never fed",
        "检索引擎尚未写入任何内容",
        "run `tianfu worker`, or tianfu doctor --rebuild-index",
        "请运行 `tianfu worker`，或执行 tianfu doctor --rebuild-index",
    ),
    "session.lost": Entry(
        "the session with the gateway is not open ({why})",
        "与网关的会话未建立（{why}）",
        "the next call opens it again",
        "下次调用会重新建立",
    ),
    "session.no_answer": Entry(
        "the gateway did not answer in time",
        "网关未在时限内应答",
    ),
    "session.refused": Entry(
        "the gateway refused the login (status {status})",
        "网关拒绝登录（状态 {status}）",
        "check account, password and version with the operator",
        "请与运营方核对账号、密码与版本",
    ),
    "session.unreachable": Entry(
        "no session with the gateway could be opened ({why})",
        "无法与网关建立会话（{why}）",
        "check host and port, and whether the operator lets this address in",
        "请检查地址与端口，以及运营方是否放行本机地址",
    ),
    "settings.file": Entry(
        "the settings file cannot be read: {why}",
        "配置文件无法读取：{why}",
    ),
    "settings.secret": Entry(
        "the secret is not there: {origin}",
        "没有取到密钥：{origin}",
    ),
    "settings.type": Entry(
        "wanted {wanted}",
        "应为 {wanted}",
    ),
    "settings.unknown": Entry(
        "there is no such setting; near: {near}",
        "没有这个设置项；相近：{near}",
        "`tianfu config` shows all settings; docs/reference/settings.md says what they mean",
        "`tianfu config` 列出全部设置；含义见 docs/reference/settings.md",
    ),
    "sms.bad_day": Entry(
        "{value} is not a day",
        "{value} 不是日期",
        "write it as 2026-02-17",
        "请写成 2026-02-17",
    ),
    "sms.bad_signature": Entry(
        "this signature cannot stand in a message ({units} units with brackets, at most {most})",
        "该签名不可用（含括号 {units} 个编码单元，最多 {most}）",
        "give a short name without 【 and 】",
        "请给出不含【】的简短名称",
    ),
    "sms.bad_window": Entry(
        "{value} is not a time of day",
        "{value} 不是时刻",
        "write it as 08:00",
        "请写成 08:00",
    ),
    "sms.brackets": Entry(
        "【】 stand within the text at {spans}; telephones may take what they hold for a signature",
        "正文 {spans} 处有【】，可能被当作签名",
        "use 「」 or （） instead",
        "请改用「」或（）",
    ),
    "sms.callback_elsewhere": Entry(
        "this callback comes from elsewhere than the gateway's networks",
        "该回调不是来自网关的网络地址",
        "look at networks of [gateways.NAME], and that the request says its client",
        "请检查 [gateways.NAME] 的 networks，以及请求是否带有客户端地址",
    ),
    "sms.callback_forged": Entry(
        "this callback is not the gateway's",
        "该回调不是网关发出的",
        "check the secret for callbacks, and that both clocks are right",
        "请检查回调密钥和双方时钟",
    ),
    "sms.callback_malformed": Entry(
        "this callback cannot be read",
        "该回调无法解析",
    ),
    "sms.drill": Entry(
        "a drill goes to no telephone, and {name} reaches them",
        "演练短信不得发往真实电话，而 {name} 会真实发送",
        "use the gateway file",
        "请使用 file 网关",
    ),
    "sms.exhausted": Entry(
        "none of the gateways of its campaign took the batch",
        "任务的各个网关均未接收该批次",
        "look whether one of them works, then sms.resume(id) tries the last one again",
        "请检查各网关，恢复后用 sms.resume(id) 由最后一个网关重试",
    ),
    "sms.forbidden": Entry(
        "what the gateway does not let through stands at {spans}",
        "{spans} 处有网关不允许的内容",
    ),
    "sms.key_taken": Entry(
        "campaign {id} of other content was sent under this key",
        "该幂等键已用于内容不同的任务 {id}",
        "a key is for one sending; take a new one",
        "一个键只用于一次发送，请换新键",
    ),
    "sms.link": Entry(
        "a link stands at {spans}, and this gateway takes none",
        "{spans} 处有链接，该网关不允许",
    ),
    "sms.no_callback": Entry(
        "{name} does not call back",
        "{name} 不会回调",
        "poll it instead",
        "请改用 poll",
    ),
    "sms.no_gateway_takes": Entry(
        "none of the campaign's gateways takes its text in {language}",
        "任务的各个网关均不能发送语言为 {language} 的正文",
        "sms.plan(id).problems says why, gateway by gateway",
        "sms.plan(id).problems 逐一说明各网关的原因",
    ),
    "sms.no_poll": Entry(
        "{name} is not asked for receipts; it calls back",
        "{name} 不支持主动拉取回执，由其回调",
        "pass its requests to sms.answer",
        "请把其请求交给 sms.answer",
    ),
    "sms.no_refusal": Entry(
        "template {template} does not say how to refuse",
        "模板 {template} 未写明如何拒收",
        "have a template approved that ends as the setting sms.suffix says",
        "请申请以设置项 sms.suffix 结尾的模板",
    ),
    "sms.no_sign": Entry(
        "gateway {gateway} has no code for the signature {name}",
        "网关 {gateway} 没有签名 {name} 的编码",
        "add it to backends.{gateway}.signs, with the code that the operator gave",
        "请在 backends.{gateway}.signs 中加入运营商分配的签名编码",
    ),
    "sms.no_template": Entry(
        "gateway {gateway} sends approved texts only, and no template fits this one",
        "网关 {gateway} 只发送已审核的模板，没有与此正文相符的模板",
        "templates.compare(id, text) shows the difference; or set backends.<gateway>.template",
        "可用 templates.compare(id, text) 查看差异；或设置 backends.<网关>.template",
    ),
    "sms.no_templates": Entry(
        "gateway {name} takes no templates",
        "网关 {name} 不使用模板",
        "leave the template out",
        "请勿指定模板",
    ),
    "sms.no_text": Entry(
        "a text is missing, empty, or given twice for one language",
        "缺少短信正文、正文为空或同一语言重复",
        "give one text a language",
        "每种语言给一条正文",
    ),
    "sms.no_unknown": Entry(
        "nothing of batch {batch} is unknown",
        "批次 {batch} 没有结果不明的短信",
        "sms.unknown(id) lists the batches that are",
        "可用 sms.unknown(id) 查看",
    ),
    "sms.no_window": Entry(
        "our hours and those of the gateway have no moment in common",
        "本方与网关的允许时段没有交集",
        "look at sms.window_start and sms.window_end",
        "请检查 sms.window_start 与 sms.window_end",
    ),
    "sms.not_published": Entry(
        "the content that this campaign tells of is not published",
        "该短信任务所依据的内容尚未发布",
        "publish it first",
        "请先发布该内容",
    ),
    "sms.outbox": Entry(
        "the folder of outgoing messages cannot be used ({why})",
        "无法使用短信外发目录（{why}）",
        "look at its rights and free space; backends.file.folder names another",
        "请检查目录权限与剩余空间；可用 backends.file.folder 另指目录",
    ),
    "sms.override": Entry(
        "only the answer to an emergency may go out at night",
        "只有应急短信可以夜间发送",
        "name the emergency report in `emergency`",
        "请在 emergency 中写明应急事件上报",
    ),
    "sms.plain_http": Entry(
        "phones and texts would go over plain http",
        "号码和短信内容将以明文 http 传输",
        "use https, or set allow_http = true if the network between is yours",
        "请使用 https；若中间网络为自有，可设 allow_http = true",
    ),
    "sms.pull_failed": Entry(
        "the gateway did not say what came ({why})",
        "网关未能返回回执与上行（{why}）",
        "it is asked again next time",
        "下次会再次拉取",
    ),
    "sms.route_empty": Entry(
        "a route names no gateway",
        "路由未列出任何网关",
        'such as gateways = ["aliyun", "tencent"]',
        '例如 gateways = ["aliyun", "tencent"]',
    ),
    "sms.route_name": Entry(
        "{name} is the name of a route and of a gateway",
        "{name} 既是路由名又是网关名",
        "give the route another name",
        "请为路由另取名称",
    ),
    "sms.route_twice": Entry(
        "gateway {name} stands twice in a route",
        "网关 {name} 在路由中重复",
        "name each once; its weight says how much goes through it",
        "每个网关只列一次，用权重表示份额",
    ),
    "sms.route_weights": Entry(
        "weights are whole numbers from 0 on, at most {count} of them and not all 0",
        "权重须为不小于 0 的整数，至多 {count} 个，且不能全为 0",
        "in the order of the gateways; one without a weight only takes over",
        "按网关次序给出；没有权重的网关只作后备",
    ),
    "sms.second_signature": Entry(
        "a second signature stands at {spans}; a message has exactly one",
        "{spans} 处有第二个签名，一条短信只能有一个签名",
        "leave 【】 out of the text; the signature is a field of its own",
        "正文中不要写【】，签名单独填写",
    ),
    "sms.segment_retired": Entry(
        "this segment is not used any more",
        "该受众分组已停用",
        "choose another one: hub.segments.find() lists them",
        "请选择其他分组：hub.segments.find() 列出全部",
    ),
    "sms.short_secret": Entry(
        "this secret is too short: {least} bytes at least",
        "密钥太短，至少 {least} 字节",
        "python -c 'import secrets; print(secrets.token_urlsafe(32))' makes one",
        "可用 python -c 'import secrets; print(secrets.token_urlsafe(32))' 生成",
    ),
    "sms.signature_in_text": Entry(
        "the signature stands within the text at {spans}",
        "正文 {spans} 处又出现签名",
        "leave it out; it is set once by the gateway",
        "请从正文中删去，由网关加签名一次",
    ),
    "sms.signature_length": Entry(
        "the signature has {length} characters, and {shortest} to {longest} are allowed",
        "签名为 {length} 个字，应为 {shortest} 至 {longest} 个字",
    ),
    "sms.template_gateway": Entry(
        "this template is of gateway {wanted}, not {name}",
        "该模板属于网关 {wanted}，不属于 {name}",
    ),
    "sms.template_gone": Entry(
        "the text may not go out: its template is withdrawn, not valid now, or another one",
        "正文不能发出：其模板已停用、不在有效期内或不相符",
        "sms.resume(id) tries it again once the template is in order; else sms.cancel(id)",
        "模板恢复后用 sms.resume(id) 重试，否则用 sms.cancel(id) 取消",
    ),
    "sms.template_language": Entry(
        "there is no text in {language} that this template could be of",
        "没有语言为 {language} 的正文与该模板对应",
    ),
    "sms.template_mismatch": Entry(
        "the text is not of template {template}",
        "正文与模板 {template} 不符",
        "templates.compare(id, text) shows how; templates.fill(id, values) writes one that is",
        "可用 templates.compare(id, text) 查看差异，用 templates.fill(id, values) 生成相符的正文",
    ),
    "sms.template_signature": Entry(
        "template {template} may not be sent under this signature",
        "模板 {template} 不能使用该签名",
    ),
    "sms.template_unusable": Entry(
        "template {template} is withdrawn, or not valid now",
        "模板 {template} 已停用或不在有效期内",
        "templates.find(gateway=…, state='approved') lists those that may be used",
        "可用 templates.find(gateway=…, state='approved') 查看可用模板",
    ),
    "sms.too_long": Entry(
        "the text has {units} units, and the gateway takes {most}",
        "正文为 {units} 个编码单元，网关最多 {most}",
    ),
    "sms.too_many": Entry(
        "{count} recipients, and one call takes {most}",
        "共 {count} 个号码，一次最多 {most} 个",
    ),
    "sms.too_many_members": Entry(
        "a list has at most {most} subscribers",
        "名单最多 {most} 人",
        "narrow by region, language, topic or setting instead, or compose several campaigns",
        "请改用区划、语言、主题或场景筛选，或拆分为多个任务",
    ),
    "sms.too_many_organizations": Entry(
        "more than {most} organizations lie below this one",
        "该组织之下的组织超过 {most} 个",
        "compose it by an account whose grants reach the region",
        "请由授权覆盖该区划的账号编制",
    ),
    "sms.unapproved_text": Entry(
        "nobody who may approve translations has approved the text in {language}",
        "{language} 短信未经有译文审定权限的人审定",
        "sms.approve_texts(id) by another person who may approve translations there",
        "请由另一位有该处译文审定权限的人执行 sms.approve_texts(id)",
    ),
    "sms.unapproved_translation": Entry(
        "the content has no approved and current translation into {language}",
        "该内容没有已审定且最新的 {language} 译文",
        "have the translation approved, or leave this text out",
        "请先审定译文，或去掉该语言的短信",
    ),
    "sms.unavailable": Entry(
        "the gateway did not take the batch in many attempts",
        "多次尝试后网关仍未接收该批次",
        "look whether the gateway works, then sms.resume(id) tries it again",
        "请检查网关后用 sms.resume(id) 重试",
    ),
    "sms.unknown": Entry(
        "the batch may have gone out, and nobody knows",
        "该批次可能已发出，结果不明",
        "ask the operator by its reference, then say what became of it: sms.resolve(id, batch, …)",
        "请凭批次号向运营方查询，再用 sms.resolve(id, batch, …) 登记",
    ),
    "sms.value_brackets": Entry(
        "the value of {name} has 【 or 】 in it",
        "变量 {name} 的值含有【或】",
    ),
    "sms.value_link": Entry(
        "the value of {name} has a link in it, and this gateway takes none there",
        "变量 {name} 的值含有链接，该网关不允许",
    ),
    "sms.value_no_digits": Entry(
        "the value of {name} must be digits only",
        "变量 {name} 的值只能是数字",
    ),
    "sms.value_too_long": Entry(
        "the value of {name} has {length} characters, and {longest} are allowed",
        "变量 {name} 的值为 {length} 个字，最多 {longest}",
    ),
    "sms.value_too_short": Entry(
        "the value of {name} has {length} characters, and {shortest} are needed",
        "变量 {name} 的值为 {length} 个字，至少 {shortest}",
    ),
    "sms.words": Entry(
        "words of list {list} stand at {spans}",
        "词表 {list} 中的词出现在 {spans} 处",
        "word_lists.scan(text) tells where; offsets count characters from 0",
        "可用 word_lists.scan(text) 查看位置；位置以字符计，从 0 起",
    ),
    "sms.wrong_script": Entry(
        "the text is not written in the script of {language}",
        "短信不是 {language} 的文字",
        "check that text and language belong together",
        "请核对短信文本与语言是否对应",
    ),
    "storage.attempts": Entry(
        "the number of attempts must be 0 or more, not {value}",
        "尝试次数须不小于 0，当前为 {value}",
    ),
    "storage.bad_address": Entry(
        "this is no address of a server, or an option that the driver does not know",
        "这不是服务器地址，或含有驱动不支持的选项",
        "such as postgresql://user@host:5432/database or mysql://user@host/database",
        "例如 postgresql://user@host:5432/database 或 mysql://user@host/database",
    ),
    "storage.bad_index": Entry(
        "an index names {value}, which is no scalar key",
        "索引引用了 {value}，它不是单值键",
    ),
    "storage.bad_name": Entry(
        "{value} cannot name a kind or key",
        "{value} 不能作为类型或键的名称",
        "lower-case letters, digits and _",
        "小写字母、数字和下划线",
    ),
    "storage.bad_order": Entry(
        "{value} is no scalar key to order by",
        "{value} 不能用于排序",
    ),
    "storage.busy": Entry(
        "another writer held the lock for more than {seconds} s",
        "其他写入占用锁超过 {seconds} 秒",
        "try again, or write in smaller batches",
        "请重试，或减小批量",
    ),
    "storage.cannot_open": Entry(
        "{place} cannot be opened or made",
        "{place} 无法打开或创建",
        "check the folder and its rights",
        "请检查目录及权限",
    ),
    "storage.closed": Entry(
        "the store {place} is not open",
        "存储 {place} 未打开",
        "open the hub again",
        "请重新打开",
    ),
    "storage.commit_unknown": Entry(
        "the connection to {place} was lost during COMMIT and could not be asked about again",
        "提交时与 {place} 的连接中断，且无法再查询结果",
        "look whether the change is there before you repeat it",
        "请先确认修改是否已生效，再决定是否重做",
    ),
    "storage.contended": Entry(
        "others changed the same rows at {place} {times} times in a row",
        "{place} 的同一批数据被他人连续修改了 {times} 次",
        "try again, or write in smaller batches",
        "请重试，或减小批量",
    ),
    "storage.corrupt": Entry(
        "{place} is damaged",
        "{place} 已损坏",
        "keep a copy, run tianfu doctor, restore from a backup",
        "请保留副本，运行 tianfu doctor，并从备份恢复",
    ),
    "storage.crowded": Entry(
        "{place} takes no more connections",
        "{place} 的连接数已满",
        "allow more on the server, put pgbouncer before it, or use fewer threads",
        "请提高服务器连接上限、前置 pgbouncer 或减少线程",
    ),
    "storage.cursor": Entry(
        "this is not a cursor of an event stream",
        "这不是事件流的游标",
        "pass back what read or last gave",
        "请使用 read 或 last 返回的游标",
    ),
    "storage.denied": Entry(
        "{place} does not let this user in, or not do this ({driver})",
        "{place} 拒绝该用户登录或执行此操作（{driver}）",
        'check user, password and grants; a password may stand in the settings: {{env = "NAME"}}',
        '请检查用户名、口令和权限；口令可写在设置中：{{env = "NAME"}}',
    ),
    "storage.document": Entry(
        "a row of this kind {place} a document",
        "该类型的文档与声明不符（{place}）",
    ),
    "storage.document_changed": Entry(
        "a kind cannot gain or lose its document",
        "类型不能增加或取消文档",
        "give the new shape another name",
        "请为新结构另取名称",
    ),
    "storage.empty_id": Entry(
        "a name or id must not be empty",
        "名称或标识不能为空",
    ),
    "storage.encoding": Entry(
        "the database {place} stores {found}, not UTF-8",
        "数据库 {place} 的编码为 {found}，不是 UTF-8",
        "make one with ENCODING 'UTF8'",
        "请以 ENCODING 'UTF8' 新建数据库",
    ),
    "storage.failed": Entry(
        "the store failed ({driver})",
        "存储出错（{driver}）",
    ),
    "storage.full": Entry(
        "no room is left for {place}; nothing was stored",
        "{place} 磁盘已满，未写入任何内容",
        "free some room and try again",
        "请腾出空间后重试",
    ),
    "storage.groups": Entry(
        "{most} groups of conditions at most",
        "条件组最多 {most} 个",
    ),
    "storage.in_values": Entry(
        "{most} values at most, as a tuple",
        "最多 {most} 个值，且须为元组",
    ),
    "storage.io": Entry(
        "{place} cannot be read or written",
        "{place} 读写出错",
        "check the disk",
        "请检查磁盘",
    ),
    "storage.job_known": Entry(
        "the queue knows the keys of these jobs already",
        "队列中已有这些任务的键",
        "load jobs into a queue that has none",
        "请载入到没有任务的队列",
    ),
    "storage.key_characters": Entry(
        "NUL and halves of surrogate pairs cannot be stored here",
        "此处不能含 NUL 或不成对的代理码元",
    ),
    "storage.key_names": Entry(
        "a row must have exactly the keys of its kind; odd: {value}",
        "行的键与类型不符：{value}",
    ),
    "storage.key_range": Entry(
        "the number is too large, or not a number",
        "数值超出范围",
    ),
    "storage.key_too_long": Entry(
        "{length} characters are too many; at most {longest}",
        "长度 {length} 超出上限 {longest}",
    ),
    "storage.key_type": Entry(
        "wanted {wanted}, found {found}",
        "应为 {wanted}，实为 {found}",
    ),
    "storage.kind_changed": Entry(
        "a kind has another shape than its rows in {place}",
        "类型的结构与 {place} 中已有数据不符",
        "back up, then `tianfu migrate --check` says what is to be done; `tianfu migrate` does it",
        "请先备份，再用 tianfu migrate --check 查看、tianfu migrate 执行",
    ),
    "storage.kind_too_new": Entry(
        "{place} has schema {found} of this kind, this program knows {known}",
        "{place} 中该类型的版本为 {found}，本程序只认识 {known}",
        "update tianfu-sdk",
        "请升级 tianfu-sdk",
    ),
    "storage.lease": Entry(
        "the lease must be longer than nothing",
        "租期必须大于零",
        "give longer than the work can take",
        "租期应长于任务所需时间",
    ),
    "storage.limit": Entry(
        "the number must be 1 to {most}",
        "数目须在 1 到 {most} 之间",
    ),
    "storage.load_version": Entry(
        "a row to be loaded must have a version of 1 or more, not {value}",
        "载入的行版本须不小于 1，当前为 {value}",
    ),
    "storage.local_only": Entry(
        "the change is on {place}, but its standby did not confirm it",
        "修改已写入 {place}，但备机未确认",
        "do not repeat it; look at the standby",
        "请勿重做；请检查备机",
    ),
    "storage.lost": Entry(
        "the connection to {place} was lost, again and again",
        "与 {place} 的连接反复中断",
        "look whether the server is well, and try again",
        "请检查服务器状态后重试",
    ),
    "storage.migrating": Entry(
        "a migration of {place} was begun and is not finished",
        "{place} 的迁移已开始但未完成",
        "run `tianfu migrate` again, with the program that began it; it goes on where it stopped",
        "请用开始迁移的程序再次运行 tianfu migrate，将从中断处继续",
    ),
    "storage.nested": Entry(
        "run or open was called inside a transaction of the same store",
        "在同一存储的事务内又调用了 run 或 open",
        "use hub.unit for several calls in one transaction",
        "多个调用合为一个事务请用 hub.unit",
    ),
    "storage.no_backup": Entry(
        "this store makes no backups by itself",
        "该存储不支持直接备份",
        "use `tianfu dump` and `tianfu load`, or the tools of the database",
        "请使用 tianfu dump 与 tianfu load，或数据库自带的备份工具",
    ),
    "storage.no_database": Entry(
        "{place}: there is no such database",
        "{place}：没有这个数据库",
        "create it first; tables are made by themselves",
        "请先创建数据库；数据表会自动创建",
    ),
    "storage.no_driver": Entry(
        "the driver {driver} is not installed",
        "未安装驱动 {driver}",
        "install the plugin with the extra of the database",
        "请安装带相应数据库附加依赖的插件",
    ),
    "storage.no_fts5": Entry(
        "this SQLite was built without FTS5",
        "该 SQLite 未编译 FTS5",
        "use a Python whose SQLite has it",
        "请使用带 FTS5 的 Python",
    ),
    "storage.no_key": Entry(
        "there is no key {value}",
        "没有键 {value}",
    ),
    "storage.no_kind": Entry(
        "the store has no kind {kind}",
        "存储中没有类型 {kind}",
    ),
    "storage.no_primary": Entry(
        "servers answer at {place}, but none of them takes writes",
        "{place} 的服务器有响应，但均不可写",
        "promote the standby, or name the primary in the URL",
        "请将备机提升为主机，或在 URL 中写明主机",
    ),
    "storage.not_a_database": Entry(
        "{place} is not a database",
        "{place} 不是数据库文件",
        "name another file",
        "请另选文件",
    ),
    "storage.not_ours": Entry(
        "{place} is a database of another program",
        "{place} 是其他程序的数据库",
        "name another file",
        "请另选文件",
    ),
    "storage.not_there": Entry(
        "there is no store {place}",
        "没有存储 {place}",
        "look at the path; tianfu init makes a store, tianfu demo one with sample data",
        "请检查路径；tianfu init 新建存储，tianfu demo 新建带示例数据的存储",
    ),
    "storage.old_sqlite": Entry(
        "SQLite {found} is too old",
        "SQLite {found} 版本过低",
        "3.35 or newer is needed",
        "需要 3.35 或更新版本",
    ),
    "storage.opening": Entry(
        "another process has been opening {place} for too long",
        "其他进程打开 {place} 的时间过长",
        "try again when it is done",
        "请待其完成后重试",
    ),
    "storage.operator": Entry(
        "the operator {op} does not fit this key",
        "运算符 {op} 不适用于该键",
    ),
    "storage.priority": Entry(
        "the priority must be 0 to 9, not {value}",
        "优先级须在 0 到 9 之间，当前为 {value}",
    ),
    "storage.read_only": Entry(
        "{place} can only be read",
        "{place} 只能读取",
        "check its rights, or open it without mode=ro",
        "请检查权限，或不要用 mode=ro 打开",
    ),
    "storage.read_only_tx": Entry(
        "this transaction may only read",
        "该事务只能读取",
        "call run with write=True",
        "请以 write=True 调用 run",
    ),
    "storage.refused": Entry(
        "nobody answers at {place}",
        "{place} 没有响应",
        "check host and port, and whether the server is running",
        "请检查主机、端口以及服务器是否在运行",
    ),
    "storage.rekey": Entry(
        "nothing gives the row {id} this key",
        "没有来源可为行 {id} 提供该键",
        "give it in tianfu_sdk.core.rows.rekeying.OWN",
        "请在 tianfu_sdk.core.rows.rekeying.OWN 中提供",
    ),
    "storage.schema_changed": Entry(
        "{place} was migrated since this program opened it; nothing was stored",
        "{place} 在本程序打开后已被迁移，未写入任何内容",
        "open the hub again, after an update of tianfu-sdk where it asks for one",
        "请重新打开；如有提示，请先升级 tianfu-sdk",
    ),
    "storage.schema_too_new": Entry(
        "{place} has schema {found}, this program knows {known}",
        "{place} 的版本为 {found}，本程序只认识 {known}",
        "update tianfu-sdk",
        "请升级 tianfu-sdk",
    ),
    "storage.schema_too_old": Entry(
        "{place} has schema {found}, this program needs {known}",
        "{place} 的版本为 {found}，本程序需要 {known}",
        "back up, then `tianfu migrate --check` says what is to be done; `tianfu migrate` does it",
        "请先备份，再用 tianfu migrate --check 查看、tianfu migrate 执行",
    ),
    "storage.share": Entry(
        "{value} is no share of a queue",
        "{value} 不是队列份额",
        "such as 1/3, the first of three; at most 60",
        "例如 1/3，即三份中的第一份；最多 60 份",
    ),
    "storage.target_there": Entry(
        "{place} is there already",
        "{place} 已存在",
        "name another file; nothing is overwritten",
        "请另选文件；不会覆盖已有文件",
    ),
    "storage.too_large": Entry(
        "a value is larger than {place} takes",
        "有数据超过 {place} 允许的大小",
        "on MySQL raise max_allowed_packet; large files belong into media",
        "MySQL 请调大 max_allowed_packet；大文件请作为媒体保存",
    ),
    "storage.tx_over": Entry(
        "this transaction is over",
        "该事务已结束",
        "use it only inside the function given to run",
        "只能在传给 run 的函数内使用",
    ),
    "storage.version": Entry(
        "it is there already, is missing, or was changed since",
        "记录已存在、不存在，或已被他人修改",
        "read it again and repeat the change",
        "请重新读取后再修改",
    ),
    "subject.erased": Entry(
        "the personal data of this subject were erased",
        "该主体的个人数据已删除",
    ),
    "subscription.empty": Entry(
        "a subscription needs words or topics to look for",
        "订阅须给出要找的文字或主题",
        "write words of two characters or more; a single one of Chinese or Yi finds nothing",
        "文字须有两个字以上，单个汉字或彝文字找不到内容",
    ),
    "table.after_quote": Entry(
        "in row {row} text follows a closing quote",
        "第 {row} 行的引号之后还有文字",
        "double the quotes inside a quoted cell",
        "单元格内的引号须写成两个",
    ),
    "table.column_twice": Entry(
        "this column stands twice",
        "该列出现两次",
        "rename one of them",
        "请改名或删除其一",
    ),
    "table.empty": Entry(
        "the table is empty",
        "表格为空",
    ),
    "table.encoding": Entry(
        "line {line} is neither UTF-8, UTF-16 with its mark, nor GB18030",
        "第 {line} 行既不是 UTF-8、带标记的 UTF-16，也不是 GB18030",
        'save it again as "CSV UTF-8"',
        "请另存为“CSV UTF-8”",
    ),
    "table.format": Entry(
        "the format is none that can be told",
        "无法判断文件格式",
        "name it .csv, .xlsx or .jsonl, or say the format",
        "请使用 .csv、.xlsx 或 .jsonl，或指明格式",
    ),
    "table.json": Entry(
        "this is not one JSON object, from character {place} on",
        "从第 {place} 个字符起不是一个 JSON 对象",
        "one object a line",
        "每行一个对象",
    ),
    "table.locked": Entry(
        "the workbook has a password",
        "工作簿设有密码",
        "save it without one",
        "请取消密码后保存",
    ),
    "table.nested": Entry(
        "this holds objects or lists of lists; text, numbers and plain lists can be read",
        "该值含嵌套结构，只能是文本、数字或简单列表",
    ),
    "table.no_name": Entry(
        "a cell is filled that stands under no column name",
        "有内容的单元格上方没有列名",
        "name the column, or clear the cell",
        "请补列名或清除该单元格",
    ),
    "table.no_rows": Entry(
        "there are only column names, in row {row}",
        "只有第 {row} 行列名，没有数据",
    ),
    "table.open_quote": Entry(
        "a quote that is opened in row {row} is never closed",
        "第 {row} 行的引号没有结束",
        "close it, or double a quote that is meant as one",
        "请补上引号；作为文字的引号须写成两个",
    ),
    "table.ragged": Entry(
        "the row has {found} cells, the table {wanted} columns",
        "该行有 {found} 个单元格，表格有 {wanted} 列",
        "put cells that hold the separator into quotes",
        "含分隔符的单元格须加引号",
    ),
    "table.too_long": Entry(
        "row {row} has more than {longest} characters",
        "第 {row} 行超过 {longest} 个字符",
        "is a quote not closed?",
        "是否有引号没有结束？",
    ),
    "table.workbook": Entry(
        "the workbook cannot be read ({why})",
        "工作簿无法读取（{why}）",
        "save it again as .xlsx",
        "请另存为 .xlsx",
    ),
    "tbx.invalid": Entry(
        "line {line}: {why} ({rule})",
        "第 {line} 行：{why}（{rule}）",
        "tf.formats.tbx.check(data) lists all that is wrong",
        "可用 tf.formats.tbx.check(data) 列出全部问题",
    ),
    "tbx.not_tbx": Entry(
        "this is no TBX: its root is {name}",
        "这不是 TBX：根元素为 {name}",
        "export it as TBX-Basic from the tool that it comes from",
        "请从原工具导出为 TBX-Basic",
    ),
    "template.bad_name": Entry(
        "{value} is no name of a variable",
        "{value} 不能作为变量名",
        "letters, digits and _, 32 at most",
        "字母、数字和下划线，最多 32 个",
    ),
    "template.braces": Entry(
        "a brace belongs to no variable",
        "花括号不成对或变量名无效",
        "write variables as ${{name}} or {{1}}",
        "变量请写成 ${{name}} 或 {{1}}",
    ),
    "template.no_translation": Entry(
        "the template has no approved translation into {language}",
        "该模板没有已审定的 {language} 译文",
        "begin one with translations.begin(id, language) and have it approved",
        "请用 translations.begin(id, language) 翻译并审定",
    ),
    "template.positions": Entry(
        "numbered variables must be 1, 2, 3 and so on",
        "编号变量须为 1、2、3 依次排列",
    ),
    "template.signature": Entry(
        "a signature is written without 【 and 】",
        "签名不含【】",
    ),
    "template.validity": Entry(
        "the end of validity must come after its beginning",
        "有效期止须晚于有效期起",
    ),
    "template.values": Entry(
        "values are needed for {names}, and for nothing else",
        "须给出且仅给出这些变量的值：{names}",
    ),
    "template.variables": Entry(
        "the variables of this text are: {names}",
        "该模板的变量为：{names}",
    ),
    "term.bad_code": Entry(
        "{value} cannot be a code: letters, digits, _ . - up to 27",
        "{value} 不能作为代码：字母、数字、_ . -，最多 27 个",
    ),
    "term.cycle": Entry(
        "{parent} is {value} itself, or stands below it",
        "{parent} 是 {value} 本身或其下位词",
        "name a wider term as parent, or none",
        "请将 parent 设为更宽的词，或不填",
    ),
    "term.no_chinese": Entry(
        "a term needs a Chinese label (zh-Hans)",
        "词条须有中文名称（zh-Hans）",
    ),
    "term.unknown": Entry(
        "the vocabulary {vocabulary} has no term {term}; near: {near}",
        "词表 {vocabulary} 没有 {term}；相近的有：{near}",
        'vocabularies.terms("{vocabulary}") lists them; vocabularies.put adds one',
        '可用 vocabularies.terms("{vocabulary}") 查看，用 vocabularies.put 添加',
    ),
    "text.bad_language": Entry(
        "{value} is not a well-formed language tag",
        "{value} 不是合式的语言标签",
        "a BCP 47 tag of a code of two or three letters and hyphens, such as bo, ii or zh-Hans",
        "请使用 BCP 47 标签：两三个字母的语言代码，以连字符分隔，如 bo、ii、zh-Hans",
    ),
    "text.bad_wylie": Entry(
        "this is no Extended Wylie in {count} places; the first: {first}",
        "有 {count} 处不符合扩展威利转写；第一处：{first}",
        "correct it, or use strict=False; what is not Tibetan stands in [brackets]",
        "请改正，或使用 strict=False；非藏文内容请放入 [方括号]",
    ),
    "text.lone_surrogate": Entry(
        "position {position} holds half of a surrogate pair",
        "第 {position} 位是不成对的代理码元",
        "decode the text from its source again",
        "请从来源重新解码",
    ),
    "text.no_conversion": Entry(
        "no conversion from {source} to {target}",
        "没有从 {source} 到 {target} 的转换",
        "targets are zh-Hans, zh-Hant, zh-Hant-TW and zh-Hant-HK",
        "目标可为 zh-Hans、zh-Hant、zh-Hant-TW、zh-Hant-HK",
    ),
    "tibetan.double_tsheg": Entry(
        "two tshegs in a row",
        "连续两个音节点",
    ),
    "tibetan.mixed_tsheg": Entry(
        "both kinds of tsheg in one text, U+0F0B and U+0F0C; the rarer stands here",
        "同一文本混用两种音节点 U+0F0B 与 U+0F0C；此处为较少的一种",
    ),
    "tibetan.order": Entry(
        "a vowel or sign stands before what belongs under its letter; it is found by nobody",
        "元音或符号写在下加字之前，检索不到",
    ),
    "tibetan.orphan_mark": Entry(
        "a vowel, sign or subjoined letter stands on no letter",
        "元音、符号或下加字没有所附的基字",
    ),
    "tmx.invalid": Entry(
        "line {line}: {why} ({rule})",
        "第 {line} 行：{why}（{rule}）",
        "tf.formats.tmx.check(data) lists all that is wrong",
        "可用 tf.formats.tmx.check(data) 列出全部问题",
    ),
    "tmx.not_tmx": Entry(
        "this is no TMX: its root is {name}",
        "这不是 TMX：根元素为 {name}",
        "export it as TMX 1.4 from the tool that it comes from",
        "请从原工具导出为 TMX 1.4",
    ),
    "translation.checks_failed": Entry(
        "{count} translations have an error; the first is {name}",
        "有 {count} 处译文存在错误，首处为 {name}",
        "translations.problems lists them; dismiss one that is none, or send it back",
        "用 translations.problems 查看；误报可由审校人员 dismiss，否则退回修改",
    ),
    "translation.code_trap": Entry(
        "{said} is another language's code, not that of {language}",
        "代码 {said} 属于其他语言，不是 {language}",
        "ti is Tigrinya, dz Dzongkha, yi Yiddish, auto a guess; see the vendor's table of codes",
        "ti 为提格里尼亚语，dz 为宗喀语，yi 为意第绪语，auto 为猜测；请查服务商的代码表",
    ),
    "translation.engine_required": Entry(
        "no engine is named, and the built-in converter only knows Chinese",
        "未指定翻译引擎，内置转换只支持简繁中文",
        "name one, knowing that text may leave to its vendor; there are: {offered}",
        "请指定引擎（文本可能发送给其服务商）；现有：{offered}",
    ),
    "translation.failed": Entry(
        "the engine could not translate: {why} {vendor}",
        "翻译引擎未能完成：{why} {vendor}",
        "try another engine, or enter the translation by hand",
        "请换用其他引擎或人工录入",
    ),
    "translation.languages": Entry(
        "these tasks are of {count} pairs of languages",
        "这些任务涉及 {count} 个语言对",
        "write a document for each pair",
        "请按语言对分别导出",
    ),
    "translation.malformed": Entry(
        "what the engine gave back is no translation of what it was given: {why}",
        "翻译引擎返回的内容不是译文：{why}",
        "try another engine, or enter the translation by hand",
        "请换用其他引擎或人工录入",
    ),
    "translation.no_check": Entry(
        "{name} is no check whose problem could be dismissed",
        "{name} 不是可以忽略的检查项",
        "there are: {names}",
        "可用的检查项：{names}",
    ),
    "translation.no_comment": Entry(
        "a translation is sent back without a reason",
        "退回译文未说明理由",
        "say what the translator is to change",
        "请说明需要修改什么",
    ),
    "translation.no_segment": Entry(
        "the task has no segment {segment}",
        "任务中没有句段 {segment}",
        "task.segments lists their ids; a new revision of the source may have dropped it",
        "句段编号见 task.segments；原文改版后该句可能已删除",
    ),
    "translation.no_source": Entry(
        "{id} is not a content",
        "{id} 不是内容编号",
        "translate a resource, activity, notice, news, base, clarification, studio or listing",
        "可翻译资源、活动、公告、动态、基地、供需信息",
    ),
    "translation.outdated": Entry(
        "it translates revision {found}, the source is at {wanted}",
        "译文对应第 {found} 版，原文已是第 {wanted} 版",
        "translations.create for the same source and language brings it up to date",
        "请用 translations.create 按同一原文和语言重新录入",
    ),
    "translation.plain_http": Entry(
        "texts would go over plain http",
        "文本将以明文 http 传输",
        "use https, or set allow_http = true if the network between is yours",
        "请使用 https；若中间网络为自有，可设 allow_http = true",
    ),
    "translation.quota": Entry(
        "the engine's allowance is used up",
        "翻译引擎的额度已用完",
        "use another engine until it is renewed",
        "额度恢复前请换用其他引擎",
    ),
    "translation.rate_limited": Entry(
        "the engine is asked too fast",
        "请求翻译引擎过于频繁",
        "wait, then try again",
        "请稍候再试",
    ),
    "translation.same_language": Entry(
        "the source is written in {language} itself",
        "原文就是 {language}",
    ),
    "translation.segment_moved": Entry(
        "segment {segment} was changed since it was read",
        "句段 {segment} 在读取之后已被他人修改",
        "read the task {task} again and enter what still holds",
        "请重新读取任务 {task} 后再录入",
    ),
    "translation.segment_state": Entry(
        "segment {segment} is {state}, so it cannot be taken through: {verb}",
        "句段 {segment} 当前为 {state}，不能执行 {verb}",
        "review what is translated; name machine drafts one by one; return what is not empty",
        "只能审校已翻译的句段，机器初稿须逐一指明；空句段不能退回",
    ),
    "translation.source_moved": Entry(
        "the source got a new revision while the engine was at work",
        "翻译期间原文已有新版本",
        "suggest again",
        "请重新生成",
    ),
    "translation.stands_in": Entry(
        "this is {said}: no engine had {language}, so work it over",
        "此为 {said}：没有引擎支持 {language}，请人工改写",
    ),
    "translation.task_open": Entry(
        "people are at work on the task {task} of this translation",
        "该译文的翻译任务 {task} 正在进行",
        "work on the task: enter, review, approve_task",
        "请在任务中录入、审校并审定",
    ),
    "translation.too_many": Entry(
        "{count} texts, and one request takes {most}",
        "共 {count} 段文本，一次请求最多 {most} 段",
    ),
    "translation.transient": Entry(
        "the engine did not answer as it should",
        "翻译引擎暂时无法应答",
        "try again later",
        "请稍后再试",
    ),
    "translation.unfinished": Entry(
        "{count} segments are not done; the first is {state}",
        "还有 {count} 个句段未完成，首个为 {state}",
        "translate, confirm or review what is left; task.progress counts it",
        "请完成余下句段的翻译、确认或审校；进度见 task.progress",
    ),
    "translation.unsettled": Entry(
        "a content that is {state} cannot be translated yet",
        "{state} 状态的内容暂不能翻译",
        "translate it once it is approved",
        "请在审批通过后翻译",
    ),
    "translation.unsupported": Entry(
        "the engine does not translate {source} to {target}",
        "该引擎不支持从 {source} 译为 {target}",
        "use another engine, or enter the translation by hand",
        "请换用其他引擎或人工录入",
    ),
    "translation.wrong_script": Entry(
        "the text is not written in the script of {language}",
        "文本不是 {language} 的文字",
        "check that text and language belong together",
        "请核对文本与语言是否对应",
    ),
    "unique.taken": Entry(
        "this value is taken",
        "该值已被占用",
        "it belongs to {owner}",
        "属于 {owner}",
    ),
    "vocabulary.unknown": Entry(
        "there is no vocabulary {name}",
        "没有词表 {name}",
    ),
    "when.backwards": Entry(
        "the end must come after the start",
        "结束须晚于开始",
    ),
    "words.too_many": Entry(
        "{count} words, and one list takes {most}",
        "共 {count} 个词，一个词表最多 {most} 个",
        "make several lists",
        "请分成几个词表",
    ),
    "workstation.no_target": Entry(
        "the workstation has no target {value}",
        "该工作站没有目标 {value}",
        "its targets are {targets}",
        "目标有 {targets}",
    ),
    "workstation.not_one": Entry(
        "this organization is of kind {kind}, and not a workstation",
        "该单位类型为 {kind}，不是工作站",
        'make one of kind "workstation"',
        "请建立类型为 workstation 的单位",
    ),
    "workstation.outside_term": Entry(
        "the day is outside the term of the workstation, or to come",
        "日期不在建站期内，或尚未到来",
    ),
    "workstation.struck": Entry(
        "this result is struck already",
        "该成果已剔除",
        "workstations.results tells why",
        "可用 workstations.results 查看原因",
    ),
    "xliff.ambiguous": Entry(
        "several segments are called so",
        "有多个片段叫此名称",
        "name file, unit and segment: (file, unit, segment)",
        "请写全文件、单元与片段：(file, unit, segment)",
    ),
    "xliff.bad_id": Entry(
        "a unit, segment or file has an id that XLIFF does not allow",
        "单元、片段或文件的 id 不符合 XLIFF 规定",
        "ids have letters, digits and . - _ : and no spaces",
        "id 可用字母、数字和 . - _ :，不能有空格",
    ),
    "xliff.characters": Entry(
        "XML cannot hold the character at place {offset}",
        "第 {offset} 个字符不能写入 XML",
        "take out control characters",
        "请去掉控制字符",
    ),
    "xliff.codes": Entry(
        "the inline code {id} was {why} in the translation",
        "译文中的行内标记 {id} 有误：{why}",
        "keep the tokens {{1}} … {{/1}} of segment.masked, each once; leave_out=True allows"
        " to leave out those that may be deleted",
        "请保留 segment.masked 中的 {{1}} … {{/1}} 各一次；leave_out=True 允许省略可删除的标记",
    ),
    "xliff.contradiction": Entry(
        "a translation and the state {state} contradict one another",
        "译文与状态 {state} 矛盾",
        "without a translation the state is empty, and with one it is not",
        "没有译文时状态为 empty，有译文时不能为 empty",
    ),
    "xliff.empty": Entry(
        "there is nothing to write: no units, or one without a segment",
        "没有可写的内容：没有单元，或有单元没有片段",
        "give at least one unit with a segment",
        "请至少给出一个带片段的单元",
    ),
    "xliff.invalid": Entry(
        "line {line}: {why} [{rule}]",
        "第 {line} 行不符合 XLIFF 规范：{why} [{rule}]",
        "tianfu xliff check lists all that is wrong in the file",
        "用 tianfu xliff check 查看文件的全部问题",
    ),
    "xliff.no_target_language": Entry(
        "the document does not say which language its translations are in",
        "文档没有说明译文的语言",
        'give it: with_targets(…, language="bo")',
        '请指明：with_targets(…, language="bo")',
    ),
    "xliff.not_xliff": Entry(
        "the file is XML but no XLIFF: it begins with {name}",
        "文件是 XML 但不是 XLIFF：根元素为 {name}",
        "look whether it is the right file",
        "请核对文件",
    ),
    "xliff.other_language": Entry(
        "the document is for translations into {found}, not {wanted}",
        "该文档的译文语言为 {found}，不是 {wanted}",
        "make a document for the other language",
        "请为另一语言单独生成文档",
    ),
    "xliff.structure": Entry(
        "an element lacks {wanted}: line {line}",
        "元素缺少 {wanted}：第 {line} 行",
        "tianfu xliff check lists all that is wrong",
        "可用 tianfu xliff check 列出全部问题",
    ),
    "xliff.twice": Entry(
        "two units or segments have this name",
        "有两个单元或片段重名",
        "tianfu xliff check lists all that is wrong",
        "可用 tianfu xliff check 列出全部问题",
    ),
    "xliff.unknown_code": Entry(
        "the segment has no inline code {id}",
        "片段中没有行内标记 {id}",
        "take codes from the source or target of the same segment",
        "请使用同一片段原文或译文中的标记",
    ),
    "xliff.unknown_segment": Entry(
        "the document has no such segment",
        "文档中没有这个片段",
        "document.units lists units and segments",
        "可用 document.units 查看",
    ),
    "xliff.version": Entry(
        "XLIFF {version} is not known",
        "不认识 XLIFF {version}",
        "read are 1.1, 1.2, 2.0, 2.1 and 2.2; made are 1.2 and 2.1",
        "可读取 1.1、1.2、2.0、2.1、2.2；可生成 1.2、2.1",
    ),
}


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"


def _fill(template: str, values: Mapping[str, Any]) -> str:
    return template.format_map(_Blank(values))


def render(code: str, language: str, values: Mapping[str, Any]) -> str:
    """Give the text of a code.

    Args:
        code: Such as `sms.too_long`; a code that is not ours is its own text.
        language: `en` or `zh`.
        values: What the text names.

    Returns:
        One line.
    """
    entry = ENTRIES.get(code)
    if entry is None:
        return code
    return _fill(entry.zh if language == "zh" else entry.en, values)


def render_hint(code: str, language: str, values: Mapping[str, Any]) -> str | None:
    """Give the hint of a code, or None where it has none.

    Args:
        code: As in `render`.
        language: As in `render`.
        values: As in `render`.

    Returns:
        One line or None.
    """
    entry = ENTRIES.get(code)
    if entry is None:
        return None
    return _fill(entry.hint_zh if language == "zh" else entry.hint_en, values) or None
