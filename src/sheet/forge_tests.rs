//! Workbooks made by hand for tests: also such as no program writes. The tests of the API use them too.

#![allow(dead_code, reason = "each of the two users leaves some out")]

use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The letters of a column.
fn letters(column: u32) -> String {
    let (mut rest, mut text) = (column, String::new());
    while rest > 0 {
        text.insert(0, char::from(b'A' + u8::try_from((rest - 1) % 26).unwrap()));
        rest = (rest - 1) / 26;
    }
    text
}

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";

/// The parts of a workbook.
#[derive(Debug, Clone)]
pub(crate) struct Forge {
    pub(crate) parts: Vec<(String, Vec<u8>)>,
    pub(crate) method: CompressionMethod,
}

impl Forge {
    /// A workbook whose one sheet is this XML between `<worksheet>` and its end.
    pub(crate) fn sheet(inside: &str) -> Self {
        Self::book(&[("Sheet1", "", inside)], "")
    }

    /// A workbook of sheets: name, attributes and inside; and what stands in `<workbook>` before them.
    pub(crate) fn book(sheets: &[(&str, &str, &str)], before: &str) -> Self {
        let mut forge = Self { parts: Vec::new(), method: CompressionMethod::Deflated };
        let listed: String = (1..)
            .zip(sheets)
            .map(|(n, (name, more, _))| {
                format!(r#"<sheet name="{name}" sheetId="{n}" {more} r:id="rId{n}"/>"#)
            })
            .collect();
        let related: String = (1..)
            .zip(sheets)
            .map(|(n, _)| format!(r#"<Relationship Id="rId{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>"#))
            .collect();
        let shared = format!(
            r#"<Relationship Id="rS" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="rF" Type="{OFFICE}/styles" Target="/xl/styles.xml"/>"#
        );
        forge.put(
            "_rels/.rels",
            &format!(r#"{HEAD}<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#),
        );
        forge.put(
            "xl/workbook.xml",
            &format!(r#"{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{before}<sheets>{listed}</sheets></workbook>"#),
        );
        forge.put(
            "xl/_rels/workbook.xml.rels",
            &format!(r#"{HEAD}<Relationships xmlns="{PACKAGE}">{related}{shared}</Relationships>"#),
        );
        for (n, (_, _, inside)) in (1..).zip(sheets) {
            forge.put(
                &format!("xl/worksheets/sheet{n}.xml"),
                &format!(r#"{HEAD}<worksheet xmlns="{MAIN}">{inside}</worksheet>"#),
            );
        }
        forge
    }

    /// Puts a part, or replaces it.
    pub(crate) fn put(&mut self, name: &str, text: &str) {
        self.put_bytes(name, text.as_bytes().to_vec());
    }

    pub(crate) fn put_bytes(&mut self, name: &str, bytes: Vec<u8>) {
        self.parts.retain(|(other, _)| other != name);
        self.parts.push((name.to_owned(), bytes));
    }

    /// Texts that cells share.
    pub(crate) fn strings(mut self, inside: &str) -> Self {
        self.put("xl/sharedStrings.xml", &format!(r#"{HEAD}<sst xmlns="{MAIN}">{inside}</sst>"#));
        self
    }

    pub(crate) fn styles(mut self, inside: &str) -> Self {
        self.put("xl/styles.xml", &format!(r#"{HEAD}<styleSheet xmlns="{MAIN}">{inside}</styleSheet>"#));
        self
    }

    /// The file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(self.method);
        for (name, bytes) in &self.parts {
            zip.start_file(name.as_str(), options).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }
}

/// A row of text and number cells, as XML; an empty text is no cell.
pub(crate) fn row(number: u32, cells: &[&str]) -> String {
    let cell = |(column, text): (u32, &&str)| {
        let place = format!("{}{number}", letters(column));
        match text.parse::<f64>() {
            _ if text.is_empty() => String::new(),
            Ok(_) => format!(r#"<c r="{place}"><v>{text}</v></c>"#),
            Err(_) => format!(r#"<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>"#),
        }
    };
    let cells: String = (1..).zip(cells).map(cell).collect();
    format!(r#"<row r="{number}">{cells}</row>"#)
}

/// A name, a file that must be refused, and the code it must be refused with.
pub(crate) type Hostile = (&'static str, Vec<u8>, &'static str);

fn cell(place: &str) -> String {
    format!(r#"<c r="{place}"><v>1</v></c>"#)
}

/// Workbooks that want memory, time or trust.
pub(crate) fn hostile() -> Vec<Hostile> {
    let good = Forge::sheet(&format!("<sheetData>{}</sheetData>", row(1, &["单位", "日期", "宣传资料"])));
    let sheet = |data: &str| Forge::sheet(&format!("<sheetData>{data}</sheetData>")).bytes();
    let mut found: Vec<Hostile> = Vec::new();
    let sparse = format!(r#"<row r="1">{}</row><row r="1048576">{}</row>"#, cell("A1"), cell("XFD1048576"));
    found.push(("cells at both corners", sheet(&sparse), "sheet_too_many_rows"));
    found.push((
        "a cell in the last column",
        sheet(&format!(r#"<row r="1">{}</row>"#, cell("XFD1"))),
        "sheet_too_many_columns",
    ));

    let mut bomb = good.clone();
    bomb.put(
        "xl/worksheets/sheet1.xml",
        &format!("<worksheet><sheetData>{}</sheetData></worksheet>", " ".repeat(64 << 20)),
    );
    found.push(("a part of blanks", bomb.bytes(), "sheet_inflates_too_far"));

    // Every part within its ratio, all together too much.
    let mut many = good.clone();
    (0..30).for_each(|n| many.put_bytes(&format!("xl/media/{n}.bin"), vec![b' '; 4_000_000]));
    found.push(("many large parts", many.bytes(), "sheet_inflates_too_far"));

    let mut nested = good.clone();
    nested.put_bytes("xl/worksheets/sheet1.xml", good.bytes());
    found.push(("a workbook in place of a sheet", nested.bytes(), "sheet_damaged"));

    let strings = "<si><t>x</t></si>".repeat(400_000);
    found.push(("too many texts", good.clone().strings(&strings).bytes(), "sheet_too_many_texts"));
    let long = format!("<si><t>{}</t></si>", "x".repeat(3 << 20));
    found.push(("a text without an end", good.clone().strings(&long).bytes(), "sheet_text_too_long"));

    let laughs = r#"<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><worksheet><sheetData>&b;</sheetData></worksheet>"#;
    let mut entities = good.clone();
    entities.put("xl/worksheets/sheet1.xml", laughs);
    found.push(("entities of its own", entities.bytes(), "sheet_has_entities"));
    let mut foreign = good.clone();
    foreign.put(
        "xl/worksheets/sheet1.xml",
        "<worksheet><sheetData><row><c t=\"str\"><v>&xxe;</v></c></row></sheetData></worksheet>",
    );
    found.push(("an entity from nowhere", foreign.bytes(), "sheet_has_entities"));

    // The directory claims another size than the part has.
    let mut wrong = good.bytes();
    let at = directory(&wrong, b"xl/worksheets/sheet1.xml");
    wrong[at + 24..at + 28].copy_from_slice(&7u32.to_le_bytes());
    found.push(("a wrong size in the directory", wrong, "sheet_damaged"));
    let mut claimed = good.bytes();
    let at = directory(&claimed, b"xl/worksheets/sheet1.xml");
    claimed[at + 24..at + 28].copy_from_slice(&0xF000_0000u32.to_le_bytes());
    found.push(("a huge size in the directory", claimed, "sheet_inflates_too_far"));

    let mut outside = good.clone();
    outside.put("../../etc/passwd", "x");
    found.push(("a name that leads outside", outside.bytes(), "sheet_damaged"));

    let cells: String = (1..=1_000).map(|column| cell(&format!("{}1", letters(column)))).collect();
    found.push((
        "a row without an end",
        sheet(&format!(r#"<row r="1">{cells}</row>"#)),
        "sheet_too_many_columns",
    ));
    let rows: String = (1..=2_600).map(|n| row(n, &["1"; 400])).collect();
    found.push(("too many cells", sheet(&rows), "sheet_too_many_cells"));
    found.push((
        "rows that repeat",
        sheet(&format!("{}{}", row(2, &["1"]), row(2, &["1"]))),
        "sheet_damaged",
    ));

    let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
    let mut nesting = good.clone();
    nesting.put("xl/worksheets/sheet1.xml", &deep);
    found.push(("tags in tags", nesting.bytes(), "sheet_damaged"));

    let merges = r#"<mergeCell ref="A1:B2"/>"#.repeat(60_000);
    let merged =
        Forge::sheet(&format!("<sheetData>{}</sheetData><mergeCells>{merges}</mergeCells>", row(1, &["1"])));
    found.push(("too many merged areas", merged.bytes(), "sheet_too_many_merges"));

    let mut crowd = good.clone();
    (0..1_200).for_each(|n| crowd.put(&format!("xl/media/{n}"), ""));
    found.push(("too many parts", crowd.bytes(), "sheet_too_many_parts"));

    let mut missing = good.clone();
    missing.parts.retain(|(name, _)| name != "xl/worksheets/sheet1.xml");
    found.push(("a sheet that is not there", missing.bytes(), "sheet_damaged"));
    let mut rootless = good.clone();
    rootless.parts.retain(|(name, _)| name != "_rels/.rels");
    found.push(("an archive of something else", rootless.bytes(), "sheet_not_a_workbook"));

    let whole = good.bytes();
    found.push(("half a file", whole[..whole.len() / 2].to_vec(), "sheet_damaged"));
    let mut cut = good.clone();
    cut.put("xl/worksheets/sheet1.xml", "<worksheet><sheetData><row r=\"1\">");
    found.push(("half a sheet", cut.bytes(), "sheet_damaged"));

    let mut locked = good.bytes();
    let at = directory(&locked, b"xl/workbook.xml");
    locked[at + 8] |= 1;
    found.push(("a part under a password", locked, "sheet_encrypted"));
    let compound = [&[0xD0u8, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1][..], &[0; 2048]].concat();
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    found.push(("a workbook under a password", [compound.clone(), name].concat(), "sheet_encrypted"));
    found.push(("an old workbook under a new name", compound, "sheet_old_format"));
    found.push(("nothing", Vec::new(), "sheet_empty"));
    found.push(("an empty sheet", sheet(""), "sheet_empty"));
    found.push(("a picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), "sheet_not_text"));
    found
}

/// Where the entry of a part begins in the directory of an archive.
fn directory(bytes: &[u8], name: &[u8]) -> usize {
    let mut starts = (0..bytes.len() - 4).filter(|at| bytes[*at..].starts_with(b"PK\x01\x02"));
    starts.find(|at| bytes[at + 46..].starts_with(name)).unwrap()
}
