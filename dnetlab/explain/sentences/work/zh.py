"""Chinese: what is found in somebody's work, and the phrases of a report."""

from __future__ import annotations

from dnetlab.model.grade import FindingKind

FINDINGS = {
    FindingKind.UNREADABLE: "日志第 {row} 行无法读取。",
    FindingKind.INCOMPLETE: "日志第 {row} 行缺少这类行必有的内容。",
    FindingKind.BROKEN: "日志被改动过：第 {row} 行之前的内容换过，或者不见了。",
    FindingKind.JOINED: "第 {row} 行开始的会话是在另一个文件里记录的。",
    FindingKind.NO_JOURNAL: "里面没有 dnetlab 的日志。",
    FindingKind.NO_HEAD: "说明会话在哪个实验环境里运行的那一行丢失了，所以无法重新运行。",
    FindingKind.TOO_BIG: "文件超过 {limit} MB，没有读取。",
    FindingKind.OTHER_STUDENT: "用的是 {student} 的数字，不是 {expected} 的。",
    FindingKind.OTHER_LESSON: "其中有 {lesson} 课的判分或作答，但当时打开的不是这一课。",
    FindingKind.OTHER_LAB: "是在另一种结构的实验环境里做的，所以没有重新运行。",
    FindingKind.UNKNOWN_LESSON: "这里没有 {lesson} 这一课。",
    FindingKind.UNKNOWN_RELEASE: "这里没有 Docker {release} 版本，所以没有重新运行。",
    FindingKind.NOT_BEGUN: "练习 {task} 判分时所在的实验环境，不是这一课开始时的环境。",
    FindingKind.GOES_ON_FROM_NOTHING: "它接着会话 {before} 继续，但那个会话不在这里。",
    FindingKind.OUTCOME: "第 {cell} 个单元格里的 `{what}` 记录的状态是 {recorded}，重新运行得到 {found}。",
    FindingKind.REFUSED: "第 {cell} 个单元格里的 `{what}`，记录时与重新运行时只有一次被实验环境拒绝。",
    FindingKind.OUTPUT: "第 {cell} 个单元格里的 `{what}` 重新运行时输出不同。",
    FindingKind.JUDGED: "练习 {task} 记录为 {recorded}，重新运行得到 {found}。",
    FindingKind.ANSWER: "对 {question} 的回答，记录的对错与实际不符。",
    FindingKind.GUESSED: "{question} 再次作答的时间早于实验环境允许的时间，这个回答不算。",
    FindingKind.NOT_POSSIBLE: "第 {cell} 个单元格里的 `{what}` 在那里不可能做到。",
    FindingKind.SCORE: "报告声称得 {recorded} 分，重新运行它的日志得 {found} 分。",
    FindingKind.ACCOUNT: "报告所说与它的日志不符：{what}。",
    FindingKind.SIGNATURE: "签名不符：结果在签名之后被改动过，或者是用另一把密钥签的。",
    FindingKind.CLOCK: "其间时钟被往回拨了 {seconds} 秒。",
    FindingKind.OUT_OF_TIME: "运行 {seconds} 秒后被停止；在此之前得到的分数有效。",
    FindingKind.OUT_OF_MEMORY: "占用内存达到 {megabytes} MB 时被停止；在此之前得到的分数有效。",
    FindingKind.FAILED: "dnetlab 自身出错了；在此之前得到的分数有效。请报告这个问题：{error}",
    FindingKind.OTHER_EDITION: "{lesson} 课在这里的文本与做作业时的不同。",
    FindingKind.OTHER_VERSION: "作业是用 dnetlab {version} 做的，用 {here} 重新运行。",
    FindingKind.OTHER_ENGINE: "作业是在 {engine} 引擎上做的；在这里有 {number} 条命令或判分结果不同。",
    FindingKind.NEEDS_ENGINE: "这些练习只有真实引擎才能完全判断：{tasks}。请用 `dnetlab verify --engine docker`。",
}
PHRASES = {
    "verified": "{file}：得 {earned} 分，满分 {points} 分",
    "nothing found": "重新运行的结果与记录完全一致。",
    "nobody": "课文自带的数字",
}
