"""Take the README's pictures from a running demo, and lay the demo's own photos side by side for docs/models.md.

Everybody in them is made up.

Usage: python docs/screenshots.py http://127.0.0.1:8000 [FOLDER]
"""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent / "img"
PHOTOS = Path(__file__).parents[1] / "clinic" / "demo" / "photos"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
WIDE = {"width": 1280, "height": 1000}
ALL_THERE = "[...document.images].every(image => image.loading === 'lazy' || image.complete)"
PHONE = {"width": 390, "height": 844}
# What `make run` prints.
LOGIN, PASSWORD = "clinician@melati.example", "melati-demo-2026"
PATIENT = "Hana Morita"
EXERCISE = "Smile with teeth"
# Her second visit, in grade V, and her last one, healthy.
VISITS = ("p1-v2", "p1-v6")
VIEWS = ("rest", "brow-raise", "tight-eye-closure", "smile-with-teeth", "pucker", "puff-cheek")
TILE, GAP = (200, 250), 10


def main() -> None:
    address = sys.argv[1].rstrip("/")
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    side_by_side(folder / "simulated-visits.webp")
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for kind, size, places in (("", WIDE, WIDE_PLACES), ("phone-", PHONE, PHONE_PLACES)):
            context = browser.new_context(viewport=size, locale="en-GB", reduced_motion="reduce")  # type: ignore[arg-type]
            page = context.new_page()
            log_in(page, address)
            for name, go in places.items():
                page.goto(f"{address}/patients/")
                go(page, address)
                page.wait_for_load_state("networkidle")
                page.evaluate("window.scrollTo(0, 0)")
                page.wait_for_function(ALL_THERE)
                keep(page.screenshot(), folder / f"{kind}{name}.webp")
            context.close()
        browser.close()


def log_in(page: Page, address: str) -> None:
    page.goto(f"{address}/")
    page.get_by_label("E-mail").fill(LOGIN)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_load_state("networkidle")


def keep(picture: bytes, path: Path) -> None:
    """As WebP, which takes a third of the room."""
    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").save(path, "WEBP", quality=82, method=6)
    print(f"{path} {path.stat().st_size // 1024} kB")


def side_by_side(path: Path) -> None:
    """Two visits of one person, a row each."""
    (width, height), columns, rows = TILE, len(VIEWS), len(VISITS)
    sheet = Image.new("RGB", (columns * (width + GAP) - GAP, rows * (height + GAP) - GAP), "white")
    for row, visit_name in enumerate(VISITS):
        for column, view in enumerate(VIEWS):
            with Image.open(PHOTOS / f"{visit_name}-{view}.jpg") as photo_file:
                tile = photo_file.convert("RGB").resize(TILE)
            sheet.paste(tile, (column * (width + GAP), row * (height + GAP)))
    picture = io.BytesIO()
    sheet.save(picture, "PNG")
    keep(picture.getvalue(), path)


def today(page: Page, address: str) -> None:
    page.goto(f"{address}/")


def patients(page: Page, address: str) -> None:
    page.goto(f"{address}/patients/")


def patient(page: Page, _address: str) -> None:
    page.get_by_role("link", name=PATIENT).first.click()


def visit(page: Page, address: str) -> None:
    patient(page, address)
    page.get_by_role("link", name="Visits", exact=True).click()
    page.locator("main a[href^='/visits/']").nth(-2).click()


def photo(page: Page, address: str) -> None:
    visit(page, address)
    smile = page.locator(".visit-card", has=page.get_by_role("heading", name=EXERCISE, exact=True))
    smile.locator(".photo-frame").click()
    page.wait_for_load_state("networkidle")
    page.locator('[data-toggle="lines"]').click()


def compare(page: Page, address: str) -> None:
    patient(page, address)
    page.get_by_role("link", name="Compare photos").first.click()
    with page.expect_navigation():
        page.get_by_label("Exercise").select_option(label=EXERCISE)


WIDE_PLACES: dict[str, Callable[[Page, str], None]] = {
    "today": today,
    "patients": patients,
    "recovery": patient,
    "visit": visit,
    "photo": photo,
    "compare": compare,
}
PHONE_PLACES: dict[str, Callable[[Page, str], None]] = {"recovery": patient, "visit": visit}


if __name__ == "__main__":
    main()
