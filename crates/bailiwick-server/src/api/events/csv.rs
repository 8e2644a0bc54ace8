//! Events as comma-separated values (RFC 4180), safe to open in a spreadsheet.

use std::borrow::Cow;

use bailiwick_client::wire;

/// The columns, in order.
const HEADER: [&str; 13] = [
    "id",
    "at",
    "type",
    "actor_kind",
    "actor_id",
    "actor_email",
    "actor_name",
    "target_kind",
    "target_id",
    "target_label",
    "request_id",
    "source_ip",
    "details",
];

/// The first line.
pub(super) fn header() -> Vec<u8> {
    line(HEADER.map(Cow::Borrowed))
}

/// The line of an event.
pub(super) fn row(event: &wire::Event) -> Vec<u8> {
    let text = |text: &Option<String>| Cow::Owned(text.clone().unwrap_or_default());
    let target = event.target.as_ref();
    let kind = match event.actor.kind {
        wire::ActorKind::User => "user",
        wire::ActorKind::ServiceAccount => "service_account",
        wire::ActorKind::System => "system",
    };
    line([
        Cow::Borrowed(event.id.as_str()),
        Cow::Owned(event.at.to_string()),
        Cow::Borrowed(event.event_type.as_str()),
        Cow::Borrowed(kind),
        Cow::Borrowed(event.actor.id.as_str()),
        text(&event.actor.email),
        text(&event.actor.name),
        Cow::Borrowed(target.map_or("", |target| target.kind.as_str())),
        Cow::Borrowed(target.map_or("", |target| target.id.as_str())),
        target.map_or(Cow::Borrowed(""), |target| text(&target.label)),
        text(&event.request_id),
        text(&event.source_ip),
        Cow::Owned(event.details.to_string()),
    ])
}

fn line<const N: usize>(cells: [Cow<'_, str>; N]) -> Vec<u8> {
    let mut line = String::new();
    for (place, cell) in cells.into_iter().enumerate() {
        if place > 0 {
            line.push(',');
        }
        write_cell(&mut line, &cell);
    }
    line.push_str("\r\n");
    line.into_bytes()
}

/// RFC 4180, section 2: cells with a comma, a quote or a line break stand in quotes, and quotes in them are doubled. A cell
/// that a spreadsheet would run as a formula gets an apostrophe, by which it is shown as the text that it is.
fn write_cell(line: &mut String, cell: &str) {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let is_quoted = cell.contains([',', '"', '\r', '\n']);
    if is_quoted {
        line.push('"');
    }
    if is_formula {
        line.push('\'');
    }
    if is_quoted {
        line.push_str(&cell.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(cell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(cells: [&str; 2]) -> String {
        String::from_utf8(line(cells.map(Cow::Borrowed))).unwrap()
    }

    #[test]
    fn cells_are_quoted_as_rfc_4180_says() {
        assert_eq!(cells(["plain", ""]), "plain,\r\n");
        assert_eq!(cells(["a,b", "say \"hi\""]), "\"a,b\",\"say \"\"hi\"\"\"\r\n");
        assert_eq!(cells(["two\nlines", "x"]), "\"two\nlines\",x\r\n");
    }

    #[test]
    fn formulas_stay_texts() {
        assert_eq!(cells(["=1+1", "-2"]), "'=1+1,'-2\r\n");
        assert_eq!(cells(["+1", "@SUM(A1)"]), "'+1,'@SUM(A1)\r\n");
        assert_eq!(cells(["\tx", "\r=1"]), "'\tx,\"'\r=1\"\r\n");
        assert_eq!(cells(["=HYPERLINK(\"x\",\"y\")", "a=b"]), "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\",a=b\r\n");
    }

    #[test]
    fn what_is_written_is_read_back() {
        let given = ["a,\"b\"\r\nc", "d"];
        let mut reader =
            ::csv::ReaderBuilder::new().has_headers(false).from_reader(std::io::Cursor::new(cells(given)));
        let record = reader.records().next().unwrap().unwrap();
        assert_eq!(record.iter().collect::<Vec<_>>(), given);
    }
}
