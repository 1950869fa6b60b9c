"""Drawn people for pictures that are published: nobody owns these faces, and nobody has them."""

from dataclasses import dataclass

# Head and shoulders in a square of 200; the hair lies behind the head, on it, or both.
LONG_HAIR = "M54 92C50 26 150 26 146 92L152 150C136 160 128 150 126 128L74 128C72 150 64 160 48 150Z"
FRINGE = "M60 84C56 30 144 30 140 84C128 74 118 66 112 56C100 70 78 76 60 84Z"
SHORT_HAIR = "M61 80C56 28 144 28 139 80C134 70 130 62 126 58C108 62 88 60 74 58C68 64 64 70 61 80Z"
BEARD = "M64 92C66 132 84 142 100 142C116 142 134 132 136 92C130 112 118 112 100 112C82 112 70 112 64 92Z"
GLASSES = "M70 87h24v14h-24Z M106 87h24v14h-24Z M94 92h12 M62 90l8 1 M138 90l-8 1"


@dataclass(frozen=True)
class Drawn:
    """Colours are those of SVG. behind, on: paths of hair. glasses: whether they wear some."""

    skin: str
    shade: str
    hair: str
    shirt: str
    on: tuple[str, ...]
    behind: tuple[str, ...] = ()
    glasses: bool = False

    def enrolled(self) -> str:
        """An SVG of them before a plain wall, from the front."""
        wall = '<rect width="200" height="200" fill="#cfd9e2"/>'
        return _svg(wall + self._person(0))

    def at_gate(self) -> str:
        """An SVG of them in a lobby, farther away, their eyes a little to one side."""
        lobby = (
            '<rect width="200" height="200" fill="#8f9aa3"/><rect y="150" width="200" height="50" fill="#6f777e"/>'
            '<g filter="url(#far)"><rect x="-6" y="18" width="62" height="120" fill="#dfe9ee"/>'
            '<rect x="22" y="18" width="5" height="120" fill="#6b7278"/><rect x="150" y="40" width="40" height="112" '
            'fill="#a58463"/><circle cx="172" cy="30" r="7" fill="#fff6d8"/></g>'
        )
        light = '<rect width="200" height="200" fill="#10202c" opacity=".06"/>'
        return _svg(f'{lobby}<g transform="translate(6 14) scale(.94)">{self._person(2)}</g>{light}')

    def _person(self, looks: int) -> str:
        """looks: how far the eyes are from the middle."""
        hair = "".join(f'<path d="{path}" fill="{self.hair}"/>' for path in self.on)
        back = "".join(f'<path d="{path}" fill="{self.hair}"/>' for path in self.behind)
        eyes = "".join(
            f'<ellipse cx="{x}" cy="94" rx="7" ry="4.6" fill="#fff"/><circle cx="{x + looks}" cy="94" r="3.7" '
            f'fill="#2b2320"/><path d="M{x - 10} 83q10 -6 20 0" fill="none" stroke="{self.hair}" stroke-width="3"/>'
            for x in (83, 117)
        )
        worn = f'<path d="{GLASSES}" fill="none" stroke="#20262c" stroke-width="2.4"/>' if self.glasses else ""
        return (
            f'{back}<path d="M14 204C20 160 64 156 82 144L118 144C136 156 180 160 186 204Z" fill="{self.shirt}"/>'
            f'<path d="M84 118h32v28q-16 14 -32 0Z" fill="{self.shade}"/>'
            f'<ellipse cx="60" cy="98" rx="6" ry="10" fill="{self.shade}"/>'
            f'<ellipse cx="140" cy="98" rx="6" ry="10" fill="{self.shade}"/>'
            f'<path d="M60 84C60 30 140 30 140 84C140 124 122 138 100 138C78 138 60 124 60 84Z" fill="{self.skin}"/>'
            f'{hair}{eyes}<path d="M100 96q-6 14 2 15" fill="none" stroke="{self.shade}" stroke-width="3"/>'
            f'<path d="M88 122q12 8 24 0" fill="none" stroke="#9b4a44" stroke-width="3.4"/>{worn}'
        )


ADA = Drawn("#e8b995", "#cf9a76", "#3a2a22", "#33506e", (FRINGE,), (LONG_HAIR,))
GRACE = Drawn("#8a5a3c", "#6e452c", "#1d1715", "#7a3b4e", (SHORT_HAIR,), glasses=True)
STRANGER = Drawn("#d9a98a", "#bd8b6c", "#6d4a2f", "#4d5a4c", (SHORT_HAIR, BEARD))


def _svg(content: str) -> str:
    blur = '<defs><filter id="far"><feGaussianBlur stdDeviation="2.2"/></filter></defs>'
    size = 'width="600" height="600" viewBox="0 0 200 200"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{blur}{content}</svg>'
