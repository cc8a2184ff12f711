//! The tables as sea-orm entities. They never leave the store; `domain` types do.
//!
//! Fields are named and explained where the migrations make them.
#![allow(missing_docs, reason = "an entity repeats its table")]

macro_rules! no_relations {
    () => {
        #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}
        impl ActiveModelBehavior for ActiveModel {}
    };
}

mod audited;
mod sent;
mod ways;
pub use audited::{audit, seal};
pub use sent::{chase, chase_unit, delivery, hook, hook_cursor, unit_liaison};
pub use ways::{api_token, report_link};

pub mod unit {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "units")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(unique, column_type = "String(StringLen::N(32))")]
        pub code: String,
        #[sea_orm(column_type = "Text")]
        pub name: String,
        #[sea_orm(column_type = "String(StringLen::N(16))")]
        pub kind: String,
        pub parent_id: Option<i32>,
        pub opened_on: Option<i32>,
        pub closed_on: Option<i32>,
        pub position: i32,
    }

    no_relations!();
}

pub mod unit_snapshot {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "unit_snapshots")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub part: i32,
        pub epoch: i64,
        #[sea_orm(column_type = "String(StringLen::N(64))")]
        pub digest: String,
        #[sea_orm(column_type = "Blob")]
        pub body: Vec<u8>,
    }

    no_relations!();
}

pub mod campaign {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "campaigns")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(unique, column_type = "String(StringLen::N(64))")]
        pub slug: String,
        #[sea_orm(column_type = "String(StringLen::N(16))")]
        pub kind: String,
        pub year: i16,
        #[sea_orm(column_type = "Text")]
        pub name: String,
        pub ordinal: Option<i32>,
        #[sea_orm(column_type = "Text")]
        pub theme: String,
        pub starts_on: i32,
        pub ends_on: i32,
        pub deadline: i32,
        pub unit_id: i32,
        pub locked: bool,
        pub demo: bool,
    }

    no_relations!();
}

pub mod campaign_measure {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "campaign_measures")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub campaign_id: i32,
        #[sea_orm(primary_key, auto_increment = false, column_type = "String(StringLen::N(32))")]
        pub code: String,
        pub position: i32,
        #[sea_orm(column_type = "Text")]
        pub name: String,
        #[sea_orm(column_type = "Text")]
        pub name_en: String,
        #[sea_orm(column_type = "Text")]
        pub word: String,
        #[sea_orm(column_type = "Text")]
        pub word_en: String,
        pub target: Option<i64>,
    }

    no_relations!();
}

pub mod campaign_unit {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "campaign_units")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub campaign_id: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit_id: i32,
    }

    no_relations!();
}

pub mod slot {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "slots")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        #[sea_orm(unique_key = "line", column_type = "String(StringLen::N(32))")]
        pub measure: String,
        #[sea_orm(unique_key = "line", column_type = "Text")]
        pub title: String,
        #[sea_orm(unique_key = "line", column_type = "String(StringLen::N(16))")]
        pub topic: String,
        #[sea_orm(unique_key = "line", column_type = "String(StringLen::N(16))")]
        pub mode: String,
    }

    no_relations!();
}

pub mod setting {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "settings")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "String(StringLen::N(64))")]
        pub name: String,
        #[sea_orm(column_type = "Text")]
        pub value: String,
    }

    no_relations!();
}

pub mod user {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(unique, column_type = "String(StringLen::N(64))")]
        pub username: String,
        #[sea_orm(column_type = "Text")]
        pub password_hash: String,
        pub disabled: bool,
        pub created_at: i64,
        pub temporary_since: Option<i64>,
        #[sea_orm(column_type = "Text", nullable)]
        pub totp_secret: Option<String>,
        pub totp_since: Option<i64>,
        pub totp_step: Option<i64>,
    }

    no_relations!();
}

pub mod grant {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "grants")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(indexed)]
        pub user_id: i32,
        #[sea_orm(column_type = "String(StringLen::N(16))")]
        pub role: String,
        pub unit_id: Option<i32>,
        pub below: bool,
    }

    no_relations!();
}

pub mod session {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sessions")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(unique, column_type = "String(StringLen::N(64))")]
        pub token_hash: String,
        #[sea_orm(indexed)]
        pub user_id: i32,
        pub created_at: i64,
        pub used_at: i64,
        pub idle: i64,
        #[sea_orm(indexed)]
        pub expires_at: i64,
        #[sea_orm(column_type = "String(StringLen::N(45))", nullable)]
        pub address: Option<String>,
    }

    no_relations!();
}

pub mod sign_in_failure {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sign_in_failures")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "String(StringLen::N(64))")]
        pub key: String,
        #[sea_orm(column_type = "Text")]
        pub times: String,
        pub locked_until: i64,
        #[sea_orm(indexed)]
        pub at: i64,
    }

    no_relations!();
}

pub mod recovery_code {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "recovery_codes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: i32,
        #[sea_orm(primary_key, auto_increment = false, column_type = "String(StringLen::N(64))")]
        pub code_hash: String,
    }

    no_relations!();
}

pub mod tally_version {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tally_versions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub campaign_id: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit_id: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub version: i32,
        pub review: i16,
        pub channel: i16,
        pub zero: bool,
        pub late: bool,
        pub on_behalf: bool,
        pub actor_id: i32,
        pub received_at: i64,
        #[sea_orm(column_type = "Text")]
        pub figures: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub note: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub facts: Option<String>,
    }

    no_relations!();
}

pub mod batch {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "batches")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub shard: i16,
        #[sea_orm(primary_key, auto_increment = false)]
        pub batch: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub campaign_id: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub version: i32,
        #[sea_orm(column_type = "Text")]
        pub units: String,
    }

    no_relations!();
}

pub mod rollup {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "rollups")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub campaign_id: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit_id: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub shard: i16,
        pub reported: i32,
        pub zero: i32,
        pub late: i32,
        pub returned: i32,
        pub changes: i64,
        pub latest: i64,
        #[sea_orm(column_type = "Text")]
        pub figures: String,
    }

    no_relations!();
}

pub mod idempotency {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "idempotency")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: i32,
        #[sea_orm(primary_key, auto_increment = false, column_type = "String(StringLen::N(128))")]
        pub key: String,
        #[sea_orm(column_type = "String(StringLen::N(64))")]
        pub request_hash: String,
        pub campaign_id: i32,
        pub day: i32,
        pub unit_id: i32,
        pub version: i32,
        pub created: bool,
        pub at: i64,
    }

    no_relations!();
}

pub mod day_lock {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "day_locks")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub campaign_id: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: i32,
        #[sea_orm(column_type = "Text")]
        pub reason: String,
        pub actor_id: i32,
        pub at: i64,
    }

    no_relations!();
}

pub mod lock_exception {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "lock_exceptions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub campaign_id: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit_id: i32,
        pub until: Option<i64>,
        #[sea_orm(column_type = "Text")]
        pub reason: String,
        pub actor_id: i32,
        pub at: i64,
    }

    no_relations!();
}

pub mod print_ledger {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "print_ledger")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub shard: i16,
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        pub campaign_id: i32,
        pub unit_id: i32,
        #[sea_orm(column_type = "Text")]
        pub title: String,
        pub day: i32,
        #[sea_orm(column_type = "String(StringLen::N(16))")]
        pub kind: String,
        pub count: i32,
        #[sea_orm(unique_key = "reverses")]
        pub reverses_shard: Option<i16>,
        #[sea_orm(unique_key = "reverses")]
        pub reverses_seq: Option<i64>,
        #[sea_orm(column_type = "Text")]
        pub note: String,
        pub actor_id: i32,
        pub at: i64,
    }

    no_relations!();
}

pub mod publication {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "publications")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub campaign_id: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i32,
        pub unit_id: i32,
        #[sea_orm(column_type = "Text")]
        pub title: String,
        #[sea_orm(column_type = "Text")]
        pub frozen: String,
        pub actor_id: i32,
        pub at: i64,
        pub shard: i16,
        pub seq: i64,
    }

    no_relations!();
}
