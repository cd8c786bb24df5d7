"""Text that means harm, and texts that mean well with some of it spliced in."""

from __future__ import annotations

from hypothesis import strategies as st

SNIPPETS = (
    "\x00",
    "\x1b[2J\x1b[31m",
    "\x1b]8;;https://evil.example\x07",
    "\x9b31m",
    "\u202e",
    "\u2028",
    "\ufeff",
    "\r",
    "\x85",
    "../../etc/passwd",
    "/etc/passwd",
    "C:\\Windows",
    "$(touch hacked)",
    "`touch hacked`",
    "; touch hacked #",
    "--upload-pack=touch hacked",
    "-oProxyCommand=x",
    "%s%n%x",
    "{version}",
    "{0.__class__}",
    "<script>alert(1)</script>",
    "![x](https://evil.example/x.png)",
    "](javascript:alert(1))",
    "```",
    "\n# Heading\n",
    "@everyone",
    "#1",
    "[[", "{{", '"""', "'''", "\\", "\\u0000", "\\ud800", "=", ":", "- ", "&a *a", "!!python/object:os.system",
    "[" * 2000,
    "{" * 2000,
    '{"a":' * 2000,
    "(" * 2000,
    "> " * 2000,
    "9" * 5000,
    "-1e999",
    "NaN",
    "null",
    "http://[",
    "http://x:99999/",
    "//",
    "true",
    "[]",
    "{}",
    "1.0.0+" + "a" * 300,
    "a" * 70000,
    "1979-05-27T07:32:00Z",
)  # fmt: skip


def spliced(*samples: str) -> st.SearchStrategy[str]:
    """Take a text that means well, and put hostile parts into it, cut it, or repeat parts of it."""

    @st.composite
    def make(draw: st.DrawFn) -> str:
        text = draw(st.sampled_from(samples))
        for _ in range(draw(st.integers(1, 4))):
            at = draw(st.integers(0, len(text)))
            until = min(len(text), at + draw(st.integers(0, 30)))
            part = draw(
                st.one_of(st.sampled_from(SNIPPETS), st.text(max_size=8), st.just(text[at : at + 40]))
            )
            text = text[:at] + part + text[until:]
        return text

    return st.one_of(make(), st.text(max_size=60), st.sampled_from(SNIPPETS))
