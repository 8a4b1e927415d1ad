from tools.editions import join_chinese_lines


def test_a_wrapped_chinese_paragraph_becomes_one_line():
    assert join_chinese_lines("分数是一个和，\n所以可以拆开。") == "分数是一个和，所以可以拆开。"
    assert join_chinese_lines("- 练习在这里，\n  每课一本") == "- 练习在这里，每课一本"


def test_breaks_that_mean_something_stay():
    for text in (
        "# 标题\n正文",
        "第一段。\n\n第二段。",
        "用 NDCG\n来量",
        "- 甲\n- 乙",
        "| 概念 |\n| --- |",
        "```\n分\n数\n```",
    ):
        assert join_chinese_lines(text) == text
