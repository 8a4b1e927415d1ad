"""What must hold of every measure of one ranking, in words that its exercises share."""

from __future__ import annotations

__all__ = ["ANY_ID", "LARGE", "TOP", "TWICE"]

TOP: dict = {"en": "only the first k count, in the order given", "zh": "只看排在前 k 位的，并且保持给定的顺序"}
TWICE: dict = {
    "en": "an item that `relevant` names twice is one item",
    "zh": "`relevant` 里重复出现的物品只算一个",
}
ANY_ID: dict = {"en": "ids may be strings", "zh": "物品 id 可以是字符串"}
LARGE: dict = {"en": "it is right on longer random rankings", "zh": "在更长的随机列表上也正确"}
