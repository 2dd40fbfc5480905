"""What every panel has, whatever its kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field

from grafana_foundation_sdk.models.dashboard import DashboardFieldConfigSourceOverrides as Override
from grafana_foundation_sdk.models.dashboard import (
    DashboardLink,
    DashboardLinkType,
    DataSourceRef,
    DynamicConfigValue,
    FieldColor,
    FieldColorModeId,
    FieldConfig,
    FieldConfigSource,
    GridPos,
    MatcherConfig,
    Panel,
    Threshold,
    ThresholdsConfig,
    ThresholdsMode,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)

from dashboards.generator.words import COLOURS

DATASOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
Step = tuple[float, str]


@dataclass(frozen=True, slots=True)
class Card:
    """A panel in words: what it shows, what is good, what to do otherwise, and what it says when it has nothing.

    `w` and `h` are in the grid's units (24 to the width). `base` is the colour below the first of `steps`. `colours`
    are by name of series, `words` the text of the values 1, 2, 3 … `many` says that there are more series than a legend
    of two lines can name.
    """

    title: str
    _: KW_ONLY
    shows: str
    good: str
    act: str
    w: int = 12
    h: int = 8
    unit: str = "none"
    empty: str = "no data"
    decimals: int | None = None
    least: float | None = None
    most: float | None = None
    base: str = "blue"
    steps: Sequence[Step] = ()
    words: Sequence[str] = ()
    colours: Mapping[str, str] = field(default_factory=dict)
    link: str = ""
    many: bool = False

    @property
    def about(self) -> str:
        """The description of the panel."""
        return f"{self.shows}\n\n**Good:** {self.good}\n\n**Otherwise:** {self.act}"


def dress(panel: Panel, card: Card) -> Panel:
    """The panel with all that its card says."""
    panel.title, panel.description, panel.datasource = card.title, card.about, DATASOURCE
    panel.grid_pos, panel.transparent, panel.interval = GridPos(w=card.w, h=card.h), None, "1m"
    panel.field_config = panel.field_config or FieldConfigSource()
    defaults = panel.field_config.defaults = panel.field_config.defaults or FieldConfig()
    defaults.unit, defaults.no_value, defaults.decimals = card.unit, card.empty, card.decimals
    defaults.min_val, defaults.max_val = card.least, card.most
    defaults.thresholds = thresholds(card.base, card.steps)
    defaults.mappings = mapped({str(n): word for n, word in enumerate(card.words, 1)})
    defaults.color = defaults.color or FieldColor(mode=FieldColorModeId.THRESHOLDS)
    if card.link:
        defaults.links = [DashboardLink(title="Open", type_val=DashboardLinkType.LINK, url=card.link)]
    panel.field_config.overrides = [_coloured(*pair) for pair in card.colours.items()]
    return panel


def thresholds(base: str, steps: Sequence[Step]) -> ThresholdsConfig:
    """Colours from values on."""
    all_of = [Threshold(value=None, color=base), *(Threshold(value=value, color=colour) for value, colour in steps)]
    return ThresholdsConfig(mode=ThresholdsMode.ABSOLUTE, steps=all_of)


def mapped(texts: Mapping[str, str]) -> list[ValueMapping]:
    """Values shown as words, in the colour of the word."""
    if not texts:
        return []
    results = {
        value: ValueMappingResult(text=word, color=COLOURS.get(word, "text"), index=n)
        for n, (value, word) in enumerate(texts.items())
    }
    return [ValueMap(options=results)]


def override(name: str, **properties: object) -> Override:
    """Properties of the field of a name; `__` in a property's name is a dot."""
    values = [DynamicConfigValue(id_val=key.replace("__", "."), value=value) for key, value in properties.items()]
    return Override(matcher=MatcherConfig(id_val="byName", options=name), properties=values)


def _coloured(name: str, colour: str) -> Override:
    return override(name, color=FieldColor(mode=FieldColorModeId.FIXED, fixed_color=colour))
