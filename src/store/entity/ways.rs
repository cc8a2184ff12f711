//! Tables of ways in without a password.

pub mod api_token {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_tokens")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(indexed)]
        pub user_id: i32,
        #[sea_orm(column_type = "Text")]
        pub name: String,
        #[sea_orm(unique, column_type = "String(StringLen::N(64))")]
        pub token_hash: String,
        #[sea_orm(column_type = "String(StringLen::N(16))")]
        pub role: String,
        pub unit_id: Option<i32>,
        pub below: bool,
        pub created_at: i64,
        pub expires_at: i64,
        pub used_at: Option<i64>,
        pub revoked_at: Option<i64>,
    }

    no_relations!();
}

pub mod report_link {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "report_links")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(indexed)]
        pub campaign_id: i32,
        pub unit_id: i32,
        #[sea_orm(unique, column_type = "String(StringLen::N(64))")]
        pub token_hash: String,
        pub created_by: i32,
        pub created_at: i64,
        pub expires_at: i64,
        pub revoked_at: Option<i64>,
        #[sea_orm(column_type = "String(StringLen::N(16))")]
        pub kind: Option<String>,
    }

    no_relations!();
}
