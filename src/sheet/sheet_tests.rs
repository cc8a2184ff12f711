use super::forge_tests::{Forge, hostile, row};
use super::grid::Place;
use super::{Cell, Grid, Limits, read};

fn grid(forge: &Forge) -> Grid {
    read(&forge.bytes(), &Limits::REMOTE).unwrap()
}

fn at(grid: &Grid, row: u32, column: u32) -> Option<Cell> {
    grid.get(Place { row, column }).cloned()
}

#[test]
fn cells_of_every_kind() {
    let data = r#"<dimension ref="A1:XFD1048576"/><sheetData><row r="3" spans="1:9"><c r="A3" t="s"><v>1</v></c>
        <c r="B3" s="1"><v>46360.5</v></c><c r="C3"><v>1200</v></c><c r="D3" t="str"><f>A1</f><v> 公式 </v></c>
        <c r="E3" t="b"><v>1</v></c><c r="F3" t="e"><v>#REF!</v></c><c r="G3" s="2"><v>5</v></c><c r="H3"/>
        <c r="I3" t="inlineStr"><is><r><t>a&lt;</t></r><r><t xml:space="preserve"> b&#20013;</t></r></is></c></row>
        <row><c><v>7</v></c></row><row r="9"><c r="A9"/></row></sheetData>"#;
    let strings = "<si><t>第一</t></si><si><r><t>万福</t></r><rPh><t>wan</t></rPh><r><t>街道</t></r></si>";
    let styles = r#"<numFmts><numFmt numFmtId="180" formatCode="[Red]0&quot;d&quot;"/></numFmts>
        <cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="180"/></cellXfs>"#;
    let grid = grid(&Forge::sheet(data).strings(strings).styles(styles));
    let text = |text: &str| Some(Cell::Text(text.into()));
    assert_eq!(at(&grid, 3, 1), text("万福街道"));
    assert_eq!(at(&grid, 3, 2), Some(Cell::Serial(46360.5)));
    assert_eq!(at(&grid, 3, 3), Some(Cell::Number(1200.0)));
    assert_eq!(at(&grid, 3, 4), text("公式"));
    assert_eq!(at(&grid, 3, 5), Some(Cell::Flag(true)));
    assert_eq!(at(&grid, 3, 6), Some(Cell::Error("#REF!".into())));
    assert_eq!(at(&grid, 3, 7), Some(Cell::Number(5.0)), "a d in quotes is no day");
    assert_eq!(at(&grid, 3, 9), text("a< b中"));
    assert_eq!(at(&grid, 4, 1), Some(Cell::Number(7.0)));
    assert_eq!(grid.rows().len(), 2, "rows without a value are not there");
}

#[test]
fn formats_that_show_dates_are_known() {
    let data = r#"<sheetData><row r="1"><c r="A1" s="0"><v>1</v></c><c r="B1" s="1"><v>1</v></c><c r="C1" s="2"><v>1</v></c>
        <c r="D1" s="3"><v>1</v></c></row></sheetData>"#;
    let styles = r####"<numFmts><numFmt numFmtId="176" formatCode="yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;"/>
        <numFmt numFmtId="177" formatCode="#,##0_);[Red]\(#,##0\)"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>
        <cellXfs><xf numFmtId="176"/><xf numFmtId="177"/><xf numFmtId="31"/><xf numFmtId="1"/></cellXfs>"####;
    let grid = grid(&Forge::sheet(data).styles(styles));
    let dates: Vec<bool> =
        (1..=4).map(|column| matches!(at(&grid, 1, column), Some(Cell::Serial(_)))).collect();
    assert_eq!(dates, [true, false, true, false]);
}

#[test]
fn the_first_visible_sheet_is_read_and_others_are_told() {
    let data = |text: &str| format!("<sheetData>{}</sheetData>", row(1, &[text]));
    let (hidden, empty, first, second) = (data("藏"), String::new(), data("一"), data("二"));
    let sheets = [
        ("藏", r#"state="hidden""#, &*hidden),
        ("空", "", &*empty),
        ("一", "", &*first),
        ("二", "", &*second),
        ("末", "", &*empty),
    ];
    let grid = grid(&Forge::book(&sheets, r#"<workbookPr date1904="1"/>"#));
    assert_eq!(at(&grid, 1, 1), Some(Cell::Text("一".into())));
    assert_eq!(grid.unread, ["二"]);
    assert!(grid.epoch_1904);
}

#[test]
fn hostile_workbooks_are_refused() {
    let files = hostile();
    assert!(files.len() >= 14);
    for (name, bytes, code) in files {
        assert!(bytes.len() < Limits::REMOTE.file_bytes * 4, "{name}: {}", bytes.len());
        let limits = Limits { file_bytes: usize::MAX, ..Limits::REMOTE };
        match read(&bytes, &limits) {
            Err(error) => assert_eq!(error.code, code, "{name}: {error:?}"),
            Ok(_) => panic!("{name} was read"),
        }
    }
    let large = vec![b'a'; Limits::REMOTE.file_bytes + 1];
    assert_eq!(read(&large, &Limits::REMOTE).map(drop).unwrap_err().code, "sheet_too_large");
}

#[test]
fn a_formatted_blank_corner_is_nothing() {
    let data = format!(
        r#"<sheetData>{}<row r="1048576"><c r="XFD1048576" s="1"/></row></sheetData>"#,
        row(1, &["单位"])
    );
    assert_eq!(grid(&Forge::sheet(&data)).rows().len(), 1);
}
