//! The one route table: serving, the description of the API and the tests of access all read it.

use super::error::Error;
use super::reply::Response;
use super::request::Request;
use crate::domain::access::Permission;
use schemars::{Schema, SchemaGenerator};
use std::pin::Pin;
use warp::http::Method;

/// A method that some route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// GET, and HEAD with it.
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
}

impl Verb {
    /// As written in a request.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Who may come in at all. What a permission covers is judged by the use case, which knows the unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Anybody; somebody signed in is known.
    Optional,
    /// Somebody signed in; the use case asks for this permission on the unit concerned.
    Needs(Permission),
}

/// What the answers are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Programs.
    Api,
    /// People.
    Page,
}

/// Makes a schema.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What the description of the API says of a route.
#[derive(Debug, Clone, Copy)]
pub struct Doc {
    /// One line.
    pub summary: &'static str,
    /// Names of the query parameters.
    pub query: &'static [&'static str],
    /// The body it takes.
    pub takes: Option<SchemaOf>,
    /// Status and body of its success.
    pub gives: (u16, Option<SchemaOf>),
    /// Other statuses that come with the body of success.
    pub also: &'static [u16],
    /// Statuses of its refusals, beside 401 and 403 of every route that needs somebody.
    pub refuses: &'static [u16],
}

/// What answers a request.
pub type Handler = fn(Request) -> Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>>;

/// A route.
#[derive(Clone, Copy)]
pub struct Route {
    /// Method.
    pub method: Verb,
    /// Path with `{parameters}`.
    pub path: &'static str,
    /// Who may come in.
    pub access: Access,
    /// What the answers are made for.
    pub shape: Shape,
    /// What answers.
    pub handler: Handler,
    /// What is said of it.
    pub doc: Doc,
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {:?}", self.method.name(), self.path, self.access)
    }
}

impl Route {
    /// The method.
    #[must_use]
    pub const fn method(&self) -> Method {
        match self.method {
            Verb::Get => Method::GET,
            Verb::Post => Method::POST,
            Verb::Put => Method::PUT,
            Verb::Patch => Method::PATCH,
            Verb::Delete => Method::DELETE,
        }
    }
}

/// Where the holder of a report link comes in: the report of one unit in one drive. The path's first two parameters are
/// the drive and the unit.
const FOR_LINKS: [&str; 4] = [
    "/campaigns/{campaign}/report/{unit}",
    "/api/v1/campaigns/{campaign}/tallies/{unit}/{date}",
    "/api/v1/campaigns/{campaign}/tallies/{unit}/{date}/check",
    "/api/v1/campaigns/{campaign}/tallies/{unit}/{date}/versions",
];

/// Where a wall screen comes in: what it shows, and what tells it of changes. The path's first parameter is the drive.
const FOR_SCREENS: [&str; 2] = ["/screen/{campaign}", "/screen/{campaign}/events"];

/// What is read from a standby, where there is one: figures and lists to look at. Whatever is decided upon, kept, printed or
/// given out, and every report by itself, is read from the primary.
const MAY_BE_OLDER: [&str; 11] = [
    "/api/v1/campaigns/{campaign}/totals",
    "/api/v1/campaigns/{campaign}/completeness",
    "/api/v1/campaigns/{campaign}/missing",
    "/api/v1/campaigns/{campaign}/tallies",
    "/api/v1/campaigns/{campaign}/charts/{file}",
    "/api/v1/comparison",
    "/campaigns/{campaign}",
    "/campaigns/{campaign}/comparison",
    "/campaigns/{campaign}/missing",
    "/campaigns/{campaign}/tallies",
    "/screen/{campaign}",
];

impl Route {
    /// Whether the answer may be a little old, and is told with its age.
    #[must_use]
    pub fn may_be_older(&self) -> bool {
        self.method == Verb::Get && MAY_BE_OLDER.contains(&self.path)
    }

    /// Whether a report link leads here.
    #[must_use]
    pub fn opens_to_links(&self) -> bool {
        FOR_LINKS.contains(&self.path)
    }

    /// Whether a wall screen with a device link shows this.
    #[must_use]
    pub fn opens_to_screens(&self) -> bool {
        FOR_SCREENS.contains(&self.path)
    }

    /// Whether name and password may come with the request itself: for programs of DHIS2, which know no sessions.
    #[must_use]
    pub fn takes_passwords(&self) -> bool {
        self.path.starts_with("/api/") && !self.path.starts_with("/api/v1/")
    }
}

/// The schema of a type.
#[must_use]
pub fn schema<T: schemars::JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// A handler as the table holds it.
macro_rules! run {
    ($handler:path) => {
        |request| Box::pin($handler(request))
    };
}

macro_rules! api {
    ($verb:ident $path:literal $access:expr, $handler:path, $doc:expr) => {
        Route {
            method: Verb::$verb,
            path: concat!("/api/v1", $path),
            access: $access,
            shape: Shape::Api,
            handler: run!($handler),
            doc: $doc,
        }
    };
}

/// What clients of DHIS2 ask lies beside the versions of our own API.
macro_rules! dhis2 {
    ($verb:ident $path:literal $permission:ident, $handler:path, $doc:expr) => {
        Route {
            method: Verb::$verb,
            path: concat!("/api", $path),
            access: Access::Needs(Permission::$permission),
            shape: Shape::Api,
            handler: run!($handler),
            doc: $doc,
        }
    };
}

macro_rules! page {
    ($verb:ident $path:literal $access:expr, $handler:path) => {
        Route {
            method: Verb::$verb,
            path: $path,
            access: $access,
            shape: Shape::Page,
            handler: run!($handler),
            doc: Doc { summary: "", query: &[], takes: None, gives: (200, None), also: &[], refuses: &[] },
        }
    };
}

const fn doc(summary: &'static str, query: &'static [&'static str], gives: SchemaOf) -> Doc {
    Doc {
        summary,
        query,
        takes: None,
        gives: (200, Some(gives)),
        also: &[],
        refuses: &[400, 401, 404, 422, 503],
    }
}

/// Statuses of what a person does to their own account.
const OWN_REFUSES: &[u16] = &[400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503];

const PERSONAL: Access = Access::Needs(Permission::Personal);
const ACCOUNTS: Access = Access::Needs(Permission::ManageAccounts);
const READ: Access = Access::Needs(Permission::Read);
const REVIEW: Access = Access::Needs(Permission::Review);
const MANAGE: Access = Access::Needs(Permission::ManageCampaigns);
const HOOKS: Access = Access::Needs(Permission::ManageCampaigns);

mod accounts;
mod audit;
mod dhis2;
mod office;
mod pages;
mod reports;
mod state;

const PARTS: [&[Route]; 7] = [
    reports::REPORTS,
    office::OFFICE,
    accounts::PEOPLE,
    audit::ROUTES,
    state::STATE,
    dhis2::DHIS2,
    pages::PAGES,
];

const COUNT: usize = {
    let (mut count, mut part) = (0, 0);
    while part < PARTS.len() {
        count += PARTS[part].len();
        part += 1;
    }
    count
};

static ALL: [Route; COUNT] = {
    let mut all = [PARTS[0][0]; COUNT];
    let (mut at, mut part) = (0, 0);
    while part < PARTS.len() {
        let mut within = 0;
        while within < PARTS[part].len() {
            all[at] = PARTS[part][within];
            (at, within) = (at + 1, within + 1);
        }
        part += 1;
    }
    all
};

/// The routes of the listener that is for monitoring alone.
pub static MONITORING: &[Route] = state::MONITORING;

/// Every route; the ones asked for most come first.
pub static TABLE: &[Route] = &ALL;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_known_to_the_browser_tests() {
        let known = include_str!("../../tests/browser/pages.mjs");
        for route in TABLE.iter().filter(|route| route.shape == Shape::Page && route.method == Verb::Get) {
            assert!(known.contains(&format!("\"{}\"", route.path)), "{}", route.path);
        }
    }
}
