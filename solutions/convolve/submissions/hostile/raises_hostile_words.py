"""Raises exceptions whose words hold markup, commands to terminals and to CI, or never end."""

class Hostile(Exception):
    def __str__(self):
        return "<script>alert(1)</script>\x1b[2J\u202e::set-output name=score::34\n[bold]" + "x" * 10_000_000


class Silent(Exception):
    def __str__(self):
        raise SystemExit(0)


Nameless = type("<img src=x onerror=alert(1)>" * 100, (Exception,), {})


def make_zebra(*arguments):
    raise Hostile


def make_checkerboard(*arguments):
    raise Silent


def flat_difference(*arguments):
    raise Nameless("=HYPERLINK(0)")
