"""给全班判分：dnetlab grade。英文句子 -> 中文句子，{字段}不变。"""

from __future__ import annotations

SENTENCES = {
    "--jobs, --seconds and --megabytes take numbers above 0": "--jobs、--seconds 和 --megabytes 后面要写大于 0 的数",
    "grade what a class handed in, and write a gradebook": "给全班交的作业判分，写出成绩册",
    "files, folders such as submitted/, zips of Canvas, Moodle or Gradescope": "文件、文件夹（如 submitted/）、Canvas、Moodle 或 Gradescope 的 zip",
    "where the results go": "结果放在哪里",
    "the one that counts (default: as the assignment is called)": "算分的那一课（默认：与作业同名的一课）",
    "the class: a list with a column id, or an export of Canvas or Moodle, to be filled in": "全班名单：含 id 列的表，或者 Canvas、Moodle 导出的表（会填好分数）",
    "of the export, the one that takes the scores": "导出的表里填分数的那一列",
    "with whose numbers it was done is all one": "用谁的数字做的都算",
    "as the gradebook is to say it": "成绩册里写的截止时间",
    "processes at once (default: one for each core)": "同时运行的进程数（默认：每个核一个）",
    "on the Dask cluster whose scheduler is there": "在这个调度器所在的 Dask 集群上运行",
    "for each submission (default: 60)": "每份作业的时间（默认：60）",
    "of memory for each (default: 1024)": "每份作业的内存（默认：1024）",
    "show the overview in a browser": "在浏览器里显示总览",
    "which column of the export takes the scores?": "分数填到导出表的哪一列？",
    "--column NAME; it has: {known}.": "请写 --column 列名；表里有：{known}。",
    "grading on a cluster needs Dask": "在集群上判分需要 Dask",
    "pip install 'dnetlab[dask]'": "请执行 pip install 'dnetlab[dask]'",
    "no Dask scheduler answers at {address}: {error}": "{address} 没有 Dask 调度器应答：{error}",
    "there is no file or folder {path}": "没有文件或文件夹 {path}",
    "{path} is neither a file nor a folder": "{path} 既不是文件也不是文件夹",
    "an export of a learning platform is of one assignment, and these are several: {names}": "学习平台导出的表只对应一次作业，而这里有几次：{names}",
    "Grade them one after the other.": "请一次一次地判分。",
    "{file} is no list of students: its first row names no column for their ids": "{file} 不是学生名单：第一行没有学号列",
    "It needs a column `id`, or is an export of Canvas or Moodle.": "它要有 `id` 列，或者是 Canvas、Moodle 导出的表。",
    "Make room, and call it again: it goes on.": "腾出空间，再运行一次：会接着做。",
    "somebody grades into {folder} already": "已经有人在往 {folder} 判分",
    "Wait for it, or name another --out.": "等它结束，或者换一个 --out。",
}
