//! Figures that hold or repeat others: totals, parts of totals, what is new, prints and what was handed out of them.

use super::super::class::V;
use super::super::context::Context;
use super::super::sense::Sense;
use super::super::{Doubt, extent, wary};
use super::{Binder, Found, M, Part, Standing, Sum};

impl Binder<'_> {
    /// Takes a figure, unless it repeats figures of its sentence as their total or as a part.
    pub(super) fn take(
        &mut self,
        at: usize,
        mut found: Found,
        sense: Sense,
        context: &Context,
        standing: Standing,
    ) {
        let number = &self.tokens.numbers[found.number];
        let Some((_, low, high, _)) = number.numeral.value().and_then(|value| extent(number, &found, value))
        else {
            return;
        };
        let (low, high) = (u128::from(low), u128::from(high));
        let total = standing.total || context.total || context.headed;
        let nameless = total && standing.nameless;
        if context.part && sense.owns.is_none() {
            self.mix(&mut found);
        }
        let measure = found.measure;
        self.doubt_sum(&mut found, low, context);
        // 共发放3000份，我所发放280份: a part of them.
        let whole = self.sentence.iter().rev().find(|part| part.measure == measure);
        let own = context.own && whole.is_some_and(|whole| whole.total && high < whole.low);
        if own && self.last.is_some_and(|(_, last)| last == measure) {
            self.doubt_last();
        }
        // 共计900余份, with no noun of its own, sums up prints and gifts alike.
        let alike = || self.sentence.iter().filter(|part| nameless || part.measure == measure);
        let repeats = alike().any(|part| !part.part);
        if context.part && repeats {
            return;
        }
        let (least, most) = alike().fold((0, 0), |(least, most), part| (least + part.low, most + part.high));
        // Totals beside totals are no parts of each other.
        let sums_up = alike().count() > 1 && (standing.running || alike().all(|part| !part.total));
        if total && sums_up && least <= high && low <= most {
            return;
        }
        // 收到提问60条，解答42条: what was answered had been asked.
        let answers = measure == M::Consultations && standing.nameless && standing.verb == Some(V::Answer);
        if answers && !self.sentence.is_empty() && self.last.is_some_and(|(_, last)| last == measure) {
            found.doubt = found.doubt.or(Some(Doubt::Grouping));
        }
        // 新增260份，累计1480份: the sum up to now stands beside what is reported.
        if standing.running
            && alike().count() == 1
            && self.last.is_some_and(|(_, last)| last == found.measure)
        {
            found.doubt = found.doubt.or(Some(Doubt::Grouping));
        }
        // 合计 at the end of a list of several sentences.
        let sum = self.sums.entry(found.measure).or_default();
        if total && sum.parts > 1 && (sum.low, sum.high) == (low, high) {
            return;
        }
        if !total {
            *sum = Sum { parts: sum.parts + 1, low: sum.low + low, high: sum.high + high };
        }
        // A sentence of thousands of figures is no sentence; what is kept of it stays small.
        if self.sentence.len() < 64 {
            self.sentence.push(Part { measure: found.measure, low, high, total, part: context.part });
        }
        self.used[at] = true;
        if let Some(owned) = sense.owns {
            self.used[owned] = true;
        }
        self.last = Some((at, found.measure));
        self.verb = standing.verb.or(self.verb);
        self.found.push(found);
    }

    /// 小计, and 合计 above what was told before: it holds other figures, which may be among those of this text.
    fn doubt_sum(&mut self, found: &mut Found, low: u128, context: &Context) {
        self.subtotals |= context.subtotal;
        let told = self.sums.get(&found.measure).is_some_and(|told| told.parts > 0 && told.low < low);
        let sum = context.sum || context.headed;
        if context.subtotal || (sum && (told || self.subtotals)) {
            found.doubt = found.doubt.or(Some(Doubt::Grouping));
        }
    }

    /// A total with what is new in brackets: which of the two is the day's is asked.
    pub(super) fn doubt_last(&mut self) {
        if let Some(total) = self.found.last_mut() {
            total.doubt = total.doubt.or(Some(Doubt::Grouping));
        }
    }

    /// 宣传品800份，其中手册300本: the whole holds things of two measures, and neither number stands alone.
    fn mix(&mut self, part: &mut Found) {
        let told = self.last.filter(|_| !self.sentence.is_empty());
        let Some(whole) =
            self.found.last_mut().filter(|whole| told.is_some_and(|(_, last)| last == whole.measure))
        else {
            return;
        };
        if wary::is_handed_out(part.measure) && wary::is_handed_out(whole.measure) {
            whole.doubt = whole.doubt.or(Some(Doubt::Mixed));
            part.doubt = part.doubt.or(Some(Doubt::Mixed));
        }
    }

    /// What was printed is doubtful where it is also said how much was handed out.
    pub(super) fn doubt_prints(&mut self) {
        let handed = self.found.iter().any(|found| found.measure == M::Materials && !found.printed);
        for found in self.found.iter_mut().filter(|found| found.printed && handed) {
            found.doubt = found.doubt.or(Some(Doubt::Printed));
        }
    }
}
