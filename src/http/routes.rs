//! The one route table: serving, the description of the API and the tests of access all read it.

use super::api::{
    account, campaigns, charts, chase, comparison, description, dhis2, events, export, health, hooks, import,
    ledger, links, parse, press, publications, review, session, tallies, tokens, totals, units, users,
};
use super::error::Error;
use super::page;
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
    /// Statuses of its refusals.
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
const FOR_LINKS: [&str; 3] = [
    "/campaigns/{campaign}/report/{unit}",
    "/api/v1/campaigns/{campaign}/tallies/{unit}/{date}",
    "/api/v1/campaigns/{campaign}/tallies/{unit}/{date}/versions",
];

impl Route {
    /// Whether a report link leads here.
    #[must_use]
    pub fn opens_to_links(&self) -> bool {
        FOR_LINKS.contains(&self.path)
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
            doc: Doc { summary: "", query: &[], takes: None, gives: (200, None), refuses: &[] },
        }
    };
}

const fn doc(summary: &'static str, query: &'static [&'static str], gives: SchemaOf) -> Doc {
    Doc { summary, query, takes: None, gives: (200, Some(gives)), refuses: &[400, 401, 404, 422, 503] }
}

/// Statuses of what a person does to their own account.
const OWN_REFUSES: &[u16] = &[400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503];

const PERSONAL: Access = Access::Needs(Permission::Personal);
const ACCOUNTS: Access = Access::Needs(Permission::ManageAccounts);
const READ: Access = Access::Needs(Permission::Read);
const REVIEW: Access = Access::Needs(Permission::Review);
const MANAGE: Access = Access::Needs(Permission::ManageCampaigns);
const HOOKS: Access = Access::Needs(Permission::ManageCampaigns);

/// Every route; the ones asked for most come first.
pub static TABLE: &[Route] = &[
    api!(Put "/campaigns/{campaign}/tallies/{unit}/{date}" Access::Needs(Permission::Submit), tallies::put, Doc {
        takes: Some(schema::<tallies::TallyBody>),
        refuses: &[400, 401, 403, 404, 408, 409, 412, 413, 415, 422, 428, 503],
        ..doc("Report a unit's day, or correct it", tallies::PUT, schema::<crate::service::tallies::TallyView>)
    }),
    api!(Post "/campaigns/{campaign}/tallies/{unit}/{date}/check" Access::Needs(Permission::Submit), tallies::check, Doc {
        takes: Some(schema::<tallies::TallyBody>),
        refuses: &[400, 401, 403, 404, 408, 409, 413, 415, 422, 503],
        ..doc("Judge a report without storing it", &[], schema::<tallies::CheckView>)
    }),
    api!(Post "/campaigns/{campaign}/tallies/{unit}/{date}/review" REVIEW, review::decide, Doc {
        takes: Some(schema::<review::DecisionBody>),
        refuses: &[400, 401, 403, 404, 408, 409, 412, 413, 415, 422, 503],
        ..doc("Accept a report, or send it back with a reason", &[], schema::<crate::service::tallies::TallyView>)
    }),
    api!(Get "/campaigns/{campaign}/review" REVIEW, review::queue, Doc {
        refuses: &[400, 401, 403, 404, 422, 503],
        ..doc("Reports that wait for a decision", review::QUEUE, schema::<crate::service::review::QueueView>)
    }),
    api!(Post "/campaigns/{campaign}/review" REVIEW, review::decide_many, Doc {
        takes: Some(schema::<review::DecisionsBody>),
        refuses: &[400, 401, 403, 404, 408, 413, 415, 422, 503],
        ..doc("Decide about many reports, each by itself", &[], schema::<review::DecidedListView>)
    }),
    api!(Get "/campaigns/{campaign}/locks" MANAGE, review::locks, Doc {
        refuses: &[400, 401, 403, 404, 422, 503],
        ..doc("Locked days, and exceptions", &[], schema::<crate::service::locks::LocksView>)
    }),
    api!(Post "/campaigns/{campaign}/locks" MANAGE, review::lock, Doc {
        takes: Some(schema::<review::LockBody>),
        gives: (201, Some(schema::<crate::service::locks::LocksView>)),
        refuses: &[400, 401, 403, 404, 408, 413, 415, 422, 503],
        ..doc("Lock a day", &[], schema::<()>)
    }),
    api!(Delete "/campaigns/{campaign}/locks/{date}" MANAGE, review::unlock, Doc {
        gives: (204, None),
        refuses: &[400, 401, 403, 404, 422, 503],
        ..doc("Open a locked day again", &[], schema::<()>)
    }),
    api!(Post "/campaigns/{campaign}/exceptions" MANAGE, review::except, Doc {
        takes: Some(schema::<review::ExceptionBody>),
        gives: (201, Some(schema::<crate::service::locks::LocksView>)),
        refuses: &[400, 401, 403, 404, 408, 413, 415, 422, 503],
        ..doc("Let a unit report on a locked day", &[], schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}/tallies/{unit}/{date}" READ, tallies::get,
        doc("The current version of a report", &[], schema::<crate::service::tallies::TallyView>)),
    api!(Get "/campaigns/{campaign}/tallies/{unit}/{date}/versions" READ, tallies::versions,
        doc("Every version of a report", &[], schema::<crate::service::tallies::VersionsView>)),
    api!(Get "/campaigns/{campaign}/tallies" READ, tallies::list, doc(
        "Current reports, a page at a time", tallies::LIST, schema::<crate::service::tallies::TalliesView>)),
    api!(Post "/campaigns/{campaign}/tallies/import" Access::Needs(Permission::Submit), import::reports, Doc {
        query: import::REPORTS,
        refuses: &[400, 401, 403, 404, 408, 409, 413, 415, 422, 503],
        ..doc("Take in the reports of a CSV or XLSX file, all or none", &[], schema::<crate::service::import::ImportView>)
    }),
    api!(Get "/campaigns/{campaign}/export.csv" READ, export::reports, Doc {
        gives: (200, None),
        ..doc("Every report, a row a unit and day, as CSV", export::QUERY, schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}/export.xlsx" READ, export::reports, Doc {
        gives: (200, None),
        ..doc("Every report with totals, a chart and the comparison of years, as a workbook", export::QUERY, schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}/export.json" READ, export::reports, Doc {
        gives: (200, None),
        ..doc("Every report with totals, as JSON", export::QUERY, schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}/flat.csv" READ, export::flat, Doc {
        gives: (200, None),
        ..doc("A row a figure, as CSV", export::QUERY, schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}/flat.json" READ, export::flat, Doc {
        gives: (200, None),
        ..doc("A row a figure, as JSON", export::QUERY, schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}/template.xlsx" READ, export::template, Doc {
        gives: (200, None),
        ..doc("A workbook to fill in and send to the import", export::TEMPLATE, schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}/totals" READ, totals::totals,
        doc("Totals of a unit", totals::TOTALS, schema::<crate::service::totals::TotalsView>)),
    api!(Get "/campaigns/{campaign}/completeness" READ, totals::completeness, doc(
        "Who has reported", totals::COMPLETENESS, schema::<crate::service::completeness::CompletenessView>)),
    api!(Get "/campaigns/{campaign}/missing" READ, chase::missing, doc(
        "Who has not; as text/plain ready to paste", chase::MISSING,
        schema::<crate::service::chase::MissingView>)),
    api!(Get "/campaigns/{campaign}/chases" Access::Needs(Permission::Review), chase::list, doc(
        "Who was asked when", chase::CHASES, schema::<crate::service::chase::ChasesView>)),
    api!(Post "/campaigns/{campaign}/chases" Access::Needs(Permission::Review), chase::create, Doc {
        takes: Some(schema::<crate::service::chase::ChaseBody>),
        gives: (201, Some(schema::<crate::service::chase::ChaseView>)),
        refuses: &[400, 401, 403, 404, 408, 413, 415, 422, 503],
        ..doc("Note that the missing were asked", &[], schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}/burden" READ, chase::burden, doc(
        "What a campaign has asked of units", chase::BURDEN, schema::<crate::service::chase::BurdensView>)),
    api!(Get "/liaisons" READ, chase::liaisons, doc(
        "Contact groups of units", chase::LIAISONS, schema::<crate::service::chase::LiaisonsView>)),
    api!(Put "/units/{code}/liaison" Access::Needs(Permission::ManageUnits), chase::set_liaison, Doc {
        takes: Some(schema::<crate::service::chase::LiaisonBody>),
        refuses: &[400, 401, 403, 404, 408, 413, 415, 422, 503],
        ..doc("Set the contact group of a unit", &[], schema::<crate::service::chase::LiaisonView>)
    }),
    api!(Get "/campaigns/{campaign}/hooks" HOOKS, hooks::list,
        doc("Where messages and events are sent", &[], schema::<crate::service::outbox::HooksView>)),
    api!(Post "/campaigns/{campaign}/hooks" HOOKS, hooks::create, Doc {
        takes: Some(schema::<crate::service::outbox::HookBody>),
        gives: (201, Some(schema::<crate::service::outbox::HookView>)),
        refuses: &[400, 401, 403, 404, 408, 413, 415, 422, 503],
        ..doc("Enter a hook", &[], schema::<()>)
    }),
    api!(Patch "/hooks/{id}" HOOKS, hooks::update, Doc {
        takes: Some(schema::<crate::service::outbox::HookBody>),
        refuses: &[400, 401, 403, 404, 408, 413, 415, 422, 503],
        ..doc("Change a hook", &[], schema::<crate::service::outbox::HookView>)
    }),
    api!(Delete "/hooks/{id}" HOOKS, hooks::delete, Doc {
        gives: (204, None),
        refuses: &[401, 403, 404, 503],
        ..doc("Forget a hook", &[], schema::<()>)
    }),
    api!(Post "/hooks/{id}/test" HOOKS, hooks::test, Doc {
        refuses: &[401, 403, 404, 503],
        ..doc("Try a hook", &[], schema::<crate::service::outbox::HookTestView>)
    }),
    api!(Get "/hooks/{id}/deliveries" HOOKS, hooks::deliveries, doc(
        "What was sent to a hook or is to be", hooks::DELIVERIES,
        schema::<crate::service::outbox::DeliveriesView>)),
    api!(Post "/hooks/{id}/deliveries/{delivery}" HOOKS, hooks::redeliver, Doc {
        gives: (202, None),
        refuses: &[401, 403, 404, 503],
        ..doc("Send a delivery once more", &[], schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}/charts/{file}" READ, charts::chart, Doc {
        gives: (200, None),
        ..doc("A picture: totals, trend, composition, topics, completeness, year-over-year or summary, .png or .svg",
            charts::QUERY, schema::<()>)
    }),
    api!(Get "/events" READ, events::events, Doc {
        gives: (200, None),
        ..doc("Server-sent events: a unit's revision, now and whenever it changes", events::QUERY, schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}/ledger" READ, ledger::get,
        doc("A unit's print ledger", ledger::QUERY, schema::<crate::service::ledger::LedgerView>)),
    api!(Post "/campaigns/{campaign}/ledger" Access::Needs(Permission::Submit), ledger::add, Doc {
        takes: Some(schema::<crate::service::ledger::LedgerBody>),
        gives: (201, Some(schema::<crate::service::ledger::LedgerEntryView>)),
        refuses: &[400, 401, 403, 404, 408, 409, 413, 415, 422, 503],
        ..doc("Enter print, or take an entry back", ledger::QUERY, schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}/publications" READ, publications::list,
        doc("Published figures, newest first", &[], schema::<crate::service::publications::PublicationsView>)),
    api!(Post "/campaigns/{campaign}/publications" Access::Needs(Permission::Publish), publications::create, Doc {
        takes: Some(schema::<crate::service::publications::PublicationBody>),
        gives: (201, Some(schema::<crate::service::publications::PublicationView>)),
        refuses: &[400, 401, 403, 404, 408, 413, 415, 422, 503],
        ..doc("Freeze the totals of a unit", &[], schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}/publications/{number}" READ, publications::get, doc(
        "Published figures, and what must be said of them since", &[],
        schema::<crate::service::publications::PublicationView>)),
    api!(Get "/comparison" READ, comparison::comparison, doc(
        "Drives side by side", comparison::QUERY, schema::<crate::service::comparison::ComparisonView>)),
    api!(Get "/campaigns" READ, campaigns::list,
        doc("Campaigns, newest first", &[], schema::<campaigns::Campaigns>)),
    api!(Post "/campaigns" Access::Needs(Permission::ManageCampaigns), campaigns::create, Doc {
        takes: Some(schema::<crate::service::campaigns::CampaignBody>),
        gives: (201, Some(schema::<crate::service::campaigns::CampaignView>)),
        refuses: &[400, 401, 403, 404, 408, 409, 413, 415, 422, 503],
        ..doc("Enter a campaign", &[], schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}" READ, campaigns::get,
        doc("One campaign", &[], schema::<crate::service::campaigns::CampaignView>)),
    api!(Patch "/campaigns/{campaign}" Access::Needs(Permission::ManageCampaigns), campaigns::update, Doc {
        takes: Some(schema::<crate::service::campaigns::CampaignBody>),
        refuses: &[400, 401, 403, 404, 408, 409, 413, 415, 422, 503],
        ..doc("Change a campaign", &[], schema::<crate::service::campaigns::CampaignView>)
    }),
    api!(Get "/units" READ, units::list,
        doc("Units in administrative order", units::QUERY, schema::<crate::service::units::UnitsView>)),
    api!(Post "/units" Access::Needs(Permission::ManageUnits), units::create, Doc {
        takes: Some(schema::<crate::service::units::UnitBody>),
        gives: (201, Some(schema::<crate::service::units::UnitView>)),
        refuses: &[400, 401, 403, 404, 408, 409, 413, 415, 422, 503],
        ..doc("Enter a unit", &[], schema::<()>)
    }),
    api!(Post "/units/import" Access::Needs(Permission::ManageUnits), import::units, Doc {
        query: import::UNITS,
        refuses: &[400, 401, 403, 404, 408, 413, 415, 422, 503],
        ..doc("Enter units from a CSV or XLSX file, all or none", &[], schema::<crate::service::import_units::UnitImportView>)
    }),
    api!(Get "/units/{code}" READ, units::get,
        doc("One unit", &[], schema::<crate::service::units::UnitView>)),
    api!(Patch "/units/{code}" Access::Needs(Permission::ManageUnits), units::update, Doc {
        takes: Some(schema::<crate::service::units::UnitBody>),
        refuses: &[400, 401, 403, 404, 408, 409, 413, 415, 422, 503],
        ..doc("Change a unit", &[], schema::<crate::service::units::UnitView>)
    }),
    api!(Get "/campaigns/{campaign}/press" READ, press::press, doc(
        "Lines for the press; as text/plain ready to paste", press::QUERY,
        schema::<crate::service::press::PressView>)),
    api!(Post "/press/audit" READ, press::audit, Doc {
        takes: Some(schema::<press::AuditBody>),
        refuses: &[400, 401, 403, 404, 408, 413, 415, 422, 503],
        ..doc("Check a draft for the press against the totals; nothing is stored", &[],
            schema::<crate::service::press::AuditView>)
    }),
    api!(Post "/parse" Access::Needs(Permission::Own), parse::parse, Doc {
        takes: Some(schema::<parse::ParseBody>),
        refuses: &[400, 401, 403, 404, 408, 413, 415, 422, 503],
        ..doc("Read report text into figures; nothing is stored", &[], schema::<crate::service::parse::ParseView>)
    }),
    api!(Get "/measures" Access::Needs(Permission::Own), campaigns::measures,
        doc("Built-in measures", &[], schema::<campaigns::Measures>)),
    api!(Get "/topics" Access::Needs(Permission::Own), campaigns::topics,
        doc("Topics of consultation", &[], schema::<campaigns::Codes>)),
    api!(Get "/modes" Access::Needs(Permission::Own), campaigns::modes,
        doc("Modes of consultation", &[], schema::<campaigns::Codes>)),
    api!(Post "/session" Access::Public, session::create, Doc {
        takes: Some(schema::<session::Credentials>),
        refuses: &[400, 401, 403, 408, 413, 415, 422, 429, 503],
        gives: (201, Some(schema::<crate::service::session::SessionView>)),
        ..doc("Sign in", &[], schema::<()>)
    }),
    api!(Delete "/session" PERSONAL, session::delete, Doc {
        gives: (204, None),
        refuses: &[401, 403, 503],
        ..doc("Sign out", &[], schema::<()>)
    }),
    api!(Get "/me" Access::Needs(Permission::Own), session::me,
        doc("Who is signed in", &[], schema::<crate::service::session::MeView>)),
    api!(Put "/me/password" PERSONAL, account::password, Doc {
        takes: Some(schema::<account::PasswordBody>),
        refuses: OWN_REFUSES,
        ..doc("Change one's password; all other sessions end", &[], schema::<crate::service::session::SessionView>)
    }),
    api!(Post "/me/totp" PERSONAL, account::offer_totp, Doc {
        takes: Some(schema::<account::ProofBody>),
        refuses: OWN_REFUSES,
        ..doc("Get a secret for one-time codes", &[], schema::<crate::service::accounts::totp::TotpOffer>)
    }),
    api!(Put "/me/totp" PERSONAL, account::confirm_totp, Doc {
        takes: Some(schema::<account::CodeBody>),
        refuses: OWN_REFUSES,
        ..doc("Confirm the secret with a code; all other sessions end", &[],
            schema::<crate::service::accounts::totp::TotpConfirmed>)
    }),
    api!(Post "/me/totp/removal" PERSONAL, account::remove_totp, Doc {
        takes: Some(schema::<account::RemovalBody>),
        refuses: OWN_REFUSES,
        ..doc("Use no more one-time codes; all other sessions end", &[],
            schema::<crate::service::session::SessionView>)
    }),
    api!(Get "/sessions" PERSONAL, account::sessions, doc(
        "Live sessions of oneself, or of somebody one manages", account::OF_USER, schema::<account::Sessions>)),
    api!(Delete "/sessions/{id}" PERSONAL, account::end_session, Doc {
        gives: (204, None),
        refuses: &[401, 403, 404, 503],
        ..doc("End a session", &[], schema::<()>)
    }),
    api!(Get "/tokens" PERSONAL, tokens::list, doc(
        "Tokens of oneself, or of somebody one manages", account::OF_USER, schema::<tokens::Tokens>)),
    api!(Post "/tokens" PERSONAL, tokens::create, Doc {
        takes: Some(schema::<crate::service::tokens::TokenBody>),
        gives: (201, Some(schema::<crate::service::tokens::TokenView>)),
        refuses: OWN_REFUSES,
        ..doc("Make a token for a program", &[], schema::<()>)
    }),
    api!(Delete "/tokens/{id}" PERSONAL, tokens::revoke, Doc {
        gives: (204, None),
        refuses: &[401, 403, 404, 503],
        ..doc("Revoke a token", &[], schema::<()>)
    }),
    api!(Get "/campaigns/{campaign}/links" ACCOUNTS, links::list, Doc {
        refuses: &[400, 401, 403, 404, 422, 503],
        ..doc("Report links of a campaign", &[], schema::<links::Links>)
    }),
    api!(Post "/campaigns/{campaign}/links" ACCOUNTS, links::create, Doc {
        takes: Some(schema::<crate::service::links::LinkBody>),
        gives: (201, Some(schema::<crate::service::links::LinkView>)),
        refuses: OWN_REFUSES,
        ..doc("Make a link with which a unit reports without an account", &[], schema::<()>)
    }),
    api!(Delete "/links/{id}" ACCOUNTS, links::revoke, Doc {
        gives: (204, None),
        refuses: &[401, 403, 404, 503],
        ..doc("Revoke a report link", &[], schema::<()>)
    }),
    api!(Get "/users" ACCOUNTS, users::list, Doc {
        refuses: &[400, 401, 403, 404, 422, 503],
        ..doc("Accounts that one manages", users::QUERY, schema::<crate::service::accounts::UsersView>)
    }),
    api!(Post "/users" ACCOUNTS, users::create, Doc {
        takes: Some(schema::<crate::service::accounts::NewUserBody>),
        gives: (201, Some(schema::<crate::service::accounts::UserView>)),
        refuses: OWN_REFUSES,
        ..doc("Enter an account", &[], schema::<()>)
    }),
    api!(Get "/users/{name}" ACCOUNTS, users::get, Doc {
        refuses: &[400, 401, 403, 404, 422, 503],
        ..doc("One account", &[], schema::<crate::service::accounts::UserView>)
    }),
    api!(Patch "/users/{name}" ACCOUNTS, users::update, Doc {
        takes: Some(schema::<crate::service::accounts::UserBody>),
        refuses: OWN_REFUSES,
        ..doc("Change an account; its sessions end", &[], schema::<crate::service::accounts::UserView>)
    }),
    api!(Get "/openapi.json" Access::Public, description::openapi,
        Doc { refuses: &[], gives: (200, None), ..doc("This description", &[], schema::<()>) }),
    dhis2!(Post "/dataValueSets" Submit, dhis2::import, Doc {
        takes: Some(schema::<crate::service::dhis2::DataValueSet>),
        refuses: &[400, 401, 403, 408, 413, 415, 422, 503],
        ..doc("Take in data values, as DHIS2 does; refused ones are told with 409 and the same body", dhis2::IMPORT,
            schema::<dhis2::ImportAnswer>)
    }),
    dhis2!(Get "/dataValueSets" Read, dhis2::values,
        doc("Data values, as DHIS2 gives them", dhis2::VALUES, schema::<crate::service::dhis2::DataValueSet>)),
    dhis2!(Get "/dataValueSets.csv" Read, dhis2::values_csv, Doc {
        gives: (200, None),
        ..doc("Data values as CSV, as DHIS2 gives them", dhis2::VALUES, schema::<()>)
    }),
    dhis2!(Get "/organisationUnits" Read, dhis2::units,
        doc("Units, as DHIS2 lists them", dhis2::LIST, schema::<serde_json::Value>)),
    dhis2!(Get "/organisationUnits/{code}" Read, dhis2::unit,
        doc("One unit, as DHIS2 shows it", &[], schema::<serde_json::Value>)),
    dhis2!(Get "/dataSets" Read, dhis2::data_sets,
        doc("Campaigns, as DHIS2 lists data sets", dhis2::LIST, schema::<serde_json::Value>)),
    dhis2!(Get "/dataSets/{campaign}" Read, dhis2::data_set,
        doc("One campaign, as DHIS2 shows a data set", &[], schema::<serde_json::Value>)),
    dhis2!(Get "/dataElements" Read, dhis2::data_elements,
        doc("Measures, as DHIS2 lists data elements", dhis2::LIST, schema::<serde_json::Value>)),
    dhis2!(Get "/dataElements/{measure}" Read, dhis2::data_element,
        doc("One measure, as DHIS2 shows a data element", &[], schema::<serde_json::Value>)),
    dhis2!(Get "/me" Own, dhis2::me, doc("Who is signed in, as DHIS2 tells it", &[], schema::<serde_json::Value>)),
    dhis2!(Get "/system/info" Own, dhis2::info,
        doc("What runs here, as DHIS2 tells it", &[], schema::<serde_json::Value>)),
    Route {
        method: Verb::Get,
        path: "/healthz",
        access: Access::Public,
        shape: Shape::Api,
        handler: run!(health::alive),
        doc: Doc { refuses: &[], gives: (200, None), ..doc("The process runs", &[], schema::<()>) },
    },
    Route {
        method: Verb::Get,
        path: "/readyz",
        access: Access::Public,
        shape: Shape::Api,
        handler: run!(health::ready),
        doc: Doc { refuses: &[503], gives: (200, None), ..doc("The database answers", &[], schema::<()>) },
    },
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
    page!(Get "/campaigns/{campaign}/links" MANAGE, page::links::list),
    page!(Post "/campaigns/{campaign}/links" MANAGE, page::links::change),
    page!(Get "/people" MANAGE, page::people::list),
    page!(Post "/people" MANAGE, page::people::create),
    page!(Get "/people/{name}" MANAGE, page::people::show),
    page!(Post "/people/{name}" MANAGE, page::people::change),
    page!(Get "/setup/{token}" Access::Public, page::setup::form),
    page!(Post "/setup/{token}" Access::Public, page::setup::enter),
    page!(Get "/r/{token}" Access::Public, page::link::open),
    page!(Post "/lang" Access::Public, page::language::choose),
    page!(Get "/assets/{file}" Access::Public, page::assets::get),
];
