//! The embedded face: which characters it has, how wide they are, and their outlines.
//!
//! Advances are linear in the size, and measuring uses the same numbers as drawing, so a text is exactly as wide as
//! the layout thought, on paper, in pixels and in SVG.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{
    DrawSettings, HintingInstance, HintingOptions, OutlineGlyphCollection, OutlinePen, Target,
};
use skrifa::raw::TableProvider;
use skrifa::raw::tables::hmtx::Hmtx;
use skrifa::{FontRef, GlyphId, MetadataProvider};

/// Font units in one em of the embedded face.
pub(crate) const UNITS: i64 = 1000;
/// How far ink rises above the baseline and falls below it, in thousandths of the size: the em box of Chinese
/// characters, and the descenders of Latin letters.
pub(crate) const ASCENT: i32 = 880;
/// See [`ASCENT`].
pub(crate) const DESCENT: i32 = 200;
/// Middle of digits and capitals above the baseline, in thousandths: what looks centred on a bar's axis.
pub(crate) const MIDDLE: i32 = 370;

const REGULAR: &[u8] = include_bytes!("../fonts/PufaSans-Regular.otf");
const BOLD: &[u8] = include_bytes!("../fonts/PufaSans-Bold.otf");

/// The weight of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Weight {
    #[default]
    Regular,
    Bold,
}

/// A glyph and its advance in font units. Glyph 0 is the box drawn for a character the face does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Glyph {
    pub(crate) id: u16,
    pub(crate) advance: u16,
}

impl Glyph {
    pub(crate) const fn is_missing(self) -> bool {
        self.id == 0
    }
}

/// Advance of the box for a missing character, in font units.
const BOX_ADVANCE: u16 = 1000;

/// The characters of one weight. Labels are measured several times for each drawing, and to search the face's own
/// tables takes ten times as long as to look up what was found before.
struct Face {
    data: &'static [u8],
    tables: OnceLock<Option<(Charmap<'static>, Hmtx<'static>)>>,
    /// By character: 0 until it is asked for, then [`KNOWN`], 15 bits of advance, 16 bits of glyph. Zeros take neither
    /// memory nor time until they are touched.
    seen: [AtomicU32; 0x1_0000],
}

const KNOWN: u32 = 1 << 31;

impl Face {
    const fn new(data: &'static [u8]) -> Self {
        Self { data, tables: OnceLock::new(), seen: [const { AtomicU32::new(0) }; 0x1_0000] }
    }

    fn glyph(&self, c: char) -> Glyph {
        let Some(seen) = self.seen.get(c as usize) else { return self.find(c) };
        let known = seen.load(Ordering::Relaxed);
        if known > 0 {
            return Glyph { id: known as u16, advance: (known >> 16) as u16 & 0x7FFF };
        }
        let glyph = self.find(c);
        seen.store(KNOWN | u32::from(glyph.advance) << 16 | u32::from(glyph.id), Ordering::Relaxed);
        glyph
    }

    #[cold]
    fn find(&self, c: char) -> Glyph {
        let tables = self.tables.get_or_init(|| {
            let font = FontRef::new(self.data).ok()?;
            Some((font.charmap(), font.hmtx().ok()?))
        });
        // The bytes are compiled in and a test reads them; a face that fails to parse would only show boxes.
        let found = tables.as_ref().and_then(|(map, widths)| {
            let glyph = map.map(c)?;
            let advance = widths.advance(glyph).unwrap_or(BOX_ADVANCE).min(0x7FFF);
            Some(Glyph { id: u16::try_from(glyph.to_u32()).ok()?, advance })
        });
        found.unwrap_or(Glyph { id: 0, advance: BOX_ADVANCE })
    }
}

static FACES: [Face; 2] = [Face::new(REGULAR), Face::new(BOLD)];

fn face(weight: Weight) -> &'static Face {
    &FACES[weight as usize]
}

/// The glyph of a character.
pub(crate) fn glyph(c: char, weight: Weight) -> Glyph {
    face(weight).glyph(c)
}

/// Width of a text in quarter pixels, rounded up, at a size in quarter pixels.
pub(crate) fn width(text: &str, size: i32, weight: Weight) -> i32 {
    let face = face(weight);
    let units: i64 = text.chars().map(|c| i64::from(face.glyph(c).advance)).sum();
    ((units * i64::from(size) + UNITS - 1) / UNITS) as i32
}

/// Font units that fit a width at a size, both in quarter pixels.
pub(crate) const fn units(width: i32, size: i32) -> i64 {
    width as i64 * UNITS / size as i64
}

/// Characters of a text that the face does not have, each once, in the order they come.
pub(crate) fn missing(text: &str, found: &mut Vec<char>) {
    let face = face(Weight::Regular);
    for c in text.chars() {
        if face.glyph(c).is_missing() && !found.contains(&c) {
            found.push(c);
        }
    }
}

/// Draws outlines at given sizes. Keeps one hinter a size and weight.
pub(crate) struct Outlines {
    faces: [Option<OutlineGlyphCollection<'static>>; 2],
    hinters: Vec<(u16, Weight, HintingInstance)>,
}

impl Outlines {
    pub(crate) fn new() -> Self {
        let open = |data| FontRef::new(data).ok().map(|font: FontRef<'static>| font.outline_glyphs());
        Self { faces: [open(REGULAR), open(BOLD)], hinters: Vec::new() }
    }

    /// Sends the outline of a glyph, at a size in whole pixels, to the pen; y points up, the origin is on the
    /// baseline. Says whether there was one.
    pub(crate) fn draw(&mut self, id: u16, size: u16, weight: Weight, pen: &mut impl OutlinePen) -> bool {
        let Some(outlines) = &self.faces[weight as usize] else { return false };
        let Some(outline) = outlines.get(GlyphId::new(u32::from(id))) else { return false };
        let place = self.hinters.iter().position(|(s, w, _)| (*s, *w) == (size, weight));
        let place = place.or_else(|| {
            let options = HintingOptions::from(Target::default());
            let hinter =
                HintingInstance::new(outlines, Size::new(f32::from(size)), LocationRef::default(), options);
            self.hinters.push((size, weight, hinter.ok()?));
            Some(self.hinters.len() - 1)
        });
        let Some((.., hinter)) = place.and_then(|at| self.hinters.get(at)) else { return false };
        outline.draw(DrawSettings::hinted(hinter, false), pen).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_every_standard_character_in_both_weights() {
        let standard = include_str!("../fonts/standard-8105.txt");
        let mut count = 0;
        for c in standard.chars().filter(|c| *c != '\n') {
            count += 1;
            assert!(!glyph(c, Weight::Regular).is_missing(), "{c}");
            assert!(!glyph(c, Weight::Bold).is_missing(), "{c}");
        }
        assert_eq!(count, 8105);
    }

    #[test]
    fn digits_are_equally_wide() {
        let widths: Vec<_> = ('0'..='9').map(|c| glyph(c, Weight::Regular).advance).collect();
        assert!(widths.iter().all(|w| *w == widths[0]), "{widths:?}");
    }

    #[test]
    fn names_a_missing_character_once() {
        let mut found = Vec::new();
        missing("宪\u{1F600}法\u{1F600}", &mut found);
        assert_eq!(found, ['\u{1F600}']);
    }
}
