"""A phone's camera held over a poster: what the QR code in a picture says."""

from importlib import import_module
from io import BytesIO

from bot.sandbox.files import PHOTO_LIMIT, picture_size
from bot.sandbox.people import Impossible

MOST_PIXELS = 40_000_000


def scan(picture: bytes) -> str:
    """The text of the QR code in a PNG, JPEG or GIF; Impossible when there is none to be read."""
    width, height = picture_size(picture)
    if not 0 < width * height <= MOST_PIXELS or len(picture) > PHOTO_LIMIT:
        raise Impossible("this is no PNG, JPEG or GIF picture a phone would read")
    try:
        image, reader = import_module("PIL.Image"), import_module("zxingcpp")
    except ImportError as missing:
        raise Impossible(f"to read codes install zxing-cpp and Pillow: {missing}") from None
    try:
        with image.open(BytesIO(picture)) as opened:
            found = reader.read_barcodes(opened.convert("L"), formats=reader.BarcodeFormat.QRCode)
    except OSError:
        raise Impossible("the picture is damaged") from None
    if not found:
        raise Impossible("there is no QR code in the picture")
    return str(found[0].text)
