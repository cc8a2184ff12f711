//! What is changed in place, bucket by bucket, beside the last seal that the chains hold of it.

use super::chain::{Latest, Walked};
use crate::store::StoreError;
use crate::store::audit::MARK;
use crate::store::state::{ALL, Seal, empty};
use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement};

/// Compares every table that is sealed with its seals, and the table of seals with the chains.
pub(super) async fn compare(snapshot: &DatabaseTransaction, walked: &mut Walked) -> Result<(), StoreError> {
    let mut sealed: Latest = std::mem::take(&mut walked.state);
    compare_kept(snapshot, walked, &sealed).await?;
    for (at, table) in ALL.iter().enumerate() {
        let mut from = i32::MIN / table.width;
        while let Some((found, next)) = table.piece(snapshot, from).await? {
            for (bucket, digest) in found {
                let (rows, name) = (table.rows(bucket), table.table);
                match sealed.remove(&(at, bucket)) {
                    None => walked.findings.add(format!("state {name} {rows}: no entry sealed them")),
                    Some((seal, (lane, seq))) if seal.digest != digest => {
                        walked
                            .findings
                            .add(format!("state {name} {rows}: not as audit {lane}/{seq} left them"));
                    }
                    Some(_) => {}
                }
            }
            if next == i32::MAX {
                break;
            }
            from = next;
        }
    }
    // Buckets whose rows are all gone.
    let mut gone: Vec<_> = sealed.into_iter().filter(|(_, (seal, _))| seal.digest != empty()).collect();
    gone.sort_unstable_by_key(|(place, _)| *place);
    for ((at, bucket), (_, (lane, seq))) in gone {
        let (name, rows) = (ALL[at].table, ALL[at].rows(bucket));
        walked.findings.add(format!("state {name} {rows}: gone, not as audit {lane}/{seq} left them"));
    }
    Ok(())
}

/// The table of seals holds the last of each bucket: one that is newer than the chains know was cut off them.
async fn compare_kept(
    snapshot: &DatabaseTransaction,
    walked: &mut Walked,
    sealed: &Latest,
) -> Result<(), StoreError> {
    let sql = "SELECT name, bucket, number, digest FROM seals WHERE name <> $1 ORDER BY name, bucket";
    let statement = Statement::from_sql_and_values(snapshot.get_database_backend(), sql, [MARK.into()]);
    let mut kept = 0;
    for row in snapshot.query_all_raw(statement).await? {
        let (name, bucket): (String, i32) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let seal = Seal { number: row.try_get_by_index(2)?, digest: row.try_get_by_index(3)? };
        let at = ALL.iter().position(|table| table.table == name);
        let known = at.and_then(|at| sealed.get(&(at, bucket)));
        kept += usize::from(known.is_some());
        if known.is_none_or(|(known, _)| *known != seal) {
            walked.findings.add(format!("state {name} bucket {bucket}: its last seal is not in the audit"));
        }
    }
    if kept < sealed.len() {
        walked
            .findings
            .add(format!("state seals: {} that the audit holds are not kept", sealed.len() - kept));
    }
    Ok(())
}
