"""What the page says, without a browser."""

import re

from tests.page.desk import LABELS, SAY, labels


def test_the_languages_say_the_same_things() -> None:
    """Every key the page asks for is there in each of them."""
    page = LABELS.parent
    source = "".join(file.read_text(encoding="utf-8") for file in (*page.glob("*.js"), page / "index.html"))
    asked = set(re.findall(r'\bsay\("(\w+)"\)|\bsay\.(\w+)', source))
    wanted = {key for pair in asked for key in pair if key}
    assert wanted <= SAY.keys()
    assert all(labels(file.stem).keys() == SAY.keys() for file in LABELS.glob("*.json"))
