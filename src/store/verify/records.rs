//! The print ledger and the publications, each row sealed by an audit entry of its own.

use super::chain::Walked;
use crate::store::entity::{print_ledger, publication as entity};
use crate::store::{StoreError, ledger, publication};
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

/// Rows read at once.
const PAGE: u64 = 2_000;

/// Compares them with what was sealed of them.
pub(super) async fn compare(snapshot: &DatabaseTransaction, walked: &mut Walked) -> Result<(), StoreError> {
    use print_ledger::Column::{Seq, Shard};
    let mut after = (i16::MIN, i64::MIN);
    loop {
        let later = Condition::any()
            .add(Shard.gt(after.0))
            .add(Condition::all().add(Shard.eq(after.0)).add(Seq.gt(after.1)));
        let query = print_ledger::Entity::find().filter(later).order_by_asc(Shard).order_by_asc(Seq);
        let rows = query.limit(PAGE).all(snapshot).await?;
        let Some(last) = rows.last() else { break };
        after = (last.shard, last.seq);
        for row in &rows {
            judge(walked, (row.shard, row.seq), ledger::ADD, &ledger::digest(row));
        }
    }
    use entity::Column::{CampaignId, Number};
    let mut after = (i32::MIN, i32::MIN);
    loop {
        let later = Condition::any()
            .add(CampaignId.gt(after.0))
            .add(Condition::all().add(CampaignId.eq(after.0)).add(Number.gt(after.1)));
        let query = entity::Entity::find().filter(later).order_by_asc(CampaignId).order_by_asc(Number);
        let rows = query.limit(PAGE / 20).all(snapshot).await?;
        let Some(last) = rows.last() else { break };
        after = (last.campaign_id, last.number);
        for row in &rows {
            judge(walked, (row.shard, row.seq), publication::FREEZE, &publication::digest(row));
        }
    }
    for ((lane, seq), (action, _)) in std::mem::take(&mut walked.records) {
        walked.findings.add(format!("audit {lane}/{seq}: what {action} made is gone"));
    }
    Ok(())
}

fn judge(walked: &mut Walked, place: (i16, i64), action: &str, digest: &str) {
    let right = walked.records.remove(&place).is_some_and(|(other, seal)| other == action && seal == digest);
    if !right {
        walked.findings.add(format!("audit {}/{}: {action} is not what it sealed", place.0, place.1));
    }
}
