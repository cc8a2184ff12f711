//! The audit as a table.

use super::audit::AuditItem;
use crate::sheet::separated::Csv;

/// The items as a table, with a head.
pub(super) fn table(items: &[AuditItem]) -> Vec<u8> {
    let mut csv = Csv::default();
    for head in ["id", "at", "who", "address", "action", "subject", "before", "after"] {
        csv.text(head);
    }
    csv.end();
    for item in items {
        let (who, address) = (item.who.as_deref(), item.address.as_deref());
        for text in [&item.id, &item.at, who.unwrap_or_default(), address.unwrap_or_default()] {
            csv.text(text);
        }
        csv.text(&item.action);
        csv.text(&item.subject);
        for value in [&item.before, &item.after] {
            if value.is_null() {
                csv.blank();
            } else {
                csv.text(&value.to_string());
            }
        }
        csv.end();
    }
    csv.finish()
}
