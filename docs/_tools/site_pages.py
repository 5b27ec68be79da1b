"""Hooks of MkDocs for the site (``make site``): its navigation, and the files outside of docs.

The navigation is that of ``docs/index.md``: each ``##`` is a part, each ``###`` a group in it, each
item of a list a page. Files of the project that pages link to (``../../examples/crontab``) lie
outside of what MkDocs publishes; they become pages of their own, and the links lead there.
"""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files
from mkdocs.utils import get_relative_url

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"(?<=\]\()([^)\s#]+)")
CODE = re.compile(r"(^ *```.*?^ *```|`[^`\n]*`)", re.MULTILINE | re.DOTALL)
WORD_OF_CODE = re.compile(r"<code>[^<]*</code>")
FLAG = re.compile(r"--[a-z][a-z-]*")
SHIM = "https://unpkg.com/iframe-worker/shim"
WORDS = {
    ".toml": "toml",
    ".py": "python",
    ".yaml": "yaml",
    ".example": "ini",
    "Dockerfile": "docker",
    "crontab": "text",
}
"""How a file's text is coloured, by its ending, or by its name where it has none."""


def on_config(config: Any) -> Any:
    """Take the navigation from the index."""
    config["nav"] = navigation((ROOT / "docs/index.md").read_text(encoding="utf-8"))
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add a page for each file outside of docs that a page links to."""
    beside = {target for file in files.documentation_pages() for target in _outside(file)}
    for path in sorted(beside):
        if (ROOT / path).exists():
            files.append(File.generated(config, published(path), content=_page_of(path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_kept: Any) -> str:
    """Let links to files outside of docs lead to their pages."""
    uri = page.file.src_uri
    if uri == "index.md":
        page.meta["hide"] = ["toc", "navigation"]
    return outside_code(markdown, lambda text: LINK.sub(lambda m: _led(m[0], uri), text))


def on_page_content(html: str, **_kept: Any) -> str:
    """Keep the name of a flag in one line, hyphens and all."""
    return WORD_OF_CODE.sub(
        lambda m: FLAG.sub(r'<span class="flag">\g<0></span>', m[0]),
        html,
    )


def on_post_page(output: str, page: Any, **_kept: Any) -> str:
    """Load from beside the pages what the theme would load from elsewhere."""
    return output.replace(SHIM, get_relative_url("javascripts/iframe-worker.js", page.url))


def navigation(index: str) -> list[dict[str, Any]]:
    """The navigation that an index lists."""
    parts: list[dict[str, Any]] = [{"Home": "index.md"}]
    open_lists = [parts]  # the navigation, a part in it, a group in that
    for line in index.splitlines():
        if heading := re.match(r"(##+) (.+)", line):
            made: list[Any] = []
            del open_lists[len(heading[1]) - 1 :]
            open_lists[-1].append({heading[2]: made})
            open_lists.append(made)
        elif item := re.match(r"- \[([^\]]+)\]\(([^)]+)\)", line):
            open_lists[-1].append({item[1]: _led(item[2], "index.md")})
    return parts


def outside_code(markdown: str, change: Any) -> str:
    """A page whose text is changed, but for blocks and words of code."""
    parts = CODE.split(markdown)
    return "".join(part if at % 2 else change(part) for at, part in enumerate(parts))


def published(path: str) -> str:
    """Where the page of a file of the project stands in the site."""
    if path.endswith(".md"):
        return path.lower().lstrip(".")
    return f"{path.replace('.', '-')}.md"


def _led(target: str, uri: str) -> str:
    """A link of a page, led to where its target stands in the site."""
    path = _path(target, uri)
    if path is None:
        return target
    place = path.removeprefix("docs/") if path.startswith("docs/") else published(path)
    return posixpath.relpath(place, posixpath.dirname(uri) or ".")


def _outside(file: File) -> set[str]:
    """The files outside of docs that a page links to, from the root of the project."""
    found: set[str] = set()
    text = Path(str(file.abs_src_path)).read_text(encoding="utf-8")
    outside_code(text, lambda part: found.update(LINK.findall(part)) or part)
    paths = {_path(target, file.src_uri) for target in found}
    return {path for path in paths if path and not path.startswith("docs/")}


def _path(target: str, uri: str) -> str | None:
    """What a link of a page leads to, from the root of the project; None for an address."""
    if re.match(r"[a-z]+:", target):
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(_source(uri)), target))


def _source(uri: str) -> str:
    """The file that a page of the site is made from, from the root of the project."""
    if (ROOT / "docs" / uri).exists():
        return f"docs/{uri}"
    beside = (p.relative_to(ROOT).as_posix() for p in [*ROOT.glob("*.md"), *ROOT.glob(".*/*.md")])
    return next((path for path in beside if published(path) == uri), uri)


def _page_of(path: str) -> str:
    """A file as a page; of a folder, all that is in it."""
    place = ROOT / path
    if place.suffix == ".md":
        return place.read_text(encoding="utf-8")
    if place.suffix == ".ipynb":
        return _notebook(place)
    if place.is_file():
        return f"# {path}\n\n{_block(place)}"
    within = [p for p in sorted(place.rglob("*")) if p.is_file() and "__pycache__" not in p.parts]
    filled = [p for p in within if p.stat().st_size and _kind(p)]
    return f"# {path}\n" + "".join(f"\n## {p.relative_to(place)}\n\n{_block(p)}" for p in filled)


def _notebook(place: Path) -> str:
    """A notebook as a page: its text, its code, and what the code said as text."""
    parts = []
    for cell in json.loads(place.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        parts.append(source if cell["cell_type"] == "markdown" else f"````python\n{source}\n````")
        for output in cell.get("outputs", ()):
            said = output.get("text") or output.get("data", {}).get("text/plain", ())
            parts += [f"````text\n{''.join(said).rstrip()}\n````"] if said else []
    return "\n\n".join(parts) + "\n"


def _block(place: Path) -> str:
    """The text of a file as a block of code."""
    return f"````{_kind(place) or 'text'}\n{place.read_text(encoding='utf-8').rstrip()}\n````\n"


def _kind(place: Path) -> str | None:
    """The language of a file, for its colours; None for those that nobody reads."""
    return WORDS.get(place.suffix or place.name)
