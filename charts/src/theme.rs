//! Colours, and nothing else about style.
//!
//! The year in question is a strong red and earlier years a ramp of blue greys from pale to dark, so years are told
//! apart by lightness alone; kinds (modes, parts) take eight colours after Okabe and Ito that colour-blind readers
//! tell apart; print takes greys with hatching.

use plotters::style::RGBColor;

use crate::model::Theme;

/// An opaque colour, sRGB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Rgb(pub(crate) u8, pub(crate) u8, pub(crate) u8);

impl Rgb {
    const fn hex(n: u32) -> Self {
        Self((n >> 16) as u8, (n >> 8) as u8, n as u8)
    }

    /// This colour over another, `part` of 255.
    pub(crate) const fn mix(self, under: Self, part: u32) -> Self {
        const fn one(over: u8, under: u8, part: u32) -> u8 {
            ((over as u32 * part + under as u32 * (255 - part) + 127) / 255) as u8
        }
        Self(one(self.0, under.0, part), one(self.1, under.1, part), one(self.2, under.2, part))
    }

    pub(crate) fn over(self, under: Self, alpha: f64) -> Self {
        self.mix(under, (alpha.clamp(0.0, 1.0) * 255.0 + 0.5) as u32)
    }

    /// One of fewer colours, at most four levels away in each channel.
    pub(crate) const fn coarse(self) -> Self {
        Self(self.0 & 0xF8 | 4, self.1 & 0xF8 | 4, self.2 & 0xF8 | 4)
    }

    /// Whether white letters read better on it than black ones: by luma, in thousandths.
    pub(crate) const fn is_dark(self) -> bool {
        (self.0 as u32 * 299 + self.1 as u32 * 587 + self.2 as u32 * 114) / 1000 < 140
    }

    #[cfg(test)]
    pub(crate) const fn distance(self, other: Self) -> u32 {
        let (r, g, b) = (
            self.0.abs_diff(other.0) as u32,
            self.1.abs_diff(other.1) as u32,
            self.2.abs_diff(other.2) as u32,
        );
        3 * r * r + 6 * g * g + 2 * b * b
    }
}

impl From<Rgb> for RGBColor {
    fn from(c: Rgb) -> Self {
        Self(c.0, c.1, c.2)
    }
}

/// How an area is hatched, besides its colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Hatch {
    #[default]
    None,
    /// Lines rising to the right.
    Rising,
    /// Lines falling to the right.
    Falling,
    /// Both.
    Crossed,
    /// Level lines.
    Level,
}

/// A fill: colour and hatching.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fill {
    pub(crate) color: Rgb,
    pub(crate) hatch: Hatch,
    /// The colour of the hatching and of the outline that goes with it.
    pub(crate) line: Rgb,
}

impl Fill {
    const fn plain(color: Rgb) -> Self {
        Self { color, hatch: Hatch::None, line: color }
    }
}

/// The colours of a theme.
#[derive(Clone, Debug)]
pub(crate) struct Colors {
    pub(crate) ground: Rgb,
    /// Cards and zebra rows.
    pub(crate) surface: Rgb,
    pub(crate) ink: Rgb,
    /// Subtitles, notes, tick labels.
    pub(crate) muted: Rgb,
    pub(crate) grid: Rgb,
    pub(crate) axis: Rgb,
    /// The year in question.
    pub(crate) accent: Rgb,
    /// Red letters on the ground: the accent where it is dark enough for text.
    pub(crate) accent_ink: Rgb,
    /// A single series, when no year stands out.
    pub(crate) plain: Rgb,
    /// The palest and the darkest of earlier years.
    past: (Rgb, Rgb),
    kinds: [Rgb; 8],
    pub(crate) hatched: bool,
    pub(crate) late: Rgb,
    pub(crate) on_time: Rgb,
    pub(crate) zero: Rgb,
    pub(crate) returned: Rgb,
}

static LIGHT: Colors = Colors {
    ground: Rgb::hex(0xFF_FF_FF),
    surface: Rgb::hex(0xF4_F6_F8),
    ink: Rgb::hex(0x1C_25_2E),
    muted: Rgb::hex(0x55_62_70),
    grid: Rgb::hex(0xE3_E7_EB),
    axis: Rgb::hex(0x8A_96_A3),
    accent: Rgb::hex(0xC3_2F_27),
    accent_ink: Rgb::hex(0xB3_26_1E),
    plain: Rgb::hex(0x2F_6D_A8),
    past: (Rgb::hex(0xC9_D5_E1), Rgb::hex(0x5D_7C_9B)),
    kinds: [
        Rgb::hex(0x2F_6D_A8),
        Rgb::hex(0xE6_9F_2D),
        Rgb::hex(0x12_8A_72),
        Rgb::hex(0xC7_74_A4),
        Rgb::hex(0x7C_BD_E6),
        Rgb::hex(0xC8_5A_1E),
        Rgb::hex(0x7D_87_92),
        Rgb::hex(0xD9_CF_6A),
    ],
    hatched: false,
    late: Rgb::hex(0xF2_B8_4B),
    on_time: Rgb::hex(0x2F_6D_A8),
    zero: Rgb::hex(0xD5_E4_F2),
    returned: Rgb::hex(0xB9_6A_9B),
};

static DARK: Colors = Colors {
    ground: Rgb::hex(0x12_18_1F),
    surface: Rgb::hex(0x1C_25_2F),
    ink: Rgb::hex(0xEE_F2_F6),
    muted: Rgb::hex(0xA8_B6_C4),
    grid: Rgb::hex(0x2A_35_41),
    axis: Rgb::hex(0x66_75_84),
    accent: Rgb::hex(0xF2_6B_5E),
    accent_ink: Rgb::hex(0xFF_8A_7D),
    plain: Rgb::hex(0x5B_9F_DB),
    past: (Rgb::hex(0x3B_4B_5B), Rgb::hex(0x8F_AF_CD)),
    kinds: [
        Rgb::hex(0x5B_9F_DB),
        Rgb::hex(0xF0_B2_4A),
        Rgb::hex(0x35_B5_98),
        Rgb::hex(0xDB_90_BC),
        Rgb::hex(0xA5_D6_F3),
        Rgb::hex(0xE0_7B_44),
        Rgb::hex(0x93_9F_AB),
        Rgb::hex(0xE5_DC_82),
    ],
    hatched: false,
    late: Rgb::hex(0xF0_B2_4A),
    on_time: Rgb::hex(0x3F_82_BF),
    zero: Rgb::hex(0x2B_45_5E),
    returned: Rgb::hex(0xC8_7F_AC),
};

static PRINT: Colors = Colors {
    ground: Rgb::hex(0xFF_FF_FF),
    surface: Rgb::hex(0xF3_F3_F3),
    ink: Rgb::hex(0x00_00_00),
    muted: Rgb::hex(0x40_40_40),
    grid: Rgb::hex(0xD8_D8_D8),
    axis: Rgb::hex(0x60_60_60),
    accent: Rgb::hex(0x1A_1A_1A),
    accent_ink: Rgb::hex(0x00_00_00),
    plain: Rgb::hex(0x70_70_70),
    past: (Rgb::hex(0xF2_F2_F2), Rgb::hex(0x9A_9A_9A)),
    kinds: [
        Rgb::hex(0x4A_4A_4A),
        Rgb::hex(0xFF_FF_FF),
        Rgb::hex(0xA8_A8_A8),
        Rgb::hex(0xFF_FF_FF),
        Rgb::hex(0xD6_D6_D6),
        Rgb::hex(0x78_78_78),
        Rgb::hex(0xFF_FF_FF),
        Rgb::hex(0xEC_EC_EC),
    ],
    hatched: true,
    late: Rgb::hex(0xFF_FF_FF),
    on_time: Rgb::hex(0x70_70_70),
    zero: Rgb::hex(0xE4_E4_E4),
    returned: Rgb::hex(0xC4_C4_C4),
};

impl Colors {
    pub(crate) fn of(theme: Theme) -> &'static Self {
        match theme {
            Theme::Light => &LIGHT,
            Theme::Dark => &DARK,
            Theme::Print => &PRINT,
        }
    }

    /// The fill of the `index`-th of `count` years, the last of which is the one in question.
    pub(crate) fn year(&self, index: usize, count: usize) -> Fill {
        if index + 1 >= count {
            return Fill::plain(self.accent);
        }
        let earlier = count - 1;
        let part = if earlier > 1 { (index * 255 / (earlier - 1)) as u32 } else { 160 };
        let color = self.past.1.mix(self.past.0, part);
        if !self.hatched {
            return Fill::plain(color);
        }
        // Neighbours differ in hatching as well as in grey.
        let hatch = [Hatch::None, Hatch::Rising, Hatch::Level, Hatch::Falling, Hatch::Crossed][index % 5];
        Fill { color, hatch, line: self.axis }
    }

    /// The colour of the `index`-th of `count` years as a line: thin things need more contrast than bars.
    pub(crate) fn year_line(&self, index: usize, count: usize) -> Rgb {
        let color = self.year(index, count).color;
        let strong = if self.hatched { self.axis } else { self.past.1 };
        if index + 1 < count { strong.mix(color, if self.hatched { 150 } else { 90 }) } else { color }
    }

    /// The fill of the `index`-th kind.
    pub(crate) fn kind(&self, index: usize) -> Fill {
        let color = self.kinds[index % self.kinds.len()];
        if !self.hatched {
            // Past eight, the colours come again, hatched.
            let hatch = if index >= self.kinds.len() { Hatch::Rising } else { Hatch::None };
            return Fill { color, hatch, line: self.ground };
        }
        let hatch = [
            Hatch::None,
            Hatch::Rising,
            Hatch::None,
            Hatch::Level,
            Hatch::Falling,
            Hatch::None,
            Hatch::Crossed,
            Hatch::None,
        ];
        Fill { color, hatch: hatch[index % hatch.len()], line: self.axis }
    }

    /// The fill of a single series.
    pub(crate) const fn single(&self) -> Fill {
        Fill::plain(self.plain)
    }

    /// Letters on a fill.
    pub(crate) const fn on(&self, fill: Rgb) -> Rgb {
        if fill.is_dark() { Rgb::hex(0xFF_FF_FF) } else { Rgb::hex(0x10_16_1C) }
    }
}
