//! Tables of chasing and of what is sent out.

pub mod unit_liaison {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "unit_liaisons")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit_id: i32,
        #[sea_orm(column_type = "Text")]
        pub label: String,
    }

    no_relations!();
}

pub mod chase {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "chases")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub campaign_id: i32,
        pub day: i32,
        pub unit_id: i32,
        #[sea_orm(column_type = "String(StringLen::N(16))")]
        pub channel: String,
        pub asked: i32,
        pub actor_id: Option<i32>,
        pub hook_id: Option<i32>,
        pub at: i64,
    }

    no_relations!();
}

pub mod chase_unit {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "chase_units")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub campaign_id: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit_id: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub chase_id: i32,
        pub at: i64,
    }

    no_relations!();
}

pub mod hook {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "hooks")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub campaign_id: i32,
        pub unit_id: i32,
        #[sea_orm(column_type = "String(StringLen::N(16))")]
        pub kind: String,
        #[sea_orm(column_type = "Text")]
        pub url: String,
        #[sea_orm(column_type = "Text")]
        pub secret: String,
        #[sea_orm(column_type = "Text")]
        pub events: String,
        #[sea_orm(column_type = "Text")]
        pub missing_at: String,
        #[sea_orm(column_type = "Text")]
        pub summary_at: String,
        #[sea_orm(column_type = "String(StringLen::N(8))")]
        pub lang: String,
        pub disabled: bool,
        pub created_by: i32,
        pub created_at: i64,
        pub paused_until: i64,
    }

    no_relations!();
}

pub mod hook_cursor {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "hook_cursors")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub hook_id: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub shard: i16,
        pub batch: i64,
    }

    no_relations!();
}

pub mod delivery {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "deliveries")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(unique_key = "once")]
        pub hook_id: i32,
        #[sea_orm(unique_key = "once", column_type = "String(StringLen::N(24))")]
        pub event: String,
        #[sea_orm(unique_key = "once")]
        pub day: i32,
        #[sea_orm(unique_key = "once")]
        pub unit_id: i32,
        #[sea_orm(unique_key = "once")]
        pub number: i32,
        pub state: i16,
        pub attempts: i32,
        pub next_at: i64,
        pub leased_until: i64,
        pub messages: i32,
        pub status: Option<i32>,
        #[sea_orm(column_type = "Text", nullable)]
        pub error: Option<String>,
        pub created_at: i64,
        pub done_at: Option<i64>,
    }

    no_relations!();
}
