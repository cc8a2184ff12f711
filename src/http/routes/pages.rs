//! Pages for people.

use super::super::page;
use super::{ACCOUNTS, Access, Doc, PERSONAL, READ, REVIEW, Route, Shape, Verb};
use crate::domain::access::Permission;

pub(super) const PAGES: &[Route] = &[
    page!(Get "/" Access::Optional, page::home::home),
    page!(Get "/campaigns/{campaign}/report/{unit}" READ, page::report::show),
    page!(Post "/campaigns/{campaign}/report/{unit}" Access::Needs(Permission::Submit), page::report::submit),
    page!(Get "/campaigns/{campaign}/review" REVIEW, page::review::show),
    page!(Post "/campaigns/{campaign}/review" REVIEW, page::review::decide),
    page!(Get "/campaigns/{campaign}/publications" READ, page::publications::list),
    page!(Post "/campaigns/{campaign}/publications" Access::Needs(Permission::Publish), page::publications::create),
    page!(Get "/campaigns/{campaign}/publications/{number}" READ, page::publications::show),
    page!(Get "/campaigns/{campaign}/ledger/{unit}" READ, page::ledger::show),
    page!(Post "/campaigns/{campaign}/ledger/{unit}" Access::Needs(Permission::Submit), page::ledger::add),
    page!(Get "/campaigns/{campaign}/missing" READ, page::chase::show),
    page!(Post "/campaigns/{campaign}/missing" Access::Needs(Permission::Review), page::chase::note),
    page!(Get "/campaigns/{campaign}" READ, page::board::show),
    page!(Get "/login" Access::Optional, page::login::form),
    page!(Post "/login" Access::Public, page::login::sign_in),
    page!(Post "/logout" Access::Optional, page::login::sign_out),
    page!(Get "/account" PERSONAL, page::account::show),
    page!(Post "/account" PERSONAL, page::account::change),
    page!(Get "/people" ACCOUNTS, page::people::list),
    page!(Post "/people" ACCOUNTS, page::people::create),
    page!(Get "/people/{name}" ACCOUNTS, page::people::show),
    page!(Post "/people/{name}" ACCOUNTS, page::people::change),
    page!(Get "/campaigns/{campaign}/links" ACCOUNTS, page::links::list),
    page!(Post "/campaigns/{campaign}/links" ACCOUNTS, page::links::change),
    page!(Get "/setup/{token}" Access::Public, page::setup::form),
    page!(Post "/setup/{token}" Access::Public, page::setup::enter),
    page!(Get "/r/{token}" Access::Public, page::link::open),
    page!(Post "/lang" Access::Public, page::language::choose),
    page!(Get "/assets/{file}" Access::Public, page::assets::get),
];
