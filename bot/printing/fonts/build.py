"""Builds the three typefaces from Noto Sans CJK: python -m bot.printing.fonts.build FOLDER."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.boundsPen import ControlBoundsPen
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTCollection, TTFont

_COPYRIGHT = (
    "© 2014-2021 Adobe (http://www.adobe.com/). Noto Sans CJK SC 2.004, subset and converted to TrueType."
)
_LICENCE = "This Font Software is licensed under the SIL Open Font License, Version 1.1."
_DAY = 3_786_825_600
"""1 January 2024 in seconds since 1904, which the files bear: the same sources give the same bytes."""
_IDEOGRAPHS = ((0x3400, 0xA000), (0xF900, 0xFB00), (0x20000, 0x32400))
_SIGNS = (
    (0x20, 0x7F),  # Latin
    (0xA0, 0x180),
    (0x1CD, 0x300),  # pinyin, tones
    (0x1E00, 0x1F00),
    (0x2000, 0x2070),  # punctuation
    (0x20A0, 0x20D0),  # currencies
    (0x2100, 0x2200),  # ℃ № ℡ Ⅳ →
    (0x2460, 0x2500),  # ①
    (0x25A0, 0x27C0),  # ■ ★ ☎
    (0x2E80, 0x3100),  # radicals, CJK punctuation, kana
    (0x3200, 0x3400),  # ㈠ ㎡
    (0xFE30, 0xFE50),
    (0xFF00, 0xFFF0),  # full-width forms
)
_BIG5_LEVEL_1 = range(0xA4, 0xC7)
_NARROW = "‘’"
"""Full-width in the Chinese face, which would tear O’Brien apart; “ ” stay as Chinese sets them."""
_TALLEST = (-300, 1140)
"""Thousandths of the size between which a glyph's ink must lie, to stay within its line."""
_BY_EYE, _BY_NEED = 2.0, 4.0
"""How far a curve may stray, in thousandths of the size: where it is seen every day, and where rarely."""


def main(folder: Path) -> None:
    """Write regular.ttf, bold.ttf and rare.ttf beside this file.

    The folder holds NotoSansCJK-Regular.ttc and NotoSansCJK-Bold.ttc (Debian: fonts-noto-cjk).
    """
    regular, bold = (_face(folder / f"NotoSansCJK-{weight}.ttc") for weight in ("Regular", "Bold"))
    common = _common()
    rare = {code for code in regular.getBestCmap() if _is_ideograph(code)} - common
    for name, source, codes, error in (
        ("Regular", regular, common, _BY_EYE),
        ("Bold", bold, common, _BY_EYE),
        ("Rare", regular, rare, _BY_NEED),
    ):
        path = Path(__file__).with_name(f"{name.lower()}.ttf")
        count = _write(path, name, source, codes, error)
        print(f"{path.name}: {count} characters, {path.stat().st_size:,} bytes")  # noqa: T201  # a script's answer


def _face(path: Path) -> TTFont:
    """The face with the forms of the mainland, one of ten in the file."""
    return next(
        font
        for font in TTCollection(path).fonts
        if font["name"].getDebugName(4).startswith("Noto Sans CJK SC")
    )


def _common() -> set[int]:
    """The characters of GB 2312 and of Big5's first level, in daily use on either side, and all signs."""
    signs = {code for start, end in _SIGNS for code in range(start, end)}
    return signs | set(_two_bytes("gb2312", range(0xA1, 0xF8))) | set(_two_bytes("big5", _BIG5_LEVEL_1))


def _two_bytes(codec: str, leads: Iterable[int]) -> Iterator[int]:
    for lead in leads:
        for trail in range(0x40, 0xFF):
            text = bytes((lead, trail)).decode(codec, "ignore")
            if len(text) == 1 and not text.isascii():
                yield ord(text)


def _is_ideograph(code: int) -> bool:
    return any(start <= code < end for start, end in _IDEOGRAPHS)


def _write(path: Path, style: str, source: TTFont, codes: set[int], error: float) -> int:
    glyphs, narrow, drawn = source.getGlyphSet(), _narrow_forms(source), {}
    names: dict[int, str] = {}
    for code, full in sorted(source.getBestCmap().items()):
        name = narrow.get(full, full) if chr(code) in _NARROW else full
        if code in codes and _fits(glyphs[name]):
            names[code] = name
            drawn[name] = _quadratic(glyphs[name], error)
    drawn = {".notdef": _quadratic(glyphs[".notdef"], error)} | drawn
    builder = FontBuilder(source["head"].unitsPerEm, isTTF=True)
    builder.setupGlyphOrder(list(drawn))
    builder.setupCharacterMap(names)
    builder.setupGlyf(drawn)
    table = builder.font["glyf"]
    builder.setupHorizontalMetrics({name: (source["hmtx"][name][0], table[name].xMin) for name in drawn})
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupOS2(sTypoAscender=880, sTypoDescender=-120, usWinAscent=1140, usWinDescent=300)
    builder.setupNameTable(
        {
            "copyright": _COPYRIGHT,
            "familyName": "Lianxin Card",
            "styleName": style,
            "fullName": f"Lianxin Card {style}",
            "psName": f"LianxinCard-{style}",
            "version": "Version 1.000",
            "licenseDescription": _LICENCE,
            "licenseInfoURL": "https://openfontlicense.org",
        },
        mac=False,
    )
    builder.setupPost(keepGlyphNames=False)
    builder.updateHead(created=_DAY, modified=_DAY)
    builder.font.recalcTimestamp = False
    builder.save(path)
    return len(names)


def _narrow_forms(source: TTFont) -> dict[str, str]:
    """Which glyph is the proportional form of which, by the face's feature `pwid`."""
    table = source["GSUB"].table
    lookups = {
        index
        for feature in table.FeatureList.FeatureRecord
        if feature.FeatureTag == "pwid"
        for index in feature.Feature.LookupListIndex
    }
    forms: dict[str, str] = {}
    for index in sorted(lookups):
        for substitution in table.LookupList.Lookup[index].SubTable:
            forms |= getattr(substitution, "ExtSubTable", substitution).mapping
    return forms


def _fits(glyph: Any) -> bool:
    pen = ControlBoundsPen(None)
    glyph.draw(pen)
    left, low, right, high = pen.bounds or (0, 0, 0, 0)
    lowest, highest = _TALLEST
    return lowest <= low and high <= highest and left >= -100 and right <= glyph.width + 100


def _quadratic(glyph: Any, error: float) -> Any:
    pen = TTGlyphPen(None)
    glyph.draw(Cu2QuPen(pen, error, reverse_direction=True))
    return pen.glyph()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
