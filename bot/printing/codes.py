"""QR codes of links: on paper and as pictures for a chat."""

from io import BytesIO

import segno


def qr_code(link: str) -> segno.QRCode:
    """Return the code; ValueError when the link is too long for one."""
    return segno.make(link, error="m", micro=False)


def qr_picture(link: str) -> bytes:
    """Return a PNG of the code with the white around it that cameras need; errors as in qr_code."""
    file = BytesIO()
    qr_code(link).save(file, kind="png", scale=10, border=4)
    return file.getvalue()
