use super::*;
use proptest::prelude::*;

fn rows(text: &str) -> Vec<(u32, Vec<(u32, String)>)> {
    let grid = read(text, &Limits::REMOTE).unwrap();
    let cells =
        |cells: &[(u32, Cell)]| cells.iter().map(|(column, cell)| (*column, cell.to_string())).collect();
    grid.rows().iter().map(|(row, found)| (*row, cells(found))).collect()
}

fn row(number: u32, cells: &[(u32, &str)]) -> (u32, Vec<(u32, String)>) {
    (number, cells.iter().map(|(column, text)| (*column, (*text).to_owned())).collect())
}

#[test]
fn separators_are_found() {
    let wanted =
        [row(1, &[(1, "单位"), (2, "资料"), (3, "横幅")]), row(2, &[(1, "万福"), (2, "1,200"), (3, "6")])];
    assert_eq!(rows("单位,资料,横幅\r\n万福,\"1,200\",6\r\n"), wanted);
    assert_eq!(rows("单位\t资料\t横幅\n万福\t1,200\t6\n"), wanted);
    assert_eq!(rows("单位;资料;横幅\n万福;1,200;6"), wanted);
    assert_eq!(rows("sep=;\n单位;资料\n")[0], row(2, &[(1, "单位"), (2, "资料")]));
    assert_eq!(rows("单位\n万福\n"), [row(1, &[(1, "单位")]), row(2, &[(1, "万福")])]);
}

#[test]
fn rows_are_numbered_as_a_spreadsheet_shows_them() {
    assert_eq!(
        rows("a,b\n\n\n ,　,\n\"x\ny\",c\r\rd,"),
        [row(1, &[(1, "a"), (2, "b")]), row(5, &[(1, "x\ny"), (2, "c")]), row(7, &[(1, "d")]),]
    );
    assert_eq!(rows("a,\"q\"\"q\" tail\n")[0], row(1, &[(1, "a"), (2, "q\"q tail")]));
    let goes_on = rows("\"\"\"\",;;;\n,,\"\"\"宪\"\n");
    assert_eq!(
        goes_on,
        [row(1, &[(1, "\""), (2, ";;;")]), row(2, &[(3, "\"宪")])],
        "a field does not go on behind its quote"
    );
}

#[test]
fn limits_hold() {
    let small = Limits { rows: 2, columns: 2, cells: 3, ..Limits::REMOTE };
    let code = |text: &str| read(text, &small).map(drop).map_err(|error| error.code);
    assert_eq!(code("a,b\nc"), Ok(()));
    assert_eq!(code("a,b\nc,d"), Err("sheet_too_many_cells"));
    assert_eq!(code("a,b,,,,,\nc"), Ok(()), "nothing beyond a limit is nothing");
    assert_eq!(code("a,b,c"), Err("sheet_too_many_columns"));
    assert_eq!(code("a\nb\nc"), Err("sheet_too_many_rows"));
    assert_eq!(code("\"a"), Err("sheet_quote_open"));
    assert_eq!(code(&"x".repeat(MAX_TEXT + 1)), Err("sheet_text_too_long"));
}

#[test]
fn formulas_are_guarded_and_numbers_are_not() {
    let mut csv = Csv::default();
    ["=1+1", "+86", "-", "@x", "'=1", "plain", "a,b", "\tx"].iter().for_each(|text| csv.text(text));
    csv.number(-5);
    csv.blank();
    csv.number(7);
    csv.end();
    let text = String::from_utf8(csv.finish()).unwrap();
    assert_eq!(text, "\u{FEFF}'=1+1,'+86,'-,'@x,''=1,plain,\"a,b\",\"'\tx\",-5,,7\r\n");
    let back = rows(text.trim_start_matches('\u{FEFF}'));
    let texts: Vec<&str> = back[0].1.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["=1+1", "+86", "-", "@x", "'=1", "plain", "a,b", "\tx", "-5", "7"]);
}

proptest! {
    #[test]
    fn what_is_written_is_read(table in prop::collection::vec(prop::collection::vec("[=+@',;\"\n\r\t\\-a宪》1 ]{0,6}", 2..5), 1..8)) {
        let mut csv = Csv::default();
        for line in &table {
            line.iter().for_each(|text| csv.text(trim(text)));
            csv.end();
        }
        let text = String::from_utf8(csv.finish()).unwrap();
        let read = read(text.trim_start_matches('\u{FEFF}'), &Limits::REMOTE).unwrap();
        // A file without a comma between its fields has no separator to be found.
        for (at, line) in (1u32..).zip(&table) {
            for (column, wanted) in (1u32..).zip(line) {
                let found = read.get(crate::sheet::Place { row: at, column }).map(ToString::to_string).unwrap_or_default();
                prop_assert_eq!(&found, trim(wanted));
            }
        }
    }

    #[test]
    fn any_text_ends_in_a_grid_or_an_error(text in "\\PC{0,80}|[,;\t\"\r\na]{0,60}") {
        let _ = read(&text, &Limits::REMOTE);
    }
}
