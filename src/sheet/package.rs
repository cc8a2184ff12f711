//! The parts of a workbook: a zip archive opened within limits, and XML read from it as a stream.

use super::{Limits, Unreadable};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::io::{BufRead, BufReader, Cursor, Read};
use zip::ZipArchive;

/// The longest tag or piece of text between tags, in bytes. A cell's text has at most 32 767 characters.
const MAX_TOKEN: usize = 1024 * 1024;
/// How deep tags may be nested. Those of a sheet are eight deep.
const MAX_DEPTH: usize = 64;
/// Parts below this many bytes may unpack at any ratio: a short part of zeros is no bomb.
const SMALL: u64 = 4 * 1024 * 1024;
/// Bytes that mark a reader's own refusal inside an I/O error.
const TOO_LARGE: &str = "sheet_inflates_too_far";
const TOKEN: &str = "sheet_text_too_long";

/// An open workbook.
pub(super) struct Package<'b> {
    archive: ZipArchive<Cursor<&'b [u8]>>,
    limits: &'b Limits,
    /// Bytes that may still be unpacked.
    left: u64,
}

fn damaged(error: impl std::fmt::Display) -> Unreadable {
    Unreadable::new("sheet_damaged").with("detail", error)
}

/// What a compound file of old Office is: a workbook under a password is one too.
pub(super) fn compound_kind(bytes: &[u8]) -> &'static str {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let head = &bytes[..bytes.len().min(4 * 1024 * 1024)];
    if head.windows(name.len()).any(|window| window == name) { "sheet_encrypted" } else { "sheet_old_format" }
}

impl<'b> Package<'b> {
    /// Opens a workbook and judges all that its directory claims, before anything is unpacked.
    pub(super) fn open(bytes: &'b [u8], limits: &'b Limits) -> Result<Self, Unreadable> {
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
        if archive.len() > limits.entries {
            return Err(Unreadable::new("sheet_too_many_parts").with("limit", limits.entries));
        }
        let mut claimed = 0u64;
        for at in 0..archive.len() {
            let part = archive.by_index_raw(at).map_err(damaged)?;
            if part.encrypted() {
                return Err(Unreadable::new("sheet_encrypted"));
            }
            let name = part.name().map_err(damaged)?;
            if name.starts_with('/') || name.contains('\\') || name.split('/').any(|step| step == "..") {
                return Err(damaged("a part's name leads outside"));
            }
            claimed = claimed.saturating_add(part.size());
            if part.size() > SMALL && part.size() / limits.ratio > part.compressed_size() {
                return Err(Unreadable::new(TOO_LARGE).with("limit", limits.inflated_bytes));
            }
        }
        if claimed > limits.inflated_bytes {
            return Err(Unreadable::new(TOO_LARGE).with("limit", limits.inflated_bytes));
        }
        Ok(Self { archive, limits, left: limits.inflated_bytes })
    }

    /// Reads a part as XML: `take` gets each tag and text, with the names of the tags it is in. None when there is no
    /// such part.
    pub(super) fn read(
        &mut self,
        name: &str,
        mut take: impl FnMut(&Node<'_>) -> Result<(), Unreadable>,
    ) -> Result<Option<()>, Unreadable> {
        let Some(at) = self.archive.index_for_name(name) else { return Ok(None) };
        let part = self.archive.by_index(at).map_err(damaged)?;
        let (claimed, packed) = (part.size(), part.compressed_size());
        let allowed = self.left.min(SMALL.max(packed.saturating_mul(self.limits.ratio)));
        let counted = Counted { inner: part, read: 0, allowed, run: 0 };
        let mut reader = Reader::from_reader(BufReader::with_capacity(64 * 1024, counted));
        let limit = self.limits.inflated_bytes;
        let result = events(&mut reader, &mut take).map_err(|error| refusal(error, limit));
        let read = reader.into_inner().into_inner().read;
        self.left = self.left.saturating_sub(read);
        result?;
        if read == claimed { Ok(Some(())) } else { Err(damaged("a part has another size than it claims")) }
    }
}

/// The XML of a part, piece by piece.
pub(super) enum Node<'x> {
    /// A tag begins.
    Start(&'x str, &'x BytesStart<'x>),
    /// A tag ends.
    End(&'x str),
    /// Text inside a tag, in one or more pieces.
    Text(&'x str),
}

enum Stop {
    Refused(Unreadable),
    Xml(quick_xml::Error),
}

impl From<quick_xml::Error> for Stop {
    fn from(error: quick_xml::Error) -> Self {
        Self::Xml(error)
    }
}

fn refusal(stop: Stop, limit: u64) -> Unreadable {
    let error = match stop {
        Stop::Refused(refused) => return refused,
        Stop::Xml(error) => error,
    };
    let told = error.to_string();
    if told.contains(TOO_LARGE) {
        Unreadable::new(TOO_LARGE).with("limit", limit)
    } else if told.contains(TOKEN) {
        Unreadable::new(TOKEN).with("limit", super::MAX_TEXT)
    } else {
        damaged(told)
    }
}

fn events(
    reader: &mut Reader<impl BufRead>,
    take: &mut impl FnMut(&Node<'_>) -> Result<(), Unreadable>,
) -> Result<(), Stop> {
    let mut buffer = Vec::new();
    let mut depth = 0usize;
    let mut give = |node: &Node<'_>| take(node).map_err(Stop::Refused);
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer)? {
            Event::Start(tag) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(Stop::Refused(damaged("tags are nested too deep")));
                }
                give(&Node::Start(tag.local_name().as_ref(), &tag))?;
            }
            Event::Empty(tag) => {
                give(&Node::Start(tag.local_name().as_ref(), &tag))?;
                give(&Node::End(tag.local_name().as_ref()))?;
            }
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                give(&Node::End(tag.local_name().as_ref()))?;
            }
            Event::Text(text) => give(&Node::Text(&text.xml10_content()))?,
            Event::CData(text) => give(&Node::Text(&text.xml10_content()))?,
            Event::GeneralRef(reference) => match reference.resolve_char_ref()? {
                Some(c) => give(&Node::Text(c.encode_utf8(&mut [0; 4])))?,
                // No entity but those of XML itself: one that a file defines can stand for another ten.
                None => match quick_xml::escape::resolve_xml_entity(&reference.into_inner()) {
                    Some(text) => give(&Node::Text(text))?,
                    None => return Err(Stop::Refused(Unreadable::new("sheet_has_entities"))),
                },
            },
            Event::DocType(_) => return Err(Stop::Refused(Unreadable::new("sheet_has_entities"))),
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    if depth == 0 { Ok(()) } else { Err(Stop::Refused(damaged("a part ends within a tag"))) }
}

/// An attribute's value with its references resolved.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.attributes().flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    quick_xml::escape::unescape(&found.value).ok().map(std::borrow::Cow::into_owned)
}

/// Unpacked bytes, counted; refuses to go on beyond what is allowed, and within a tag or text that has no end.
struct Counted<R> {
    inner: R,
    read: u64,
    allowed: u64,
    run: usize,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.read += n as u64;
        if self.read > self.allowed {
            return Err(std::io::Error::other(TOO_LARGE));
        }
        let is_end = |byte: &u8| matches!(byte, b'<' | b'>');
        match buffer[..n].iter().rposition(is_end) {
            Some(last) => self.run = n - last,
            None => self.run += n,
        }
        if self.run > MAX_TOKEN { Err(std::io::Error::other(TOKEN)) } else { Ok(n) }
    }
}
