//! Tables of the audit.

pub mod audit {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub shard: i16,
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        pub at: i64,
        pub actor_id: Option<i32>,
        #[sea_orm(column_type = "String(StringLen::N(45))", nullable)]
        pub address: Option<String>,
        #[sea_orm(column_type = "String(StringLen::N(32))")]
        pub action: String,
        #[sea_orm(column_type = "Text")]
        pub subject: String,
        #[sea_orm(column_type = "Text")]
        pub detail: String,
        #[sea_orm(column_type = "String(StringLen::N(64))")]
        pub hash: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub state: Option<String>,
    }

    no_relations!();
}

pub mod seal {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "seals")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "String(StringLen::N(32))")]
        pub name: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub bucket: i32,
        pub number: i64,
        #[sea_orm(column_type = "String(StringLen::N(64))")]
        pub digest: String,
    }

    no_relations!();
}
