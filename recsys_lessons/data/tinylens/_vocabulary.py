"""What there is in the world: topics, cities, looks and moods, and the words of a context."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "CITIES", "COMPANIES", "MOODS", "PLACES", "PURPOSES", "SPOKEN", "STYLES", "SUBTOPICS",
    "TEMPOS", "TOPICS", "TOPIC_OF", "City",
]  # fmt: skip

TOPICS: dict[str, tuple[str, ...]] = {
    "food": ("noodles", "baking", "street food", "hot pot"),
    "travel": ("city walks", "mountains", "seaside", "train journeys"),
    "family": ("bedtime stories", "crafts", "parenting", "pets"),
    "fitness": ("running", "yoga", "strength training", "swimming"),
    "music": ("guitar", "piano", "folk songs", "ambient sounds"),
    "comedy": ("stand-up", "sketches", "funny animals", "impressions"),
    "technology": ("phones", "coding", "robots", "smart home"),
    "work": ("presentations", "job interviews", "productivity", "small business"),
}
SUBTOPICS = tuple(subtopic for group in TOPICS.values() for subtopic in group)
TOPIC_OF = {subtopic: topic for topic, group in TOPICS.items() for subtopic in group}

STYLES = ("hand-drawn", "neon", "documentary", "pastel", "vintage film", "minimalist")  # pictures alone show them
MOODS = ("calm", "cheerful", "energetic", "dramatic")  # sound alone shows them
TEMPOS = ("slow", "medium", "fast")  # sound and motion show them

PLACES = ("home", "office", "commuting", "outdoors", "travelling")
COMPANIES = ("alone", "partner", "children", "friends", "colleagues")
PURPOSES = ("relax", "laugh", "learn", "cook", "exercise", "travel", "work", "sleep")


@dataclass(frozen=True)
class City:
    """A city: its Chinese name, its part of the country, and landmarks that stand for it, in both languages."""

    zh: str
    region: str
    landmarks: tuple[tuple[str, str], ...]


CITIES: dict[str, City] = {
    "Beijing": City(
        "北京", "North China",
        (("the Forbidden City", "故宫"), ("the Great Wall at Badaling", "八达岭长城"), ("Houhai lake", "后海"),
         ("the Summer Palace", "颐和园"), ("a hutong courtyard", "胡同小院")),
    ),
    "Shanghai": City(
        "上海", "East China",
        (("the Bund", "外滩"), ("the Oriental Pearl Tower", "东方明珠"), ("Wukang Road", "武康路"),
         ("Yu Garden", "豫园"), ("the Huangpu ferry", "黄浦江轮渡")),
    ),
    "Chengdu": City(
        "成都", "Southwest China",
        (("the panda base", "大熊猫基地"), ("Kuanzhai Alley", "宽窄巷子"), ("Jinli Street", "锦里"),
         ("a Sichuan teahouse in People's Park", "人民公园鹤鸣茶社"), ("Chunxi Road", "春熙路")),
    ),
    "Xi'an": City(
        "西安", "Northwest China",
        (("the Terracotta Army", "兵马俑"), ("the Bell Tower", "钟楼"), ("the Muslim Quarter", "回民街"),
         ("the old city wall", "西安城墙"), ("the Big Wild Goose Pagoda", "大雁塔")),
    ),
    "Guangzhou": City(
        "广州", "South China",
        (("the Canton Tower", "广州塔"), ("Shamian Island", "沙面"), ("the arcades of Enning Road", "恩宁路骑楼"),
         ("a Cantonese dim sum hall", "老广早茶楼"), ("the Pearl River night cruise", "珠江夜游码头")),
    ),
    "Hangzhou": City(
        "杭州", "East China",
        (("West Lake", "西湖"), ("Lingyin Temple", "灵隐寺"), ("the Longjing tea hills", "龙井茶山"),
         ("the Qiantang River tide", "钱塘江潮头"), ("the Xixi wetland", "西溪湿地")),
    ),
    "Harbin": City(
        "哈尔滨", "Northeast China",
        (("the Ice and Snow World", "冰雪大世界"), ("Saint Sophia Cathedral", "圣索菲亚教堂"),
         ("Central Street", "中央大街"), ("the frozen Songhua River", "松花江冰面"), ("Sun Island", "太阳岛")),
    ),
    "Qingdao": City(
        "青岛", "East China",
        (("Zhanqiao Pier", "栈桥"), ("the Tsingtao brewery", "青岛啤酒厂"), ("Mount Lao", "崂山"),
         ("Badaguan's villas", "八大关"), ("the May Fourth Square", "五四广场")),
    ),
    "Kunming": City(
        "昆明", "Southwest China",
        (("Dianchi Lake", "滇池"), ("the Stone Forest", "石林"), ("Dounan flower market", "斗南花市"),
         ("Green Lake Park", "翠湖公园"), ("the Western Hills", "西山龙门")),
    ),
    "Xiamen": City(
        "厦门", "South China",
        (("Gulangyu island", "鼓浪屿"), ("Zengcuo'an village", "曾厝垵"), ("the Huandao coast road", "环岛路"),
         ("Nanputuo Temple", "南普陀寺"), ("Shapowei harbour", "沙坡尾")),
    ),
}  # fmt: skip

# What people call these things when they speak of themselves.
SPOKEN: dict[str, tuple[str, str]] = {
    "noodles": ("noodles", "面条"),
    "baking": ("baking", "烘焙"),
    "street food": ("street food", "路边小吃"),
    "hot pot": ("hot pot", "火锅"),
    "city walks": ("strolling through cities", "城市漫步"),
    "mountains": ("mountains", "爬山"),
    "seaside": ("the sea", "海边"),
    "train journeys": ("long train rides", "坐火车旅行"),
    "bedtime stories": ("bedtime stories", "睡前故事"),
    "crafts": ("crafts with children", "亲子手工"),
    "parenting": ("raising children", "育儿"),
    "pets": ("cats and dogs", "养猫养狗"),
    "running": ("running", "跑步"),
    "yoga": ("yoga", "瑜伽"),
    "strength training": ("lifting weights", "力量训练"),
    "swimming": ("swimming", "游泳"),
    "guitar": ("the guitar", "吉他"),
    "piano": ("piano music", "钢琴"),
    "folk songs": ("folk songs", "民歌"),
    "ambient sounds": ("quiet sounds such as rain", "雨声之类的白噪音"),
    "stand-up": ("stand-up comedy", "脱口秀"),
    "sketches": ("short comedy scenes", "搞笑短剧"),
    "funny animals": ("funny animals", "搞笑动物"),
    "impressions": ("people who imitate others", "模仿秀"),
    "phones": ("new phones", "手机数码"),
    "coding": ("programming", "编程"),
    "robots": ("robots", "机器人"),
    "smart home": ("gadgets for the home", "智能家居"),
    "presentations": ("giving good talks", "演讲和汇报"),
    "job interviews": ("job interviews", "求职面试"),
    "productivity": ("getting things done", "效率方法"),
    "small business": ("running a small shop", "小本创业"),
    "food": ("food", "美食"),
    "travel": ("travel", "旅行"),
    "family": ("family life", "亲子家庭"),
    "fitness": ("sport", "健身"),
    "music": ("music", "音乐"),
    "comedy": ("comedy", "搞笑"),
    "technology": ("technology", "科技"),
    "work": ("office life", "职场"),
}
