//! The print ledger of a unit: 印制 or 入库, then 领用; the last step, 发放, is what the unit reports.

/// A step of print on its way to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LedgerKind {
    /// 印制.
    Printed,
    /// 入库.
    Received,
    /// 领用.
    Drawn,
}

super::coded::coded!(LedgerKind {
    Printed = "printed", "印制", "Printed";
    Received = "received", "入库", "Received";
    Drawn = "drawn", "领用", "Drawn";
});

/// The most copies of one entry.
pub const MAX_COPIES: i32 = 1_000_000_000;

/// Where the copies of a title are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Balance {
    /// 印制.
    pub printed: i64,
    /// 入库.
    pub received: i64,
    /// 领用.
    pub drawn: i64,
    /// 发放, as reported.
    pub handed_out: i64,
}

impl Balance {
    /// Enters copies under a step; less than nothing takes an entry back.
    pub fn add(&mut self, kind: LedgerKind, count: i64) {
        match kind {
            LedgerKind::Printed => self.printed += count,
            LedgerKind::Received => self.received += count,
            LedgerKind::Drawn => self.drawn += count,
        }
    }

    /// Copies in store: printed or received, and not drawn.
    #[must_use]
    pub const fn in_store(&self) -> i64 {
        self.printed + self.received - self.drawn
    }

    /// Copies in hand: drawn and not handed out.
    #[must_use]
    pub const fn in_hand(&self) -> i64 {
        self.drawn - self.handed_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_somewhere() {
        let mut balance = Balance { handed_out: 30, ..Balance::default() };
        balance.add(LedgerKind::Printed, 1_000);
        balance.add(LedgerKind::Received, 500);
        balance.add(LedgerKind::Drawn, 200);
        balance.add(LedgerKind::Drawn, 100);
        balance.add(LedgerKind::Drawn, -100);
        assert_eq!((balance.in_store(), balance.in_hand()), (1_300, 170));
    }
}
